"""How fast to learn at which step, so that a run that is repeated or gone on with learns the same again.

The rate is a function of *progress*, 0 at the first step and 1 at the last, and progress is a function of the
step alone: ``Pace`` is a straight line through the steps. Where the number of steps is given, that line never
changes. Where minutes are given, it is laid anew each time the state is saved, from the steps made so far, so
that progress comes to 1 when the time is up however fast the machine turns out to be; the line is part of the
state, so what follows a state is repeated exactly, and no rate ever depends on a clock in between.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from models.training.config import LoopConfig

FIRST_LINE_SHARE = 0.05  # of the minutes, after which steps per minute are known well enough for a first line


@dataclass(frozen=True)
class Limits:
    """When a run ends; whichever comes first.

    ``steps``, ``minutes``: of the whole run, what it has behind it when it is resumed included; progress leads to
    ``steps`` where both are given. ``window_minutes``: this start alone, loading, evaluating and saving included.
    """

    steps: int | None = None
    minutes: float | None = None
    window_minutes: float | None = None

    def __post_init__(self) -> None:
        if self.steps is None and self.minutes is None:
            raise ValueError("say how long to train: --minutes or --steps")
        if self.steps is not None and self.steps < 1:
            raise ValueError("--steps must be at least 1")


@dataclass(frozen=True)
class Pace:
    """progress(step) = at_progress + (step − at_step) · per_step, at most 1."""

    at_step: int = 0
    at_progress: float = 0.0
    per_step: float = 0.0

    def progress(self, step: int) -> float:
        """Share of the run that is done before ``step``."""
        return min(1.0, self.at_progress + (step - self.at_step) * self.per_step)

    def laid_anew(self, step: int, minutes_done: float, limits: Limits) -> Pace:
        """The line from here to the end of the run, as it looks now."""
        done = self.progress(step)
        if limits.steps is not None:
            left = float(limits.steps - step)
        elif limits.minutes is not None and step > 0 and minutes_done > 0:
            left = (limits.minutes - minutes_done) * step / minutes_done
        else:
            return self
        return self if left <= 0 else Pace(step, done, (1.0 - done) / max(left, 1.0))


def learning_rate(config: LoopConfig, step: int, progress: float) -> float:
    """Linear warm-up in steps, then the configured schedule over ``progress`` (0..1).

    ``cosine``: half a cosine down to ``final_learning_rate``; ``halves``: divided by 10 after each half of the run
    (Hegde et al., A.1.2).
    """
    low, high = config.final_learning_rate, config.learning_rate
    if config.schedule == "cosine":
        rate = low + (high - low) * 0.5 * (1 + math.cos(math.pi * min(progress, 1.0)))
    elif config.schedule == "halves":
        rate = high * 0.1 ** math.floor(2 * progress)
    else:
        rate = high
    return rate * min(1.0, (step + 1) / max(config.warm_up_steps, 1))
