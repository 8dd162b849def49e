"""The validation clips as mmsd is judged on them: four times as small, coded at the paper's qualities."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import overload

import numpy as np

from models.restoration.mmsd import EVERYTHING
from models.restoration.mmsd_restorer import MmsdRestorer, bicubic
from models.restoration.restorer import FacePicture, FacePlanes, Hearing
from models.training.cache import ClipCache
from models.training.emotion_labels import UNKNOWN, emotion_state
from models.training.restoration.ablations import ABLATIONS, Change, Told
from models.training.restoration.i420_store import SharpClips
from models.training.restoration.judging import ClipGain, Judged, clip_gains, mean_gains
from models.training.restoration.mdvd_data import VoiceWindows, face_pictures
from models.training.restoration.mmsd_data import clip_landmarks, coded, reduced

CONDITIONS = ("crf_15", "crf_32", "crf_40")  # Guo, Zhang & Wu, Table 1
BAR = "crf_32"
OTHER_EMOTION = 7  # so many states further


class Enlarged(Sequence[FacePlanes]):
    """Pictures, bicubically enlarged when they are looked at."""

    def __init__(self, pictures: Sequence[FacePicture]) -> None:
        self._pictures = pictures

    def __len__(self) -> int:
        return len(self._pictures)

    @overload
    def __getitem__(self, index: int) -> FacePlanes: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[FacePlanes]: ...
    def __getitem__(self, index: int | slice) -> FacePlanes | Sequence[FacePlanes]:
        if isinstance(index, slice):
            return Enlarged(self._pictures[index])
        return bicubic(self._pictures[index].planes)


def judged_small(validation: ClipCache, conditions: tuple[str, ...] = CONDITIONS) -> list[Judged]:
    """Every sharp clip under every condition, crf_N; ending in _area where it was reduced by area average."""
    sharp = SharpClips(validation)
    judged = []
    for number, clip in enumerate(sharp.clips):
        pictures = sharp.pictures(number, 0, clip.frames)
        voice = VoiceWindows(sharp.cache.mel(number), clip.has_voice and clip.lip_sync != "no")
        points = clip_landmarks(sharp.cache, clip.first_frame, clip.frames)
        state = emotion_state(clip.emotion)
        original = face_pictures(pictures)
        for condition in conditions:
            _, crf, *rest = condition.split("_")
            small = face_pictures(coded(reduced(pictures, area=bool(rest)), int(crf)))
            judged.append(
                Judged(clip.name, clip.person, condition, original, small, Enlarged(small), voice, points,
                       emotion=None if state == UNKNOWN else state)
            )  # fmt: skip
    return judged


def mean_figures(restorer: MmsdRestorer, judged: Sequence[Judged], every: int) -> dict[str, float]:
    """As ``mean_gains``, and the mean gain over all conditions."""
    figures = mean_gains(restorer, judged, every)
    over_all = [
        gain for name, gain in figures.items() if name.endswith("_face_gain_db") and "least" not in name
    ]
    return {"face_gain_db": float(np.mean(over_all)), **figures}


def branch_lines(
    restorer: MmsdRestorer, judged: Sequence[Judged], every: int
) -> Iterator[tuple[str, list[ClipGain]]]:
    """(what is taken away or exchanged, gains of each clip)."""
    taken: dict[str, Change] = {
        name: ABLATIONS[name]
        for name in ("everything", "without voice", "another clip's voice", "without other pictures",
                     "without later pictures")
    }  # fmt: skip
    taken |= {"without emotion": _emotion(None), "another emotion": _emotion(OTHER_EMOTION)}
    for name, change in taken.items():
        yield name, clip_gains(restorer, judged, every, change)
    network = restorer.network
    usual = network.branches
    for branch in ("deformable", "attention", "emotion"):
        network.branches = replace(EVERYTHING, **{branch: False})
        yield f"branch off: {branch}", clip_gains(restorer, judged, every)
    network.branches = usual


def _emotion(further: int | None) -> Change:
    def changed(told: Told, _other: Told) -> Told:
        own = told.hearing.emotion
        state = None if further is None or own is None else (own + further) % 15
        return replace(told, hearing=Hearing(told.hearing.voice, told.hearing.landmarks, state))

    return changed
