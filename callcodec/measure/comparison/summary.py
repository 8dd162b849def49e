"""Points over clips: means, and how sure they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from callcodec.measure.comparison.points import Point
from callcodec.measure.comparison.result import PointResult, Rates
from callcodec.measure.metrics.spread import Estimate, estimate

RATE_FIGURES = ("kbps", "first_bytes", "bpp", "voice_kbps", "wire_kbps", "packets_per_second")


@dataclass(frozen=True)
class PointSummary:
    """One point over all clips. ``results``: those with figures; ``failed``: those that say why there are none.

    ``figures``: by the names of callcodec.measure.comparison.judging; None where no clip has it.
    """

    point: Point
    results: tuple[PointResult, ...]
    failed: tuple[PointResult, ...]
    kbps: Estimate
    rates: dict[str, float | None]
    figures: dict[str, Estimate | None]

    @property
    def label(self) -> str:
        """Of the point."""
        return self.point.label

    @property
    def first_bytes(self) -> float:
        """Mean of key frames or identity messages."""
        return self.rates["first_bytes"] or 0.0

    def mean(self, figure: str) -> float | None:
        """A figure's mean over clips."""
        found = self.figures.get(figure)
        return None if found is None else found.mean

    def by_clip(self, figure: str) -> dict[str, float]:
        """A figure of every clip that has it."""
        values = {result.clip: result.figures.get(figure) for result in self.results}
        return {clip: value for clip, value in values.items() if value is not None}

    def mean_of(self, part: str, name: str) -> float | None:
        """Mean over clips of a field of ``effort`` or ``delays``."""
        values = [getattr(getattr(result, part), name) for result in self.results]
        known = [value for value in values if value is not None]
        return fmean(known) if known else None


def summarise(points: Mapping[str, Point], results: Sequence[PointResult]) -> dict[str, PointSummary]:
    """By label, in the order of ``points``; points without a single figure are left out.

    Of a point that was screened and then judged, the judged results count.
    """
    by_point: dict[str, dict[str, PointResult]] = {label: {} for label in points}
    for result in sorted(results, key=lambda r: (r.full, r.error is None)):
        if result.point in by_point:
            by_point[result.point][result.clip] = result
    found = {label: _summary(points[label], list(of.values())) for label, of in by_point.items()}
    return {label: summary for label, summary in found.items() if summary is not None}


def _summary(point: Point, results: Sequence[PointResult]) -> PointSummary | None:
    good = tuple(result for result in results if result.error is None and result.rates is not None)
    if not good:
        return None
    people = [result.person for result in good]
    names = dict.fromkeys(name for result in good for name in result.figures)
    figures = {name: estimate([result.figures.get(name) for result in good], people) for name in names}
    kbps = estimate([_rates(result).kbps for result in good], people)
    assert kbps is not None  # there is at least one result
    rates = {name: _mean([getattr(_rates(result), name) for result in good]) for name in RATE_FIGURES}
    return PointSummary(point, good, tuple(r for r in results if r.error is not None), kbps, rates, figures)


def _rates(result: PointResult) -> Rates:
    assert result.rates is not None
    return result.rates


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fmean(known) if known else None
