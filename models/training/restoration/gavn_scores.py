"""What gavn gains on the validation clips, degraded in each way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.restoration.restorer import FacePicture, FacePlanes, Hearing, Restorer
from models.training.cache import ClipCache
from models.training.restoration.degradations import Degradation
from models.training.restoration.i420_store import SharpClips
from models.training.restoration.judging import window_at
from models.training.restoration.mdvd_data import VoiceWindows, face_pictures
from models.training.restoration.scores import Gain, gain

BARS = {
    "crf_45": Degradation("compression", 45),
    "blur_21": Degradation("blur", 21),
    "x4": Degradation("low_resolution", 4.0),
}
LEVELS = BARS | {
    "crf_35": Degradation("compression", 35),
    "crf_40": Degradation("compression", 40),
    "crf_45_call": Degradation("compression", 45, "call"),
    "blur_15": Degradation("blur", 15),
    "blur_17": Degradation("blur", 17),
    "blur_25": Degradation("blur", 25),
    "x2": Degradation("low_resolution", 2.0),
    "x4_area": Degradation("low_resolution", 4.0, "area"),
    "x8": Degradation("low_resolution", 8.0),
}


@dataclass(frozen=True)
class JudgedClip:
    """A validation clip, or a part of it, in one state."""

    clip: str
    condition: str
    original: list[FacePicture]
    degraded: list[FacePicture]
    voice: VoiceWindows
    first: int  # picture of the clip that this part begins with
    points: NDArray[np.float32]  # (n, 68, 2) of the originals


def judged_clips(
    validation: ClipCache, conditions: dict[str, Degradation], longest: int
) -> Iterator[JudgedClip]:
    """The first ``longest`` pictures of every sharp clip under every condition."""
    sharp = SharpClips(validation)
    for number, clip in enumerate(sharp.clips):
        count = min(clip.frames, longest)
        first = (clip.frames - count) // 2
        pictures = sharp.pictures(number, first, count)
        points = np.stack([sharp.cache.landmarks(clip.first_frame + first + k) for k in range(count)])
        voice = VoiceWindows(sharp.cache.mel(number), clip.has_voice and clip.lip_sync != "no")
        original = face_pictures(pictures)
        for condition, degradation in conditions.items():
            degraded = face_pictures(degradation(pictures))
            yield JudgedClip(clip.name, condition, original, degraded, voice, first, points)


def restored(restorer: Restorer, one: JudgedClip, times: Sequence[int]) -> Iterator[FacePlanes]:
    """The pictures ``times`` of a clip, restored."""
    for time in times:
        voice = one.voice(one.first + time)
        hearing = Hearing(None if np.isnan(voice).any() else voice)
        yield restorer.restore(window_at(one.degraded, time, restorer.before, restorer.after), hearing)


def gains(restorer: Restorer, one: JudgedClip, times: Sequence[int]) -> list[Gain]:
    """Of the pictures ``times`` of a clip."""
    return [
        gain(one.original[time].planes, one.degraded[time].planes, shown, one.points[time])
        for time, shown in zip(times, restored(restorer, one, times), strict=True)
    ]


def mean_gains(restorer: Restorer, judged: Sequence[JudgedClip], times: Sequence[int]) -> dict[str, float]:
    """By condition: mean and least gain over clips in the face's box, mean in the whole picture, dB."""
    figures: dict[str, float] = {}
    for condition in dict.fromkeys(one.condition for one in judged):
        found = [gains(restorer, one, times) for one in judged if one.condition == condition]
        face = [np.mean([g.face_after_db - g.face_before_db for g in clip]) for clip in found]
        whole = [np.mean([g.after_db - g.before_db for g in clip]) for clip in found]
        figures |= {
            f"{condition}_face_gain_db": float(np.mean(face)),
            f"{condition}_least_face_gain_db": float(np.min(face)),
            f"{condition}_gain_db": float(np.mean(whole)),
            f"{condition}_input_db": float(np.mean([np.mean([g.face_before_db for g in c]) for c in found])),
        }
    return figures
