"""What mmsd gains over bicubic enlargement on clips that were never trained on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.restoration.mmsd_restorer import MmsdRestorer, bicubic
from models.restoration.restorer import FacePicture, FacePlanes, Hearing
from models.training.cache import ClipCache
from models.training.emotion_labels import UNKNOWN, emotion_state
from models.training.restoration.i420_store import SharpClips
from models.training.restoration.mdvd_data import VoiceWindows, face_pictures, window_of
from models.training.restoration.mmsd_data import clip_landmarks, coded, reduced
from models.training.restoration.scores import Gain, gain

JUDGED_CRF = (15, 32, 40)  # Guo, Zhang & Wu, Table 1


@dataclass(frozen=True)
class JudgedClip:
    """A validation clip, four times as small, at one quality."""

    clip: str
    crf: int
    original: list[FacePicture]
    decoded: list[FacePicture]
    voice: VoiceWindows
    points: NDArray[np.float32]  # (n, 68, 2)
    emotion: int | None


def judged_clips(
    validation: ClipCache, qualities: tuple[int, ...] = JUDGED_CRF, area: bool = False
) -> list[JudgedClip]:
    """Every sharp clip at every quality; ``area``: made smaller by area average, not as FFmpeg does."""
    sharp = SharpClips(validation)
    judged = []
    for number, clip in enumerate(sharp.clips):
        pictures = sharp.pictures(number, 0, clip.frames)
        small = reduced(pictures, area)
        voice = VoiceWindows(sharp.cache.mel(number), clip.has_voice and clip.lip_sync != "no")
        points = clip_landmarks(sharp.cache, clip.first_frame, clip.frames)
        state = emotion_state(clip.emotion)
        emotion = None if state == UNKNOWN else state
        original = face_pictures(pictures)
        judged += [
            JudgedClip(clip.name, crf, original, face_pictures(coded(small, crf)), voice, points, emotion)
            for crf in qualities
        ]
    return judged


def gains(restorer: MmsdRestorer, one: JudgedClip, every: int, *, causal: bool = False) -> list[Gain]:
    """Over bicubic enlargement, of every ``every``-th picture of a clip."""
    return [
        gain(one.original[time].planes, bicubic(one.decoded[time].planes), shown, one.points[time])
        for time, shown in _restored(restorer, one, range(0, len(one.decoded), every), causal)
    ]


def mean_gain(restorer: MmsdRestorer, judged: list[JudgedClip], every: int) -> dict[str, float]:
    """Means over clips, for each quality and over all of them."""
    figures: dict[str, float] = {}
    for crf in dict.fromkeys(one.crf for one in judged):
        found = [gains(restorer, one, every) for one in judged if one.crf == crf]
        face = [float(np.mean([g.face_after_db - g.face_before_db for g in clip])) for clip in found]
        whole = [float(np.mean([g.after_db - g.before_db for g in clip])) for clip in found]
        bicubic_db = [float(np.mean([g.face_before_db for g in clip])) for clip in found]
        figures |= {
            f"face_gain_db_crf{crf}": float(np.mean(face)),
            f"least_face_gain_db_crf{crf}": min(face),
            f"gain_db_crf{crf}": float(np.mean(whole)),
            f"face_bicubic_db_crf{crf}": float(np.mean(bicubic_db)),
        }
    means = [value for name, value in figures.items() if name.startswith("face_gain_db")]
    return {"face_gain_db": float(np.mean(means)), **figures}


def middle_pictures(
    restorer: MmsdRestorer, judged: list[JudgedClip], crf: int
) -> Iterator[tuple[FacePlanes, FacePlanes, FacePlanes]]:
    """(original, bicubic, restored) from the middle of every clip at one quality."""
    for one in judged:
        if one.crf == crf:
            for time, shown in _restored(restorer, one, [len(one.decoded) // 2], False):
                yield one.original[time].planes, bicubic(one.decoded[time].planes), shown


def _restored(
    restorer: MmsdRestorer, one: JudgedClip, times: range | list[int], causal: bool
) -> Iterator[tuple[int, FacePlanes]]:
    for time in times:
        voice = one.voice(time)
        hearing = Hearing(voice=None if np.isnan(voice).any() else voice, emotion=one.emotion)
        yield time, restorer.restore(window_of(one.decoded, time, causal), hearing)
