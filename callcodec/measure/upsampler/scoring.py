"""One method on one clip: every figure, and all of them together over clips."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from callcodec.face.shape import eye_openings, mouth_opening
from callcodec.measure.metrics.blinks import BlinkCount, count_blinks
from callcodec.measure.metrics.flicker import flicker
from callcodec.measure.metrics.gradients import gradient_magnitude_similarity_deviation
from callcodec.measure.metrics.head_pose import HeadPose, head_pose, pose_error
from callcodec.measure.metrics.landmarks import Detector, Points, correlation, landmark_distance
from callcodec.measure.metrics.regions import RegionErrors, region_errors
from callcodec.measure.metrics.structure import Similarity, similarity
from callcodec.measure.quality import psnr_db
from callcodec.measure.upsampler.methods import Method, Picture
from models.training.cache import ClipCache
from models.training.evaluate import FIRST_SCORED_FRAME

VOICED = "yes"  # lip_sync of clips that judge anything about lips


@dataclass(frozen=True)
class Sampling:
    """How densely slots are judged: pictures every ``pictures`` slots, landmarks and flicker every ``landmarks``.

    Blinks and flicker need every slot (``landmarks`` = 1) and are left out otherwise.
    """

    pictures: int = 5
    landmarks: int = 1

    def __post_init__(self) -> None:
        if self.pictures < 1 or self.landmarks < 1 or self.pictures % self.landmarks:
            raise ValueError("pictures are judged at some of the slots at which landmarks are, every N ≥ 1")


@dataclass(frozen=True)
class Truth:
    """A clip's judged slots as they were filmed; landmarks (n, 68, 2) of the labels and of the detector."""

    name: str
    person: str
    voiced: bool
    slots: tuple[int, ...]
    pictures: tuple[Picture, ...]
    labels: Points
    detected: Points


@dataclass(frozen=True)
class ClipFigures:
    """One method on one clip; None: not measured. Distances are in units of the outer eye corners' distance.

    ``..._to_labels``: against the labels beside the clip; without: against the same detector on the original.
    """

    clip: str
    person: str
    kbps: float
    psnr_db: float
    face_psnr_db: float | None
    mouth_psnr_db: float | None
    ssim: float
    ms_ssim: float
    gmsd: float
    landmark_distance: float | None
    landmark_distance_to_labels: float | None
    mouth_correlation: float | None
    mouth_correlation_to_labels: float | None
    eye_correlation: float | None
    head_pose_error_degrees: float | None
    yaw_error_degrees: float | None
    pitch_error_degrees: float | None
    roll_error_degrees: float | None
    flicker: float | None
    blinks: BlinkCount | None
    blinks_of_labels: BlinkCount | None


def film(cache: ClipCache, index: int, sampling: Sampling, detector: Detector) -> Truth:
    """The judged slots of a clip: what follows its first second. ValueError for a clip that is too short."""
    clip = cache.clips[index]
    slots = tuple(range(FIRST_SCORED_FRAME, clip.frames, sampling.landmarks))
    if not slots:
        raise ValueError(f"{clip.name} ends before its first second, which is not judged")
    pictures = tuple(cache.frame(clip.first_frame + slot) for slot in slots)
    return Truth(
        clip.name,
        clip.person,
        clip.lip_sync == VOICED,
        slots,
        pictures,
        np.stack([cache.landmarks(clip.first_frame + slot) for slot in slots]),
        np.stack([detector(picture) for picture in pictures]),
    )


@dataclass
class _Pictures:
    """Sums over the pictures of a clip."""

    errors: list[RegionErrors] = field(default_factory=list)
    similarities: list[Similarity] = field(default_factory=list)
    deviations: list[float] = field(default_factory=list)
    flickers: list[float] = field(default_factory=list)


def score(method: Method, truth: Truth, sampling: Sampling, detector: Detector) -> ClipFigures:
    """Judge what a method shows of a clip."""
    sums = _Pictures()
    found: list[Points] = []
    before: tuple[Picture, Picture] | None = None
    for n, shown in enumerate(method.pictures(truth.slots)):
        original = truth.pictures[n]
        still = before is not None and shown is before[0]
        found.append(found[-1] if still else detector(shown))
        if sampling.landmarks == 1 and before is not None:
            sums.flickers.append(flicker(shown, before[0], original, before[1]))
        if (truth.slots[n] - truth.slots[0]) % sampling.pictures == 0:
            sums.errors.append(region_errors(shown, original, truth.labels[n]))
            sums.similarities.append(similarity(shown, original))
            sums.deviations.append(gradient_magnitude_similarity_deviation(shown, original))
        before = (shown, original)
    return _figures(method, truth, sampling, sums, np.stack(found))


def _figures(method: Method, truth: Truth, sampling: Sampling, sums: _Pictures, shown: Points) -> ClipFigures:
    every_slot = sampling.landmarks == 1
    mouth, eyes = mouth_opening(shown), eye_openings(shown).mean(-1)

    def blinks(original: Points) -> BlinkCount | None:
        return count_blinks(eyes, eye_openings(original).mean(-1)) if every_slot else None

    def follows(original: Points) -> float | None:
        return correlation(mouth, mouth_opening(original)) if truth.voiced else None

    pose = _pose_errors(shown, truth.detected)
    return ClipFigures(
        clip=truth.name,
        person=truth.person,
        kbps=method.kbps,
        psnr_db=psnr_db(float(np.mean([e.picture for e in sums.errors]))),
        face_psnr_db=_pooled_db([e.face for e in sums.errors]),
        mouth_psnr_db=_pooled_db([e.mouth for e in sums.errors]),
        ssim=float(np.mean([s.ssim for s in sums.similarities])),
        ms_ssim=float(np.mean([s.ms_ssim for s in sums.similarities])),
        gmsd=float(np.mean(sums.deviations)),
        landmark_distance=_known_mean(landmark_distance(shown, truth.detected)),
        landmark_distance_to_labels=_known_mean(landmark_distance(shown, truth.labels)),
        mouth_correlation=follows(truth.detected),
        mouth_correlation_to_labels=follows(truth.labels),
        eye_correlation=correlation(eyes, eye_openings(truth.detected).mean(-1)),
        head_pose_error_degrees=None if pose is None else float(np.mean(pose)),
        yaw_error_degrees=None if pose is None else pose.yaw,
        pitch_error_degrees=None if pose is None else pose.pitch,
        roll_error_degrees=None if pose is None else pose.roll,
        flicker=float(np.mean(sums.flickers)) if sums.flickers else None,
        blinks=blinks(truth.detected),
        blinks_of_labels=blinks(truth.labels),
    )


def _pose_errors(shown: Points, original: Points) -> HeadPose | None:
    """Mean absolute error over the slots where both poses are known."""
    errors = []
    for one, other in zip(shown, original, strict=True):
        poses = head_pose(one), head_pose(other)
        if poses[0] is not None and poses[1] is not None:
            errors.append(pose_error(poses[0], poses[1]))
    return HeadPose(*(float(v) for v in np.mean(errors, axis=0))) if errors else None


def _known_mean(values: NDArray[np.float32]) -> float | None:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else None


def _pooled_db(errors: Sequence[float | None]) -> float | None:
    known = [error for error in errors if error is not None]
    return psnr_db(float(np.mean(known))) if known else None
