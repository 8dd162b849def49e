"""What mdvd gains on the validation clips, encoded as a call's encoder does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from callcodec.media.compression import decode_i420, encode_i420
from models.restoration.restorer import FacePicture, FacePlanes, Hearing, Restorer
from models.training.cache import ClipCache
from models.training.restoration.ablations import Change, Told
from models.training.restoration.i420_store import SharpClips
from models.training.restoration.mdvd_data import VoiceWindows, face_pictures, read, window_of
from models.training.restoration.scores import Gain, gain, rate_for

PAPERS_DB = 27.0  # where H.264 stood before restoration in Zhang & Wu
LONGEST = 100  # pictures of a clip
FIXED_KBPS = 60.0


@dataclass(frozen=True)
class Judged:
    """A validation clip after one encoder."""

    clip: str
    person: str
    condition: str  # at_27_db, at_60_kbps
    kbps: float
    original: list[FacePicture]
    decoded: list[FacePicture]
    voice: VoiceWindows
    points: NDArray[np.float32]  # (n, 68, 2) of the originals; what a detector would find is judged elsewhere


def judged_streams(
    validation: ClipCache, conditions: tuple[str, ...] = ("at_27_db", "at_60_kbps")
) -> list[Judged]:
    """Every sharp clip under every condition: at_N_db or at_N_kbps, of H.264; ending in _hevc of H.265."""
    sharp = SharpClips(validation)
    judged = []
    for number, clip in enumerate(sharp.clips):
        count = min(clip.frames, LONGEST)
        pictures = list(sharp.pictures(number, 0, count))
        points = np.stack([sharp.cache.landmarks(clip.first_frame + k) for k in range(count)])
        voice = VoiceWindows(sharp.cache.mel(number), clip.has_voice and clip.lip_sync != "no")
        original = face_pictures(np.stack(pictures))
        for condition in conditions:
            _, value, unit, *rest = condition.split("_")
            codec = "hevc" if rest else "h264"
            kbps = float(value) if unit == "kbps" else rate_for(pictures, float(value), codec)
            packets = encode_i420(pictures, codec, kbps=kbps)
            decoded = (
                read(packets)
                if codec == "h264"
                else face_pictures(np.stack(list(decode_i420(packets, codec))))
            )
            judged.append(Judged(clip.name, clip.person, condition, kbps, original, decoded, voice, points))
    return judged


def told_of(one: Judged, time: int) -> Told:
    """What a restorer is given for picture ``time``."""
    return Told(
        window_of(one.decoded, time, False), Hearing(_known(one.voice(time)), _known(one.points[time]))
    )


def gains(
    restorer: Restorer, one: Judged, every: int, change: Change | None = None, other: Judged | None = None
) -> list[Gain]:
    """Of every ``every``-th picture of a clip; told what ``change`` makes of it, with ``other`` to take from."""
    found = []
    for time in range(0, len(one.decoded), every):
        told = told_of(one, time)
        if change is not None:
            told = change(told, told_of(other or one, time % len((other or one).decoded)))
        shown = restorer.restore(told.window, told.hearing)
        found.append(gain(one.original[time].planes, one.decoded[time].planes, shown, one.points[time]))
    return found


def mean_gain(restorer: Restorer, judged: list[Judged], every: int) -> dict[str, float]:
    """Means over clips; the first condition's figures have no suffix."""
    figures: dict[str, float] = {}
    for condition in dict.fromkeys(one.condition for one in judged):
        found = [gains(restorer, one, every) for one in judged if one.condition == condition]
        face = [np.mean([g.face_after_db - g.face_before_db for g in clip]) for clip in found]
        whole = [np.mean([g.after_db - g.before_db for g in clip]) for clip in found]
        before = [np.mean([g.before_db for g in clip]) for clip in found]
        suffix = "" if condition == judged[0].condition else f"_{condition}"
        figures |= {
            f"face_gain_db{suffix}": float(np.mean(face)),
            f"least_face_gain_db{suffix}": float(np.min(face)),
            f"gain_db{suffix}": float(np.mean(whole)),
            f"decoded_db{suffix}": float(np.mean(before)),
        }
    return figures


def restored_pictures(
    restorer: Restorer, judged: list[Judged]
) -> Iterator[tuple[FacePlanes, FacePlanes, FacePlanes]]:
    """(original, decoded, restored) from the middle of every clip under the first condition."""
    for one in judged:
        if one.condition == judged[0].condition:
            middle = len(one.original) // 2
            told = told_of(one, middle)
            shown = restorer.restore(told.window, told.hearing)
            yield one.original[middle].planes, one.decoded[middle].planes, shown


def _known(values: NDArray[np.float32]) -> NDArray[np.float32] | None:
    return None if np.isnan(values).any() else values
