"""Measures points on clips, one after the other: what a worker does."""

from __future__ import annotations

import contextlib
import math
import resource
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from callcodec.measure.codecs.reduced import CodecPoint, Picture, encode_point
from callcodec.measure.comparison.cache import ResultCache
from callcodec.measure.comparison.clips import ClipFile, Footage, load
from callcodec.measure.comparison.judging import Density, Judges, film, judge, screen
from callcodec.measure.comparison.own_call import check_same_pictures, make_own_call
from callcodec.measure.comparison.own_offline import offline_method
from callcodec.measure.comparison.points import OfflinePoint, OwnPoint, Point, RestoredPoint, StillPoint
from callcodec.measure.comparison.restored import restored_method
from callcodec.measure.comparison.result import Delays, Effort, PointResult, Rates
from callcodec.measure.comparison.strips import strip_of, strip_path
from callcodec.measure.metrics.identity_drift import own_embedding
from callcodec.measure.metrics.perceptual import pair_metric
from callcodec.measure.upsampler.methods import Method, Still
from callcodec.measure.upsampler.scoring import Truth
from callcodec.media.timeline import SLOT_S
from models.checkpoint import WeightsError
from models.landmarks import create_landmark_detector
from models.reconstructor import Reconstructor
from models.registry import create_reconstructor
from models.sync import load_sync_network

MadeT = TypeVar("MadeT")


@dataclass(frozen=True)
class BenchSettings:
    """``folder``: where results are kept and calls may leave their frames. ``detector``: who judges landmarks."""

    folder: Path
    seconds: float | None = 15.0
    density: Density = field(default_factory=Density)
    device: str = "cpu"
    detector: str = "callcodec"

    @property
    def conditions(self) -> str:
        """What figures depend on besides clip and point."""
        density = self.density
        return f"{self.seconds} {density.judged} {density.screened} {self.device} {self.detector}"


@dataclass(frozen=True)
class Job:
    """Points on one clip. ``full``: all figures, else a few."""

    clip: ClipFile
    points: tuple[Point, ...]
    full: bool


@dataclass(frozen=True)
class Measured:
    """A result; ``fresh`` False: it was kept. ``warning``: what went wrong beside it, in a sentence."""

    result: PointResult
    fresh: bool
    warning: str | None = None


@dataclass(frozen=True)
class _Seen:
    """A method ready to be judged, and what it took."""

    method: Method
    rates: Rates
    effort: Effort = field(default_factory=Effort)
    delays: Delays = field(default_factory=Delays)


class Bench:
    """Keeps networks and the last clip between jobs."""

    def __init__(self, settings: BenchSettings) -> None:
        self._settings = settings
        self._cache = ResultCache(settings.folder / "cache", settings.conditions)
        self._footage: Footage | None = None
        self._truth: Truth | None = None
        self._reconstructors: dict[str, Reconstructor] = {}

    def run(self, job: Job) -> Iterator[Measured]:
        """Every point of ``job``; one that fails gives a result that says why, and the next is measured."""
        for point in job.points:
            try:
                key = self._cache.key(job.clip, point, job.full)
                kept = self._cache.find(key, job.clip)
                if kept is not None:
                    yield Measured(kept, fresh=False)
                    continue
                result = self._measure(job, point, key)
            except (ValueError, RuntimeError, OSError, TimeoutError) as error:
                why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
                yield Measured(self._failed(job, point, why), fresh=True)
                continue
            yield Measured(result, True, self._keep(key, result))

    def _keep(self, key: str, result: PointResult) -> str | None:
        try:
            self._cache.keep(key, result)
        except OSError as error:
            return f"results cannot be kept for later in {self._settings.folder}: {error.strerror or error}"
        return None

    def _keep_strips(self, key: str, made: Sequence[Picture], truth: Truth | None) -> None:
        """For reports, which do without where they cannot be kept."""
        folder = self._settings.folder
        with contextlib.suppress(OSError):
            strip_path(folder, key).parent.mkdir(parents=True, exist_ok=True)
            strip_path(folder, key).write_bytes(strip_of(made))
            if truth is not None:
                strip_path(folder, key, original=True).write_bytes(strip_of(truth.pictures))

    def _measure(self, job: Job, point: Point, key: str) -> PointResult:
        footage = self._load(job.clip)
        with _Scratch(self._settings.folder) as scratch:
            began = time.process_time()
            seen = self._see(footage, point, scratch)
            notes: dict[str, str] = {}
            if job.full:
                truth = self._film()
                made = list(seen.method.pictures(truth.slots))
                figures, notes = judge(
                    seen.method.kbps, made, footage, truth, self._settings.density, self._judges
                )
                self._keep_strips(key, made, truth if isinstance(point, StillPoint) else None)
            else:
                figures = screen(seen.method, footage, self._settings.density)
            spent = time.process_time() - began
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        effort = replace(seen.effort, peak_mib=peak, whole_s=seen.effort.whole_s or spent)
        return PointResult(
            point.label, job.clip.name, job.clip.person, len(footage.frames), job.full, seen.rates,
            {name: _finite(value) for name, value in figures.items()}, effort, seen.delays, notes, None,
            key if job.full else None,
        )  # fmt: skip

    def _see(self, footage: Footage, point: Point, scratch: Path) -> _Seen:
        slots = len(footage.frames)
        if isinstance(point, CodecPoint):
            shown = encode_point(footage.frames, point)
            video = shown.video
            count = len(video.packets)
            rates = Rates(video.key_bytes, video.kbps, point.frames_per_second)
            effort = Effort(
                video.encoding_s / count, video.decoding_s / count,
                real_time=slots * SLOT_S / max(video.encoding_s, 1e-6),
            )  # fmt: skip
            return _Seen(shown, rates, effort)
        if isinstance(point, OwnPoint):
            if point.emotion and footage.file.emotion is None:
                raise ValueError("the clip's emotion is not known")
            call = make_own_call(footage.file, point, slots, scratch, self._settings.device)
            check_same_pictures(call, footage.frames)
            return _Seen(call, call.rates, call.effort, call.delays)
        if isinstance(point, StillPoint):
            return _Seen(Still(footage.frames[0], point.label), Rates(0, 0.0, 0.0))
        if isinstance(point, RestoredPoint):
            began = time.process_time()
            restored, rates = restored_method(footage, point, self._settings.device)
            return _Seen(restored, rates, Effort(receiving_s=(time.process_time() - began) / slots))
        return _Seen(*offline_method(footage, point, self._reconstructor(point)))

    def _reconstructor(self, point: OfflinePoint) -> Reconstructor:
        if point.reconstructor not in self._reconstructors:
            made = create_reconstructor(point.reconstructor, self._settings.device)
            self._reconstructors[point.reconstructor] = made
        return self._reconstructors[point.reconstructor]

    def _load(self, clip: ClipFile) -> Footage:
        if self._footage is None or self._footage.file != clip:
            self._footage = self._truth = None
            self._footage = load(clip, self._settings.seconds)
        return self._footage

    def _film(self) -> Truth:
        assert self._footage is not None
        if self._truth is None:
            self._truth = film(self._footage, self._judges.detector)
        return self._truth

    @cached_property
    def _judges(self) -> Judges:
        detector = create_landmark_detector(self._settings.detector)
        pairs = {name: metric for name in ("lpips", "dists") if (metric := pair_metric(name)) is not None}
        return Judges(
            detector.detect,
            _or_none(lambda: load_sync_network("sync_judge")),
            _or_none(own_embedding),
            pairs,
        )

    def _failed(self, job: Job, point: Point, why: str) -> PointResult:
        return PointResult(point.label, job.clip.name, job.clip.person, 0, job.full, error=why)


class _Scratch:
    """A folder for a call's frames, gone afterwards."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __enter__(self) -> Path:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._path = Path(tempfile.mkdtemp(prefix=".call-", dir=self._folder))
        return self._path

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self._path, ignore_errors=True)


def _finite(value: float | None) -> float | None:
    """None for the PSNR of an exact copy, which is infinite and has no mean."""
    return value if value is not None and math.isfinite(value) else None


def _or_none(make: Callable[[], MadeT]) -> MadeT | None:
    try:
        return make()
    except WeightsError:
        return None
