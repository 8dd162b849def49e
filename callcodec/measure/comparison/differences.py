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
RESAMPLES = 300
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
    mine, other = (_usable(points, figure) for points in (ours, theirs))
    few = _too_few(len(mine), len(other))
    if few:
        return BjontegaardDelta(codec, figure, None, few, None, few)
    sign = sign_of(figure)
    curves = [_curve([_means(p, figure, None) for p in side], sign) for side in (mine, other)]
    rate_reason = _apart(curves[0][1] * sign, curves[1][1] * sign, figure)
    quality_reason = _apart(curves[0][0], curves[1][0], "kbit/s")
    rate = None if rate_reason else _interval(mine, other, figure, of_rate=True)
    quality = None if quality_reason else _interval(mine, other, figure, of_rate=False)
    return BjontegaardDelta(codec, figure, rate, rate_reason, quality, quality_reason)


def _usable(points: Sequence[PointSummary], figure: str) -> list[PointSummary]:
    return [point for point in points if point.kbps.mean > 0 and point.mean(figure) is not None]


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


def _means(point: PointSummary, figure: str, people: Sequence[str] | None) -> tuple[float, float]:
    """Mean rate and value, of the drawn ``people`` with all their clips, or of everybody."""
    rows = [
        (r.person, r.rates.kbps, value)
        for r in point.results
        if r.rates is not None and (value := r.figures.get(figure)) is not None
    ]
    if people is not None:
        rows = [row for person in people for row in rows if row[0] == person]
    if not rows:
        return float("nan"), float("nan")
    return float(np.mean([row[1] for row in rows])), float(np.mean([row[2] for row in rows]))


def _curve(points: Sequence[tuple[float, float]], sign: int) -> Curve:
    """Only points that are better than all cheaper ones."""
    rates: list[float] = []
    values: list[float] = []
    for rate, value in sorted(points):
        if np.isfinite(rate) and (not values or sign * value > values[-1]):
            rates.append(rate)
            values.append(sign * value)
    return np.array(rates), np.array(values)


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


def _interval(
    mine: Sequence[PointSummary], theirs: Sequence[PointSummary], figure: str, of_rate: bool
) -> Interval | None:
    sign = sign_of(figure)

    def delta(people: Sequence[str] | None) -> float | None:
        curves = [_curve([_means(p, figure, people) for p in side], sign) for side in (mine, theirs)]
        found = _delta(curves[0], curves[1], of_rate)
        return found if found is None or of_rate else sign * found

    mean = delta(None)
    if mean is None:
        return None
    people = sorted({result.person for point in mine for result in point.results})
    random = np.random.default_rng(0)
    drawn = [
        delta([people[i] for i in random.integers(0, len(people), len(people))]) for _ in range(RESAMPLES)
    ]
    known = [value for value in drawn if value is not None]
    low, high = np.quantile(known, ((1 - COVERAGE) / 2, (1 + COVERAGE) / 2)) if known else (mean, mean)
    return Interval(mean, float(low), float(high))
