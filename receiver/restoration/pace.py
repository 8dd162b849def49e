"""Whether the machine restores as fast as pictures come."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

MOST_BEHIND = 5.0  # intervals of restoring late, summed up, after which it stops
FIRST_PAUSE_S = 5.0
LONGEST_PAUSE_S = 60.0
RECENT = 0.1  # weight of a picture in the average


class Pace:
    """Counts how far restoring falls behind, and pauses it: each time twice as long, for a minute at most."""

    def __init__(self, interval_s: float, clock: Callable[[], float] = perf_counter) -> None:
        """``interval_s``: between two pictures."""
        self._interval_s = interval_s
        self._clock = clock
        self._behind_s = 0.0
        self._pause_s = FIRST_PAUSE_S
        self._resumes_at: float | None = None
        self._began = 0.0
        self._average_s: float | None = None

    @property
    def keeps_up(self) -> bool:
        """Whether the next picture may be restored."""
        if self._resumes_at is not None and self._clock() >= self._resumes_at:
            self._resumes_at, self._behind_s = None, 0.0
        return self._resumes_at is None

    @property
    def sentence(self) -> str:
        """Why pictures are not restored."""
        took_ms = 1000 * (self._average_s or 0.0)
        return (
            f"this machine is too slow to restore: {took_ms:.0f} ms a picture where {1000 * self._interval_s:.0f} "
            "are there; the decoded picture is shown"
        )

    def begin(self) -> None:
        """Work on a picture begins."""
        self._began = self._clock()

    def end(self) -> None:
        """It ends."""
        took_s = self._clock() - self._began
        former_s = took_s if self._average_s is None else self._average_s
        self._average_s = former_s + RECENT * (took_s - former_s)
        self._behind_s = max(self._behind_s + took_s - self._interval_s, 0.0)
        if self._behind_s > MOST_BEHIND * self._interval_s:
            self._resumes_at = self._clock() + self._pause_s
            self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)
