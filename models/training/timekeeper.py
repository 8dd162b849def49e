"""When a run saves, is judged and ends: everything that a clock decides, and no weight depends on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from models.training.config import LoopConfig
from models.training.schedule import FIRST_LINE_SHARE, Limits

UNKNOWN_CLOSING_SHARE = 0.15  # of a window, left for judging and saving until both were timed
CLOSING_MARGIN = 1.3


class Timekeeper:
    """Counts from ``minutes_before``, what the run has behind it; ``began``: ``now()`` when the window opened."""

    def __init__(
        self,
        config: LoopConfig,
        limits: Limits,
        minutes_before: float,
        began: float | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._config, self._limits, self._now = config, limits, now
        self._window_began = now() if began is None else began
        self._began = now() - 60 * minutes_before
        self._closing_minutes = dict.fromkeys(("judge", "save"), 0.0)
        early = config.save_minutes if limits.minutes is None else FIRST_LINE_SHARE * limits.minutes
        self._next_save = minutes_before + min(early, config.save_minutes)
        self._next_evaluation = minutes_before + config.evaluate_minutes

    @property
    def minutes_done(self) -> float:
        """Wall time of the run in all, judging and saving included, from start to stop."""
        return (self._now() - self._began) / 60

    def ended(self, step: int) -> bool:
        """Whether the run or this window of it is over before ``step``."""
        limits = self._limits
        if limits.steps is not None and step >= limits.steps:
            return True
        if limits.minutes is not None and self.minutes_done >= limits.minutes:
            return True
        if limits.window_minutes is None:
            return False
        closing = CLOSING_MARGIN * sum(self._closing_minutes.values())
        closing = closing if self._closing_minutes["judge"] else UNKNOWN_CLOSING_SHARE * limits.window_minutes
        return (self._now() - self._window_began) / 60 >= limits.window_minutes - closing

    def save_is_due(self) -> bool:
        """Every ``save_minutes``, for the first time sooner."""
        if self.minutes_done < self._next_save:
            return False
        self._next_save = self.minutes_done + self._config.save_minutes
        return True

    def evaluation_is_due(self, step: int) -> bool:
        """Every ``evaluate_steps`` where the configuration has them, every ``evaluate_minutes`` otherwise."""
        if self._config.evaluate_steps:
            return step % self._config.evaluate_steps == 0
        if self.minutes_done < self._next_evaluation:
            return False
        self._next_evaluation = self.minutes_done + self._config.evaluate_minutes
        return True

    @contextmanager
    def timed(self, what: str) -> Iterator[None]:
        """Remember how long "judge" or "save" takes, so that a window leaves time for it."""
        began = self._now()
        yield
        self._closing_minutes[what] = max(self._closing_minutes[what], (self._now() - began) / 60)
