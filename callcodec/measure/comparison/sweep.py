"""The whole measurement: every point on every clip, shared among workers, the envelopes' points judged more closely."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from callcodec.measure.codecs.catalogue import CODECS, Mode
from callcodec.measure.codecs.reduced import CodecPoint
from callcodec.measure.comparison.bench import Bench, BenchSettings, Job, Measured
from callcodec.measure.comparison.clips import ClipFile
from callcodec.measure.comparison.envelope import envelope
from callcodec.measure.comparison.plans import Plan
from callcodec.measure.comparison.points import OfflinePoint, OwnPoint, Point, RestoredPoint, StillPoint
from callcodec.measure.comparison.result import PointResult
from callcodec.measure.comparison.summary import PointSummary, summarise
from callcodec.measure.comparison.workers import Died, Finished, Result, Serve, WorkerPool

ENVELOPES = ("psnr_db", "ssim", "gmsd")
ALWAYS_JUDGED = (
    *(CodecPoint("svt-av1", size, 5.0, 63) for size in (64, 128, 256)),
    CodecPoint("svt-av1", 256, 25.0, 63),
    CodecPoint("x264", 256, 25.0, 23),
    CodecPoint("x264", 256, 25.0, 36),
)
"""What the papers' tables and the bars speak of, wherever the envelope runs; of these, those that were planned."""


class Progress(Protocol):
    """Who watches: ``total`` and ``done`` in seconds of one processor, estimated."""

    def expect(self, total: float) -> None:
        """So much more is to be done."""

    def advance(self, done: float, what: str) -> None:
        """So much was done; ``what`` was the last."""


@dataclass
class Sweep:
    """What has been measured so far."""

    results: list[PointResult] = field(default_factory=list)
    warnings: dict[str, None] = field(default_factory=dict)
    fresh: int = 0


def run_sweep(
    clips: Sequence[ClipFile], plan: Plan, settings: BenchSettings, workers: int, progress: Progress
) -> Sweep:
    """Measure ``plan`` on ``clips``; what could not be measured is a result that says why."""
    sweep = Sweep()
    with WorkerPool[Job, Measured](workers, partial(_open_bench, settings)) as pool:
        first = [job for clip in clips for job in _first_jobs(clip, plan)]
        _work(pool, first, sweep, progress)
        chosen = closer(plan, sweep.results)
        second = [Job(clip, part, full=True) for clip in clips for part in _by_codec(chosen)]
        _work(pool, second, sweep, progress)
    return sweep


def closer(plan: Plan, results: Sequence[PointResult]) -> tuple[CodecPoint, ...]:
    """Of the screened points those that are judged by all figures: corners of each codec's envelopes, and a few."""
    chosen = {point for point in plan.screened if point in ALWAYS_JUDGED}
    points: dict[str, Point] = {point.label: point for point in (*plan.judged, *plan.screened)}
    summaries = summarise(points, results)
    still = [summary for summary in summaries.values() if isinstance(summary.point, StillPoint)]
    for codec in CODECS:
        for figure in ENVELOPES:
            corners = envelope([*still, *of_codec(summaries, codec)], figure).corners
            chosen |= {c.summary.point for c in corners if isinstance(c.summary.point, CodecPoint)}
    return tuple(point for point in plan.screened if point in chosen)


def of_codec(summaries: dict[str, PointSummary], codec: str, mode: Mode = Mode.CALL) -> list[PointSummary]:
    """All points of one codec in one mode."""
    return [
        summary
        for summary in summaries.values()
        if isinstance(summary.point, CodecPoint)
        and (summary.point.codec, summary.point.mode) == (codec, mode)
    ]


def estimated_seconds(point: Point, full: bool) -> float:
    """Of one processor, for five seconds of clip."""
    if isinstance(point, OwnPoint):
        return 4.0 if point.reconstructor == "bicubic" else 40.0 if point.reconstructor == "paper" else 10.0
    if isinstance(point, OfflinePoint):
        return 2.0 if point.reconstructor == "bicubic" else 7.0
    if isinstance(point, RestoredPoint):
        return 3.0 if point.restorer == "none" else 20.0
    judging = 1.0 if full else 0.15
    if isinstance(point, StillPoint):
        return judging
    work = (point.size / 256) ** 2 * point.frames_per_second / 25
    return judging + work * (0.4 if point.mode is Mode.CALL else 1.2)


def _open_bench(settings: BenchSettings) -> Serve[Job, Measured]:
    """In the worker: one thread, since there are as many workers as are wanted."""
    import cv2  # noqa: PLC0415
    import torch  # noqa: PLC0415

    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    return Bench(settings).run


def _first_jobs(clip: ClipFile, plan: Plan) -> Iterator[Job]:
    for point in plan.judged:
        # Of most clips nobody knows the emotion: they have nothing to tell, and nothing failed.
        if not (isinstance(point, OwnPoint) and point.emotion and clip.emotion is None):
            yield Job(clip, (point,), full=True)
    for part in _by_codec(plan.screened):
        yield Job(clip, part, full=False)


def _by_codec(points: Sequence[CodecPoint]) -> Iterator[tuple[CodecPoint, ...]]:
    for codec in CODECS:
        part = tuple(point for point in points if point.codec == codec)
        if part:
            yield part


def _work(pool: WorkerPool[Job, Measured], jobs: Sequence[Job], sweep: Sweep, progress: Progress) -> None:
    progress.expect(sum(estimated_seconds(point, job.full) for job in jobs for point in job.points))
    heard: dict[int, set[str]] = {id(job): set() for job in jobs}
    for event in pool.run(jobs):
        job = event.job
        costs = {point.label: estimated_seconds(point, job.full) for point in job.points}
        if isinstance(event, Result):
            result = event.value.result
            heard[id(job)].add(result.point)
            sweep.results.append(result)
            sweep.fresh += event.value.fresh
            if event.value.warning is not None:
                sweep.warnings.setdefault(event.value.warning)
            progress.advance(costs[result.point], f"{result.clip}: {result.point}")
        elif isinstance(event, Died):
            for point in job.points:
                if point.label not in heard[id(job)]:
                    sweep.results.append(
                        PointResult(point.label, job.clip.name, job.clip.person, 0, job.full, error=event.why)
                    )
                    progress.advance(costs[point.label], event.why)
        else:
            assert isinstance(event, Finished)
