"""The seam between a receiver and whatever restores conventionally coded pictures of a face."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from callcodec.speech.mfcc import COEFFICIENTS

PICTURE = 256
BLOCKS = PICTURE // 4  # 4×4 blocks along a side
VOICE_STEPS = 21  # of 10 ms, t − 100 ms to t + 100 ms
VOICE_SHAPE = (VOICE_STEPS, COEFFICIENTS)


@dataclass(frozen=True)
class FacePlanes:
    """A picture of a face in 4:2:0 (ITU-R BT.601, limited range): luma (S, S), chroma (S/2, S/2), uint8."""

    y: NDArray[np.uint8]
    u: NDArray[np.uint8]
    v: NDArray[np.uint8]


@dataclass(frozen=True)
class QuantisedBlocks:
    """What the bitstream says of the residue's luma transform, on the picture's own 4×4 grid (clause 8.5)."""

    coefficients: NDArray[np.float32]
    """(64, 64, 4, 4): of the residue as decoded, in the orthonormal scale of the integer transform; [v, h]"""
    step: NDArray[np.float32]
    """(64, 64, 4, 4): the quantiser's step in the same scale; infinite where nothing is known"""
    skipped: NDArray[np.bool_]
    """(64, 64): of an inter-predicted macroblock without any coded luma block"""


@dataclass(frozen=True)
class CodecMaps:
    """What the stream knows of one 256×256 picture; maps are on the grid of its 4×4 blocks."""

    prediction: NDArray[np.uint8]
    """(256, 256): luma of the prediction P"""
    residue: NDArray[np.int16]
    """(256, 256): luma of the residue E; clip(P + E) is the picture before deblocking"""
    motion: NDArray[np.float32]
    """(64, 64, 2): x and y, in pixels, from a block to where the previous picture has it; 0 in Intra"""
    intra: NDArray[np.bool_]
    """(64, 64)"""
    qp: NDArray[np.float32]
    """(64, 64): 0 to 51"""
    edges: NDArray[np.bool_]
    """(2, 64, 64): a partition begins at the block's left side, at its upper side"""
    coded: NDArray[np.bool_]
    """(64, 64): the block has coefficients that are not zero"""
    quantised: QuantisedBlocks | None = None
    """None where the picture was warped away from its own grid"""


@dataclass(frozen=True, eq=False)
class FacePicture:
    """One decoded picture as a restorer is told of it; the same object stands for the same picture in every window."""

    planes: FacePlanes
    codec: CodecMaps | None = None
    """None where the stream was not read: another codec, or damage"""


@dataclass(frozen=True)
class Hearing:
    """What is known beside the pictures; None where it is not."""

    voice: NDArray[np.float32] | None = None
    """(21, 13): MFCC of t ± 100 ms"""
    landmarks: NDArray[np.float32] | None = None
    """(68, 2): found in the decoded picture t, in pixels of 256"""
    emotion: int | None = None
    """0 to 14, see callcodec.wire.emotion"""


class Restorer(Protocol):
    """Restores one picture at a time from those around it."""

    name: str
    side: int  # of its input's luma: 256, or 64 where it enlarges by four
    before: int  # how many earlier pictures its window has
    after: int  # how many later ones: its delay in pictures

    def restore(self, window: Sequence[FacePicture], hearing: Hearing) -> FacePlanes:
        """The picture ``window[before]``, restored, 256×256.

        window: before + 1 + after pictures in the order of time. Where one does not exist (the stream's ends, a
        causal receiver) the nearest one that does stands in its place. ValueError for another size or number.
        """


def check_window(restorer: Restorer, window: Sequence[FacePicture]) -> None:
    """ValueError where the window has another length or a picture another size than the restorer needs."""
    wanted = restorer.before + 1 + restorer.after
    if len(window) != wanted:
        raise ValueError(f"{restorer.name} needs a window of {wanted} pictures, not {len(window)}")
    for picture in window:
        if picture.planes.y.shape != (restorer.side, restorer.side):
            raise ValueError(
                f"{restorer.name} restores {restorer.side}×{restorer.side} pictures, not "
                f"{picture.planes.y.shape[1]}×{picture.planes.y.shape[0]}"
            )


class Unrestored:
    """Shows what was decoded."""

    name = "none"
    side = PICTURE
    before = 0
    after = 0

    def restore(self, window: Sequence[FacePicture], hearing: Hearing) -> FacePlanes:  # noqa: ARG002
        """See ``Restorer``."""
        check_window(self, window)
        return window[0].planes
