"""One thing that was looked at."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How it stands: all right, could be better, limits calls, prevents calls."""

    OK = "ok"
    NOTE = "note"
    LIMIT = "limit"
    FAULT = "fault"


@dataclass(frozen=True)
class Finding:
    """``area``: what was looked at, in a word. ``found``: a sentence. ``remedy``: what to do, if there is anything."""

    area: str
    level: Level
    found: str
    remedy: str | None = None


def calls_work(findings: list[Finding]) -> bool:
    """Whether a call can be held, if only without some device."""
    return all(finding.level is not Level.FAULT for finding in findings)
