"""The table of bars: a reconstructor's weights on clips of people they never saw, beside what else one could show."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from callcodec.measure.metrics.landmarks import Detector
from callcodec.measure.upsampler.ablation import Ablation, ablate, variants
from callcodec.measure.upsampler.bars import Bar, Compared, judge_bars
from callcodec.measure.upsampler.delivery import IDENTITY_BYTES, Wire
from callcodec.measure.upsampler.hints import HintsChannel
from callcodec.measure.upsampler.markdown import to_markdown
from callcodec.measure.upsampler.methods import (
    Bicubic,
    Method,
    Original,
    Still,
    svt_av1,
    takes_hints,
)
from callcodec.measure.upsampler.scene import FindShape, Scene
from callcodec.measure.upsampler.scoring import ClipFigures, Sampling, film, score
from callcodec.measure.upsampler.summary import Row, summarise
from callcodec.measure.upsampler.wrong_identity import WrongIdentity, find_wrong_identities
from callcodec.wire.lowres import DEFAULT_QUALITY
from models.reconstructor import Reconstructor
from models.training.cache import ClipCache
from models.training.evaluate import FIRST_SCORED_FRAME

BICUBIC, STILL, AV1 = "bicubic", "identity repeated", "SVT-AV1 64×64"
JSON_NAME, MARKDOWN_NAME = "upsampler.json", "upsampler.md"

Say = Callable[[str], None]


@dataclass(frozen=True)
class Subject:
    """One network's weights: the first of a list is what the bars judge, others are rows beside it."""

    name: str
    network: str
    weights: str
    reconstructor: Reconstructor


@dataclass(frozen=True)
class Judges:
    """What judges: ``detector`` named ``detector_name``. ``find_shape``: what sender and receiver find faces with;
    ``channels``: ways to send hints, the real one first."""

    detector: Detector
    detector_name: str
    find_shape: FindShape
    channels: Sequence[HintsChannel] = ()


@dataclass(frozen=True)
class TableOptions:
    """``clips``: only so many, spread over the split. ``pictures_every``: how densely pictures are judged.

    ``hinted_quality``: of the low resolution where hints travel too; without them it is ``quality``.
    ``frames_per_second``: measured on this machine, for the bar of speed; None: not measured. ``alarm``: threshold of
    the identity error that calls use with these weights; None: one is drawn from the other clips.
    """

    split: str = "val"
    clips: int | None = None
    pictures_every: int = 5
    quality: int = DEFAULT_QUALITY
    hinted_quality: int = DEFAULT_QUALITY
    interpolation: str = "adaptive"
    ablations: bool = False
    frames_per_second: float | None = None
    alarm: float | None = None


@dataclass(frozen=True)
class TableConditions:
    """Under what the figures came about."""

    network: str
    weights: str
    split: str
    clips: int
    people: int
    quality: int
    hinted_quality: int
    interpolation: str
    identity_bytes: int
    pictures_every: int
    landmarks_every: int
    detector: str


@dataclass(frozen=True)
class UpsamplerTable:
    """Everything that ``callcodec train --evaluate`` writes."""

    conditions: TableConditions
    bars: tuple[Bar, ...]
    at_5: tuple[Row, ...]
    at_25: tuple[Row, ...]
    wrong_identity: WrongIdentity | None
    ablations: tuple[Ablation, ...]


def measure_table(
    cache: ClipCache, subjects: Sequence[Subject], judges: Judges, options: TableOptions, say: Say
) -> UpsamplerTable:
    """Judge ``subjects`` on ``cache``; ``say`` takes progress lines. ValueError where no clip is long enough."""
    slow, fast = (Wire(rate, options.quality, options.interpolation) for rate in (5, 25))
    dense = Sampling(options.pictures_every, max(1, options.pictures_every // 5))
    if options.pictures_every % dense.landmarks:
        dense = Sampling(options.pictures_every, 1)
    sparse = Sampling(options.pictures_every, options.pictures_every)
    scenes = [Scene(cache, index, judges.find_shape) for index in _chosen(cache, options.clips)]
    at_5, at_25 = _Gathered(), _Gathered()
    for n, scene in enumerate(scenes):
        progress = f"{n + 1}/{len(scenes)} {cache.clips[scene.index].name}"
        truth = film(cache, scene.index, dense, judges.detector)
        for method in _methods(scene, slow, options, subjects, judges):
            say(f"{progress}: {method.name}")
            at_5.add(score(method, truth, dense, judges.detector), method.name)
        truth = film(cache, scene.index, sparse, judges.detector)
        for method in _methods(scene, fast, options, subjects, judges, alone=True):
            say(f"{progress}: {method.name}, 25 FPS")
            at_25.add(score(method, truth, sparse, judges.detector), method.name)
    first = subjects[0].reconstructor
    people = [cache.clips[scene.index].person for scene in scenes]
    shown = [scene.reconstructed("", first, slow) for scene in scenes]
    wrong = find_wrong_identities(list(zip(people, shown, strict=True)), options.alarm, say)
    ablations: tuple[Ablation, ...] = ()
    if options.ablations:
        as_called = replace(slow, quality=options.hinted_quality) if takes_hints(first) else slow
        rows = variants(first, as_called, judges.channels, scenes)
        ablations = ablate(rows, first, scenes, sparse, judges.detector, say)
    hinted = [channel for channel in judges.channels if takes_hints(first)][:1]
    compared = Compared(
        ours=at_5.row(subjects[0].name),
        bicubic=at_5.row(BICUBIC),
        av1=at_5.row(AV1) if AV1 in at_5.clips else None,
        hinted=at_5.row(_hinted(subjects[0], hinted[0])) if hinted else None,
        ours_25=at_25.row(subjects[0].name),
        hinted_25=at_25.row(_hinted(subjects[0], hinted[0])) if hinted else None,
        bicubic_25=at_25.row(BICUBIC),
    )
    conditions = TableConditions(
        subjects[0].network, subjects[0].weights, options.split, len(scenes), len(set(people)), options.quality,
        options.hinted_quality, options.interpolation, IDENTITY_BYTES, dense.pictures, dense.landmarks,
        judges.detector_name,
    )  # fmt: skip
    bars = judge_bars(compared, wrong, options.frames_per_second)
    return UpsamplerTable(conditions, bars, at_5.rows(), at_25.rows(), wrong, ablations)


def write_table(table: UpsamplerTable, folder: Path) -> tuple[Path, Path]:
    """Write JSON and Markdown into ``folder``; their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    data, page = folder / JSON_NAME, folder / MARKDOWN_NAME
    data.write_text(
        json.dumps(dataclasses.asdict(table), indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    page.write_text(to_markdown(table), encoding="utf-8")
    return data, page


class _Gathered:
    """Figures of clips by method, in the order in which methods came."""

    def __init__(self) -> None:
        self.clips: dict[str, list[ClipFigures]] = {}

    def add(self, figures: ClipFigures, name: str) -> None:
        self.clips.setdefault(name, []).append(figures)

    def row(self, name: str) -> Row:
        return summarise(name, self.clips[name])

    def rows(self) -> tuple[Row, ...]:
        return tuple(self.row(name) for name in self.clips)


def _methods(
    scene: Scene,
    wire: Wire,
    options: TableOptions,
    subjects: Sequence[Subject],
    judges: Judges,
    alone: bool = False,
) -> list[Method]:
    """Ours first, also with hints as calls send them. ``alone``: only what a rate of pictures matters to."""
    methods: list[Method] = []
    hinted = replace(wire, quality=options.hinted_quality)
    for subject in subjects:
        methods.append(scene.reconstructed(subject.name, subject.reconstructor, wire))
        if takes_hints(subject.reconstructor):
            methods += [
                scene.reconstructed(_hinted(subject, channel), subject.reconstructor, hinted, channel=channel)
                for channel in judges.channels[:1]
            ]
    delivery = scene.delivery(wire)
    methods.append(Bicubic(wire.kbps(delivery.payload_bytes), delivery))
    if not alone:
        methods.append(Still(scene.identity()))
        av1 = _av1(scene)
        methods += [av1] if av1 is not None else []
        first = scene.cache.clips[scene.index].first_frame
        methods.append(Original(lambda slot: scene.cache.frame(first + slot)))
    return methods


def _av1(scene: Scene) -> Method | None:
    try:
        return svt_av1(scene.cache, scene.index)
    except RuntimeError:
        return None  # an FFmpeg without SVT-AV1: the bar says so


def _hinted(subject: Subject, channel: HintsChannel) -> str:
    return f"{subject.name} + hints ({channel.name})"


def _chosen(cache: ClipCache, wanted: int | None) -> list[int]:
    """Clips that outlast the second that is not judged; ``wanted`` of them at even distances."""
    long_enough = [i for i, clip in enumerate(cache.clips) if clip.frames > 2 * FIRST_SCORED_FRAME]
    if not long_enough or (wanted is not None and wanted < 1):
        raise ValueError("there is no clip of more than two seconds to judge")
    count = len(long_enough) if wanted is None else min(wanted, len(long_enough))
    return [long_enough[n * len(long_enough) // count] for n in range(count)]
