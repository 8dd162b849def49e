"""What goes into the restoration of a video and what comes out: pictures of any size in 4:2:0."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from callcodec.h264.state import Planes
from models.restoration.restorer import CodecMaps


@dataclass(frozen=True)
class Region:
    """A rectangle of a picture, in luma pixels; it may reach over the picture's edges."""

    left: int
    top: int
    width: int
    height: int


class StreamKnowledge(Protocol):
    """What a stream says of one whole picture."""

    def around(self, region: Region) -> tuple[CodecMaps, Region]:
        """Maps that cover as much of ``region`` as the picture has, and the rectangle that they cover.

        That rectangle begins and ends on the stream's own grid of 4×4 blocks, and may exceed the region.
        """


@dataclass(frozen=True, eq=False)
class DecodedPicture:
    """A picture of a stream as it was decoded: luma (H, W), chroma (⌈H/2⌉, ⌈W/2⌉), uint8."""

    planes: Planes
    time_s: float
    knowledge: StreamKnowledge | None = None
    """None where the stream was not read: another codec, or damage"""
    damage: str | None = None
    """a sentence, where the picture is not what was sent"""


@dataclass(frozen=True, eq=False)
class RestoredPicture:
    """A picture to be shown. Outside of the faces, and without one, ``planes`` are those that were decoded."""

    planes: Planes
    decoded: Planes
    """the same without restoration: bicubic where the restorer enlarges"""
    time_s: float
    faces: int
    """how many were restored"""
    note: str | None = None
    """a sentence about why nothing was restored: no face, a machine that is too slow"""


def to_rgb(planes: Planes) -> NDArray[np.uint8]:
    """(H, W, 3) of limited-range BT.601, with even H and W: an odd last row or column is left out."""
    height, width = (length & ~1 for length in planes.y.shape)
    halves = [plane[: height // 2, : width // 2].reshape(-1, width // 2) for plane in planes[1:]]
    stacked = np.concatenate(
        [planes.y[:height, :width].reshape(-1), *(half.reshape(-1) for half in halves)]
    ).reshape(height * 3 // 2, width)
    return np.asarray(cv2.cvtColor(stacked, cv2.COLOR_YUV2RGB_I420), np.uint8)
