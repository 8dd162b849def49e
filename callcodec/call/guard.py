"""What one end puts up with from the other: how much of each kind a second, and one line in the log for each fault."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass

logger = logging.getLogger(__name__)

MAX_KINDS = 32


@dataclass(frozen=True)
class Limit:
    """So many a second in the long run, and at once after a pause."""

    per_s: float
    burst: float


# Several times what this program sends at its most, and what comes at once after a blackout.
VOICE = Limit(200, 500)
FACES = Limit(60, 100)
CONTROL = Limit(20, 40)
IDENTITY = Limit(100, 200)
IDENTITY_REQUESTS = Limit(0.5, 3)


class Allowance:
    """Counts what comes against a limit. Times are seconds of one clock, any."""

    def __init__(self, limit: Limit) -> None:
        self._limit = limit
        self._left = limit.burst
        self._counted_s: float | None = None

    def grants(self, now_s: float) -> bool:
        """Takes one; False when it is one too many."""
        if self._counted_s is not None:
            passed_s = max(0.0, now_s - self._counted_s)
            self._left = min(self._limit.burst, self._left + passed_s * self._limit.per_s)
        self._counted_s = now_s
        if self._left < 1:
            return False
        self._left -= 1
        return True


class Complaints:
    """Everything that was dropped, by kind. The first of each kind is logged, so that a flood fills no log."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    @property
    def total(self) -> int:
        """Of all kinds."""
        return self.counts.total()

    def note(self, kind: str, why: str) -> None:
        """One more; `kind` comes from this program and never from outside."""
        if not self.counts[kind] and len(self.counts) <= MAX_KINDS:
            logger.warning("Dropped from now on: %s (%s).", kind, why)
        self.counts[kind] += 1
