"""Bjøntegaard's mean differences of two rate-distortion curves, where the curves overlap."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from callcodec.measure.comparison.envelope import sign_of
from callcodec.measure.comparison.summary import PointSummary
from callcodec.measure.metrics.spread import COVERAGE

LEAST_POINTS = 3
RESAMPLES = 200
METHOD = "akima"


@dataclass(frozen=True)
class Interval:
    """A difference with its 95 % interval over people."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class BjontegaardDelta:
    """Ours against a codec. ``rate_percent``: of bits at equal quality (less than 0: we need fewer); ``quality``: of
    the figure at equal rate. None, with a reason, where the ranges do not overlap."""

    codec: str
    figure: str
    rate_percent: Interval | None
    rate_reason: str
    quality: Interval | None
    quality_reason: str


Curve = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Rates in kbit/s and values of a figure, more is better, both rising."""


def bjontegaard(
    ours: Sequence[PointSummary], codec: str, theirs: Sequence[PointSummary], figure: str
) -> BjontegaardDelta:
    """Both differences of the curves through the points of each side that are better than all cheaper ones."""
    people = sorted({result.person for point in (*ours, *theirs) for result in point.results})
    mine, other = (_Side.of(points, figure, people) for points in (ours, theirs))
    few = _too_few(len(mine.sums), len(other.sums))
    if few:
        return BjontegaardDelta(codec, figure, None, few, None, few)
    sign = sign_of(figure)
    curves = [side.curve(np.ones(len(people)), sign) for side in (mine, other)]
    rate_reason = _apart(curves[0][1] * sign, curves[1][1] * sign, figure)
    quality_reason = _apart(curves[0][0], curves[1][0], "kbit/s")
    rate = None if rate_reason else _interval(mine, other, sign, of_rate=True)
    quality = None if quality_reason else _interval(mine, other, sign, of_rate=False)
    return BjontegaardDelta(codec, figure, rate, rate_reason, quality, quality_reason)


@dataclass(frozen=True)
class _Side:
    """Of each point and person: ``sums`` (points, people, 2) of rates and values over clips, ``counts`` of clips."""

    sums: NDArray[np.float64]
    counts: NDArray[np.float64]

    @classmethod
    def of(cls, points: Sequence[PointSummary], figure: str, people: Sequence[str]) -> _Side:
        usable = [point for point in points if point.kbps.mean > 0 and point.mean(figure) is not None]
        sums, counts = np.zeros((len(usable), len(people), 2)), np.zeros((len(usable), len(people)))
        for number, point in enumerate(usable):
            for result in point.results:
                value = result.figures.get(figure)
                if result.rates is not None and value is not None:
                    sums[number, people.index(result.person)] += result.rates.kbps, value
                    counts[number, people.index(result.person)] += 1
        return cls(sums, counts)

    def curve(self, weights: NDArray[np.float64], sign: int) -> Curve:
        """Means over people who count ``weights`` times; only points that are better than all cheaper ones."""
        counts = self.counts @ weights
        known = counts > 0
        means = (self.sums[known] * weights[:, None]).sum(1) / counts[known, None]
        rates: list[float] = []
        values: list[float] = []
        for rate, value in means[np.argsort(means[:, 0])]:
            if not values or sign * value > values[-1]:
                rates.append(float(rate))
                values.append(float(sign * value))
        return np.array(rates), np.array(values)


def _too_few(mine: int, theirs: int) -> str:
    if min(mine, theirs) >= LEAST_POINTS:
        return ""
    return f"a curve needs {LEAST_POINTS} points at least; ours has {mine}, theirs {theirs}"


def _apart(mine: NDArray[np.float64], theirs: NDArray[np.float64], unit: str) -> str:
    if len(mine) < LEAST_POINTS or len(theirs) < LEAST_POINTS:
        return f"too few points are better than all cheaper ones: ours {len(mine)}, theirs {len(theirs)}"
    low, high = max(mine.min(), theirs.min()), min(mine.max(), theirs.max())
    if low < high:
        return ""
    return (
        f"the ranges of {unit} do not overlap: ours {mine.min():.2f} to {mine.max():.2f}, "
        f"theirs {theirs.min():.2f} to {theirs.max():.2f}"
    )


def _delta(mine: Curve, theirs: Curve, of_rate: bool) -> float | None:
    """None where the curves, drawn anew, do not overlap."""
    import bjontegaard as bd  # noqa: PLC0415 - loads matplotlib, for whoever draws a report

    column = 1 if of_rate else 0
    if _apart(mine[column], theirs[column], ""):
        return None
    compute = bd.bd_rate if of_rate else bd.bd_psnr
    with warnings.catch_warnings():  # a short overlap is said beside the figure
        warnings.simplefilter("ignore")
        found = compute(*theirs, *mine, METHOD, require_matching_points=False, min_overlap=0)
    return float(found) if np.isfinite(found) else None


def _interval(mine: _Side, theirs: _Side, sign: int, of_rate: bool) -> Interval | None:
    people = mine.counts.shape[1]

    def delta(weights: NDArray[np.float64]) -> float | None:
        found = _delta(mine.curve(weights, sign), theirs.curve(weights, sign), of_rate)
        return found if found is None or of_rate else sign * found

    mean = delta(np.ones(people))
    if mean is None:
        return None
    random = np.random.default_rng(0)
    drawn = [delta(random.multinomial(people, [1 / people] * people).astype(float)) for _ in range(RESAMPLES)]
    known = [value for value in drawn if value is not None]
    low, high = np.quantile(known, ((1 - COVERAGE) / 2, (1 + COVERAGE) / 2)) if known else (mean, mean)
    return Interval(mean, float(low), float(high))
