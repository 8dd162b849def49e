"""Everything that a run says: read back from its results, so that runs can be merged and told again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from callcodec.measure.codecs.catalogue import CODECS
from callcodec.measure.comparison.accounting import (
    Overtaking,
    overtaking,
)
from callcodec.measure.comparison.differences import BjontegaardDelta, bjontegaard
from callcodec.measure.comparison.envelope import Envelope, envelope
from callcodec.measure.comparison.plans import FRUGAL, PHONE, RATE_LADDER
from callcodec.measure.comparison.points import Point, StillPoint
from callcodec.measure.comparison.result import PointResult
from callcodec.measure.comparison.summary import PointSummary, summarise
from callcodec.measure.comparison.sweep import ENVELOPES, of_codec
from callcodec.measure.comparison.verdict import Claim, Crossing, crossing, headline, own_curve, with_still


@dataclass(frozen=True)
class ClipNote:
    """A clip that was measured."""

    name: str
    person: str
    sha256: str


@dataclass(frozen=True)
class StageSpeed:
    """A stage of our own on one machine."""

    name: str
    frames_per_second: float
    device: str


@dataclass(frozen=True)
class Conditions:
    """Under what the figures came about. ``taken_by_others``: share of the machine meanwhile, None: not known."""

    command: str
    machine: str
    versions: dict[str, str]
    detector: str
    seconds: float | None
    judged_every: int
    screened_every: int
    taken_by_others: float | None
    warnings: list[str] = field(default_factory=list)
    speeds: list[StageSpeed] = field(default_factory=list)


@dataclass(frozen=True)
class Run:
    """What a run measured; all that is told is made from it. ``folders``: where picture strips may lie."""

    conditions: tuple[Conditions, ...]
    clips: tuple[ClipNote, ...]
    points: tuple[Point, ...]
    results: tuple[PointResult, ...]
    folders: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Report:
    """A run with what follows from it."""

    run: Run
    claims: tuple[Claim, ...]
    summaries: dict[str, PointSummary]
    envelopes: dict[str, dict[str, Envelope]]
    crossings: tuple[Crossing, ...]
    deltas: tuple[BjontegaardDelta, ...]
    overtakings: tuple[Overtaking, ...]
    failures: tuple[PointResult, ...]

    @property
    def still(self) -> list[PointSummary]:
        """The first picture repeated, if it was measured."""
        return [s for s in self.summaries.values() if isinstance(s.point, StillPoint)]


def build(run: Run) -> Report:
    """Envelopes, differences, call lengths and verdicts."""
    summaries = summarise({point.label: point for point in run.points}, run.results)
    measured = [codec for codec in CODECS if of_codec(summaries, codec)]
    envelopes = {
        codec: {figure: envelope(with_still(summaries, codec), figure) for figure in ENVELOPES}
        for codec in measured
    }
    curve = own_curve(summaries, RATE_LADDER)
    still = [s for s in summaries.values() if isinstance(s.point, StillPoint)]
    calls = [summaries[point.label] for point in (FRUGAL, PHONE) if point.label in summaries]
    return Report(
        run,
        headline(summaries),
        summaries,
        envelopes,
        tuple(
            crossing(curve, still, codec, with_still(summaries, codec), figure)
            for codec in measured for figure in ENVELOPES
        ),
        tuple(
            bjontegaard(curve, codec, of_codec(summaries, codec), figure)
            for codec in measured for figure in ("psnr_db", "ssim")
        ) if curve else (),
        tuple(overtaking(ours, codec, envelopes[codec]["psnr_db"]) for ours in calls for codec in measured),
        tuple(result for result in run.results if result.error is not None),
    )  # fmt: skip


def merge(runs: Sequence[Run]) -> Run:
    """One run of all; of a point on a clip that several measured, the last one counts."""
    results: dict[tuple[str, str, bool], PointResult] = {}
    for run in runs:
        for result in run.results:
            key = result.point, result.clip, result.full
            if result.error is None or key not in results:
                results[key] = result
    clips = {clip.name: clip for run in runs for clip in run.clips}
    points = {point.label: point for run in runs for point in run.points}
    return Run(
        tuple(c for run in runs for c in run.conditions),
        tuple(clips.values()),
        tuple(points.values()),
        tuple(results.values()),
        tuple(folder for run in runs for folder in run.folders),
    )
