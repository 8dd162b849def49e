"""Blinks: short closures of the eyes, those that were made and those that were shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

CLOSED = 0.5  # of the open eye's lid distance
OPEN_PERCENTILE = 90
LONGEST_SLOTS = 15  # 600 ms; what lasts longer is a look down, or sleep
TOLERANCE_SLOTS = 2  # 80 ms: a blink may be shown a little early or late


class Blink(NamedTuple):
    """Slots first ≤ t < stop."""

    first: int
    stop: int


@dataclass(frozen=True)
class BlinkCount:
    """Blinks of the original (``made``), how many of them were ``shown``, and closures shown that nobody made."""

    made: int = 0
    shown: int = 0
    invented: int = 0

    def __add__(self, other: BlinkCount) -> BlinkCount:
        return BlinkCount(self.made + other.made, self.shown + other.shown, self.invented + other.invented)


def find_blinks(opening: NDArray[np.floating]) -> list[Blink]:
    """The blinks in a series (n,) of mean eye openings at 25 FPS; NaN, no face, counts as open."""
    if not np.isfinite(opening).any():
        return []
    closed = opening < CLOSED * np.nanpercentile(opening, OPEN_PERCENTILE)
    edges = np.flatnonzero(np.diff(np.concatenate(([False], closed, [False])).astype(np.int8)))
    runs = [Blink(int(first), int(stop)) for first, stop in edges.reshape(-1, 2)]
    return [blink for blink in runs if blink.stop - blink.first <= LONGEST_SLOTS]


def count_blinks(shown: NDArray[np.floating], original: NDArray[np.floating]) -> BlinkCount:
    """Compare two series (n,) of mean eye openings, each with its own open eye.

    A blink is shown when the shown eyes blink at some time between its beginning and its end, ``TOLERANCE_SLOTS``
    allowed on either side.
    """
    made, seen = find_blinks(original), find_blinks(shown)

    def meet(a: Blink, b: Blink) -> bool:
        return a.first - TOLERANCE_SLOTS < b.stop and b.first < a.stop + TOLERANCE_SLOTS

    return BlinkCount(
        made=len(made),
        shown=sum(any(meet(blink, other) for other in seen) for blink in made),
        invented=sum(not any(meet(blink, other) for blink in made) for other in seen),
    )
