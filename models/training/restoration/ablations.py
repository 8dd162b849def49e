"""What each thing that a restorer is told is worth: the same weights, with it taken away or exchanged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from models.restoration.restorer import CodecMaps, FacePicture, Hearing

Window = Sequence[FacePicture]


@dataclass(frozen=True)
class Told:
    """What a restorer is given for one picture."""

    window: Window
    hearing: Hearing


Change = Callable[[Told, Told], Told]
"""(what would be told, what another clip is told at that time) → what is told instead"""


def _codec(change: Callable[[CodecMaps], CodecMaps]) -> Change:
    """Changes the codec maps of every picture of the window; the same picture stays the same object."""

    def changed(told: Told, _other: Told) -> Told:
        made: dict[int, FacePicture] = {}
        for picture in told.window:
            if picture.codec is not None and id(picture) not in made:
                made[id(picture)] = FacePicture(picture.planes, change(picture.codec))
        return replace(told, window=[made.get(id(picture), picture) for picture in told.window])

    return changed


def _shuffled(codec: CodecMaps) -> CodecMaps:
    """Motion vectors of other blocks of the picture."""
    order = np.random.default_rng(0).permutation(codec.motion.shape[0] * codec.motion.shape[1])
    return replace(codec, motion=codec.motion.reshape(-1, 2)[order].reshape(codec.motion.shape))


def _alone(told: Told, _other: Told) -> Told:
    middle = told.window[len(told.window) // 2]
    return replace(told, window=[middle] * len(told.window))


def _causal(told: Told, _other: Told) -> Told:
    middle = len(told.window) // 2
    return replace(told, window=[*told.window[: middle + 1], *[told.window[middle]] * middle])


def _unread(told: Told, _other: Told) -> Told:
    made = {id(picture): FacePicture(picture.planes) for picture in told.window}
    return replace(told, window=[made[id(picture)] for picture in told.window])


def _hearing(change: Callable[[Hearing, Hearing], Hearing]) -> Change:
    return lambda told, other: replace(told, hearing=change(told.hearing, other.hearing))


EVERYTHING = "everything"
ABLATIONS: dict[str, Change] = {
    EVERYTHING: lambda told, _: told,
    "without voice": _hearing(lambda own, _: replace(own, voice=None)),
    "another clip's voice": _hearing(lambda own, other: replace(own, voice=other.voice)),
    "without landmarks": _hearing(lambda own, _: replace(own, landmarks=None)),
    "another clip's landmarks": _hearing(lambda own, other: replace(own, landmarks=other.landmarks)),
    "without motion vectors": _codec(lambda c: replace(c, motion=np.zeros_like(c.motion))),
    "shuffled motion vectors": _codec(_shuffled),
    "without QP": _codec(lambda c: replace(c, qp=np.zeros_like(c.qp))),
    "without prediction and residue": _codec(
        lambda c: replace(c, prediction=np.zeros_like(c.prediction), residue=np.zeros_like(c.residue))
    ),
    "without partitions": _codec(
        lambda c: replace(c, edges=np.zeros_like(c.edges), coded=np.zeros_like(c.coded))
    ),
    "without anything of the stream": _unread,
    "without other pictures": _alone,
    "without later pictures": _causal,
}
