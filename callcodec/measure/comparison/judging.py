"""Figures of what was shown of a clip: a few for the many points of a sweep, all for those that count."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields

import numpy as np

from callcodec.measure.codecs.reduced import Picture
from callcodec.measure.comparison.clips import Footage
from callcodec.measure.metrics.gradients import gradient_magnitude_similarity_deviation
from callcodec.measure.metrics.identity_drift import Embed, identity_drift
from callcodec.measure.metrics.landmarks import Detector
from callcodec.measure.metrics.luma import luma_error
from callcodec.measure.metrics.perceptual import PairMetric, missing
from callcodec.measure.metrics.structure import similarity
from callcodec.measure.quality import psnr_db
from callcodec.measure.upsampler.methods import Method
from callcodec.measure.upsampler.scoring import VOICED, ClipFigures, Sampling, Truth, score
from callcodec.speech.mel import MEL_BINS
from models.sync import lip_sync_error
from models.sync_network import MEL_PER_PICTURE, SyncNetwork
from models.training.evaluate import FIRST_SCORED_FRAME

NOT_FIGURES = ("clip", "person", "kbps", "blinks", "blinks_of_labels")
LIP_SYNC = ("sync_distance", "sync_confidence", "sync_offset_slots")
DRIFT = ("identity_distance", "identity_drift")
BLINKS = ("blinks_made", "blinks_shown", "blinks_invented")
PERCEPTUAL_PAIRS = ("lpips", "dists")
FIGURES = (
    "psnr_y_db",
    *(field.name for field in fields(ClipFigures) if field.name not in NOT_FIGURES),
    *LIP_SYNC,
    *DRIFT,
    *BLINKS,
    *PERCEPTUAL_PAIRS,
)
"""Names of all figures, see ClipFigures, LipSync, IdentityDrift and BlinkCount."""


@dataclass(frozen=True)
class Density:
    """Pictures are judged at every ``judged``-th slot, in a sweep at every ``screened``-th.

    Neither is a multiple of five, nor of two and a half: at such slots, a codec of five pictures a second would
    always be seen with a fresh one.
    """

    judged: int = 4
    screened: int = 8

    def __post_init__(self) -> None:
        if self.judged < 1 or self.screened < 1 or self.judged % 5 == 0 or self.screened % 5 == 0:
            raise ValueError(
                "pictures are judged every 1, 2, 3, 4, 6, ... slots: multiples of 5 favour 5 FPS"
            )


@dataclass(frozen=True)
class Judges:
    """Networks that judge. ``sync``, ``embed``, pairs: None where their weights are not there."""

    detector: Detector
    sync: SyncNetwork | None
    embed: Embed | None
    pairs: dict[str, PairMetric]


@dataclass(frozen=True)
class _Shown:
    """Pictures that were made already, as a ``Method``."""

    name: str
    kbps: float
    made: Sequence[Picture]

    def pictures(self, slots: Sequence[int]) -> Iterator[Picture]:
        assert len(slots) == len(self.made)
        return iter(self.made)


def judged_slots(frames: int, every: int = 1) -> tuple[int, ...]:
    """All that follow the first second."""
    return tuple(range(FIRST_SCORED_FRAME, frames, every))


def film(footage: Footage, detector: Detector) -> Truth:
    """The clip as every method is held against it, every slot after the first second."""
    slots = judged_slots(len(footage.frames))
    pictures = tuple(footage.frames[slot] for slot in slots)
    detected = np.stack([detector(picture) for picture in pictures])
    labels = footage.labels[list(slots)]
    known = np.asarray(np.isfinite(labels).all((1, 2)))
    voiced = len(footage.pcm) > 0 and footage.file.lips == VOICED
    return Truth(
        footage.file.name, footage.file.person, voiced, slots, pictures,
        np.where(known[:, None, None], labels, detected) if known.any() else detected, detected,
    )  # fmt: skip


def screen(method: Method, footage: Footage, density: Density) -> dict[str, float | None]:
    """PSNR of RGB and luma (error pooled), SSIM, MS-SSIM and GMSD (mean)."""
    slots = judged_slots(len(footage.frames), density.screened)
    rgb, luma, alike, deviations = [], [], [], []
    for slot, shown in zip(slots, method.pictures(slots), strict=True):
        original = footage.frames[slot]
        difference = shown.astype(np.float32) - original
        rgb.append(float(np.mean(difference * difference)))
        luma.append(luma_error(shown, original))
        alike.append(similarity(shown, original))
        deviations.append(gradient_magnitude_similarity_deviation(shown, original))
    return {
        "psnr_db": psnr_db(float(np.mean(rgb))),
        "psnr_y_db": psnr_db(float(np.mean(luma))),
        "ssim": float(np.mean([a.ssim for a in alike])),
        "ms_ssim": float(np.mean([a.ms_ssim for a in alike])),
        "gmsd": float(np.mean(deviations)),
    }


def judge(
    kbps: float, made: Sequence[Picture], footage: Footage, truth: Truth, density: Density, judges: Judges
) -> tuple[dict[str, float | None], dict[str, str]]:
    """Every figure of what was ``made`` of all of truth's slots, and why those that are None are missing."""
    shown = _Shown("shown", kbps, made)
    scored = score(shown, truth, Sampling(density.judged, 1), judges.detector)
    figures: dict[str, float | None] = dict.fromkeys(FIGURES)
    figures |= {name: getattr(scored, name) for name in FIGURES if hasattr(scored, name)}
    few = slice(None, None, density.judged)
    errors = [luma_error(a, b) for a, b in zip(made[few], truth.pictures[few], strict=True)]
    figures["psnr_y_db"] = psnr_db(float(np.mean(errors)))
    if scored.blinks is not None:
        figures |= dict(
            zip(BLINKS, (scored.blinks.made, scored.blinks.shown, scored.blinks.invented), strict=True)
        )
    notes = {name: why for name in PERCEPTUAL_PAIRS if (why := missing(name)) is not None}
    figures |= {name: metric(made[few], truth.pictures[few]) for name, metric in judges.pairs.items()}
    figures |= _drift(made, truth, density, judges)
    synced, why_not = _lip_sync(made, footage, truth, judges)
    notes |= {} if why_not is None else {"sync_distance": why_not}
    return figures | synced, notes


def _drift(
    made: Sequence[Picture], truth: Truth, density: Density, judges: Judges
) -> dict[str, float | None]:
    if judges.embed is None:
        return {}
    few = slice(None, None, 3 * density.judged)
    found = identity_drift(made[few], truth.pictures[few], truth.labels[few], judges.embed)
    return {} if found is None else {"identity_distance": found.distance, "identity_drift": found.drift}


def _lip_sync(
    made: Sequence[Picture], footage: Footage, truth: Truth, judges: Judges
) -> tuple[dict[str, float | None], str | None]:
    if judges.sync is None:
        return {}, "the judge's weights (sync_judge) are missing"
    if not truth.voiced:
        return {}, "nobody says that the clip's lips and voice are in sync"
    mel = footage.mel[:, MEL_PER_PICTURE * truth.slots[0] :]
    assert mel.shape[0] == MEL_BINS
    found = lip_sync_error(np.stack(made), truth.labels, mel, judges.sync)
    if found.distance is None:
        return {}, found.reason
    offset = None if found.offset is None else float(found.offset)
    return dict(zip(LIP_SYNC, (found.distance, found.confidence, offset), strict=True)), None
