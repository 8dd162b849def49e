"""What a row of the table measures, and what it must hold."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """How a row is made: two programs over an emulated link, or both ends on simulated time."""

    REAL = "R"
    SIMULATED = "simulated"


@dataclass(frozen=True)
class Check:
    """One figure and its bar. ``value`` None: it could not be measured, which holds no bar."""

    what: str
    value: float | None
    bar: float
    unit: str = ""
    at_least: bool = False

    @property
    def holds(self) -> bool:
        """Whether the figure is within its bar."""
        if self.value is None:
            return False
        return self.value >= self.bar if self.at_least else self.value <= self.bar

    def text(self) -> str:
        """The figure with its bar, to be read."""
        value = "none" if self.value is None else f"{self.value:.3g}"
        sign = "≥" if self.at_least else "≤"
        return f"{self.what} {value}{_spaced(self.unit)} ({sign} {self.bar:.3g})"


@dataclass(frozen=True)
class Result:
    """One row, measured. ``seconds``: of the call; ``short``: less than the bar asks for."""

    row: str
    link: str
    kind: Kind
    seconds: float
    checks: tuple[Check, ...]
    short: bool = False
    note: str = ""

    @property
    def holds(self) -> bool:
        """Whether every check does."""
        return all(check.holds for check in self.checks)


def _spaced(unit: str) -> str:
    return unit if unit in ("", "%") else f" {unit}"
