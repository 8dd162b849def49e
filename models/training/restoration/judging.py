"""What a restorer gains on clips that were never trained on, whatever was done to them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.landmark_detection import LandmarkDetector
from models.restoration.restorer import FacePicture, FacePlanes, Hearing, Restorer
from models.training.restoration.ablations import Change, Told
from models.training.restoration.mdvd_data import VoiceWindows
from models.training.restoration.scores import Gain, gain, rgb_of


class FoundLandmarks:
    """What a detector finds in degraded pictures, 256×256; each is looked at once."""

    def __init__(self, detector: LandmarkDetector, shown: Sequence[FacePlanes]) -> None:
        self._detector, self._shown = detector, shown
        self._found: dict[int, NDArray[np.float32]] = {}

    def __call__(self, time: int) -> NDArray[np.float32]:
        """(68, 2) of picture ``time``, in pixels; NaN where no face was found."""
        if time not in self._found:
            self._found[time] = self._detector.detect(rgb_of(self._shown[time]).astype(np.uint8))
        return self._found[time]


@dataclass(frozen=True)
class Judged:
    """A validation clip, or a part of it, under one condition."""

    clip: str
    person: str
    condition: str
    original: Sequence[FacePicture]
    degraded: Sequence[FacePicture]  # what the restorer is given
    shown: Sequence[FacePlanes]  # 256×256: what is seen without it
    voice: VoiceWindows
    points: NDArray[np.float32]  # (n, 68, 2) of the originals: where the face's box is; no restorer sees them
    first: int = 0  # picture of the clip that this part begins with
    emotion: int | None = None
    kbps: float | None = None  # what the encoder was asked for
    found: FoundLandmarks | None = None  # in the degraded pictures; None: the restorer is told of none


@dataclass(frozen=True)
class ClipGain:
    """Means over the pictures of a clip, in dB."""

    clip: str
    person: str
    condition: str
    before_db: float  # PSNR over RGB of the face's box as shown without restoration
    face_db: float  # gained in the face's box
    whole_db: float  # in the whole picture
    upper_db: float  # in the face's box above the tip of the nose
    lower_db: float  # and below


def window_at(pictures: Sequence[FacePicture], time: int, before: int, after: int) -> list[FacePicture]:
    """The pictures around ``time``, the nearest one at the ends."""
    return [pictures[min(max(time + k, 0), len(pictures) - 1)] for k in range(-before, after + 1)]


def told_of(restorer: Restorer, one: Judged, time: int) -> Told:
    """What a restorer is given for picture ``time``."""
    window = window_at(one.degraded, time, restorer.before, restorer.after)
    found = None if one.found is None else _known(one.found(time))
    hearing = Hearing(_known(one.voice(one.first + time)), found, one.emotion)
    return Told(window, hearing)


def gains(
    restorer: Restorer, one: Judged, every: int, change: Change | None = None, other: Judged | None = None
) -> list[Gain]:
    """Of every ``every``-th picture; told what ``change`` makes of it, with ``other`` to take from."""
    found = []
    for time in range(0, len(one.degraded), every):
        told = told_of(restorer, one, time)
        if change is not None:
            foreign = other or one
            told = change(told, told_of(restorer, foreign, time % len(foreign.degraded)))
        restored = restorer.restore(told.window, told.hearing)
        found.append(gain(one.original[time].planes, one.shown[time], restored, one.points[time]))
    return found


def clip_gains(
    restorer: Restorer, judged: Iterable[Judged], every: int, change: Change | None = None
) -> list[ClipGain]:
    """One for each clip; what ``change`` takes from another clip is taken from the one before."""
    clips = list(judged)
    rows = []
    for number, one in enumerate(clips):
        found = gains(restorer, one, every, change, clips[number - 1])
        rows.append(
            ClipGain(
                one.clip,
                one.person,
                one.condition,
                float(np.mean([g.face_before_db for g in found])),
                float(np.mean([g.face_after_db - g.face_before_db for g in found])),
                float(np.mean([g.after_db - g.before_db for g in found])),
                float(np.mean([g.upper_db for g in found])),
                float(np.mean([g.lower_db for g in found])),
            )
        )
    return rows


def mean_gains(restorer: Restorer, judged: Iterable[Judged], every: int) -> dict[str, float]:
    """By condition: mean and least gain over clips in the face's box, mean in the whole picture, input; dB."""
    rows = clip_gains(restorer, judged, every)
    figures: dict[str, float] = {}
    for condition in dict.fromkeys(row.condition for row in rows):
        found = [row for row in rows if row.condition == condition]
        figures |= {
            f"{condition}_face_gain_db": float(np.mean([row.face_db for row in found])),
            f"{condition}_least_face_gain_db": min(row.face_db for row in found),
            f"{condition}_gain_db": float(np.mean([row.whole_db for row in found])),
            f"{condition}_input_db": float(np.mean([row.before_db for row in found])),
        }
    return figures


def middle_pictures(
    restorer: Restorer, judged: Iterable[Judged], condition: str
) -> Iterator[tuple[FacePlanes, FacePlanes, FacePlanes]]:
    """(original, shown without restoration, restored) from the middle of every clip under one condition."""
    for one in judged:
        if one.condition == condition:
            middle = len(one.original) // 2
            told = told_of(restorer, one, middle)
            yield one.original[middle].planes, one.shown[middle], restorer.restore(told.window, told.hearing)


def _known(values: NDArray[np.float32]) -> NDArray[np.float32] | None:
    return None if np.isnan(values).any() else values
