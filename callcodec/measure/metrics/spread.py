"""A mean over clips, how far people differ, and how sure the mean is: bootstrap over people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

RESAMPLES = 2000
COVERAGE = 0.95


@dataclass(frozen=True)
class Estimate:
    """``mean`` over clips; ``low``..``high``: 95 % interval; ``deviation``: standard, of people's means (0 for one)."""

    mean: float
    low: float
    high: float
    deviation: float
    clips: int
    people: int


def estimate(values: Sequence[float | None], people: Sequence[str]) -> Estimate | None:
    """Mean and percentile bootstrap interval of clips' ``values``; ``people``: who is in each clip.

    Clips of one person are no independent draws, so people are drawn, with all their clips. Missing values are
    left out; None when all are. The same input gives the same interval.
    """
    known = [(value, person) for value, person in zip(values, people, strict=True) if value is not None]
    if not known:
        return None
    names = sorted({person for _, person in known})
    groups = [np.array([v for v, p in known if p == name]) for name in names]
    sums, sizes = np.array([g.sum() for g in groups]), np.array([len(g) for g in groups])
    drawn = np.random.default_rng(0).integers(0, len(groups), (RESAMPLES, len(groups)))
    means = sums[drawn].sum(1) / sizes[drawn].sum(1)
    low, high = np.quantile(means, ((1 - COVERAGE) / 2, (1 + COVERAGE) / 2))
    return Estimate(
        mean=float(sums.sum() / sizes.sum()),
        low=float(low),
        high=float(high),
        deviation=float(np.std(sums / sizes, ddof=1)) if len(groups) > 1 else 0.0,
        clips=len(known),
        people=len(groups),
    )
