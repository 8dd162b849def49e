"""How a decoded picture must be turned, scaled and stretched to look as its maker saw it."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import cast

import numpy as np
from av.sidedata.sidedata import SideDataContainer
from av.sidedata.sidedata import Type as SideDataType
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

MAX_SHOWN_SIDE_PX = 1920
"""Longest side of a picture that leaves this package; larger ones are scaled down as they are converted."""


@dataclass(frozen=True)
class Turn:
    """One of the eight turns and mirrorings of a rectangle: transpose first, then flip."""

    transpose: bool = False
    flip_x: bool = False
    flip_y: bool = False

    @classmethod
    def from_display_matrix(cls, matrix: bytes) -> Turn:
        """Reads FFmpeg's display matrix, nine int32 in 16.16: pixel (p, q) goes to (a p + c q, b p + d q).

        Angles between quarter turns are taken for the nearest one. Raises ValueError on fewer than 36 bytes.
        """
        if len(matrix) < 36:
            raise ValueError(f"a display matrix has 36 bytes, this one {len(matrix)}")
        a, b, _, c, d = struct.unpack("=5i", matrix[:20])
        if abs(a) + abs(d) >= abs(b) + abs(c):
            return cls(False, a < 0, d < 0)
        return cls(True, c < 0, b < 0)

    def apply(self, rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """(H, W, 3) in, (H, W, 3) or (W, H, 3) out, contiguous."""
        if self.transpose:
            rgb = rgb.transpose(1, 0, 2)
        if self.flip_x:
            rgb = rgb[:, ::-1]
        if self.flip_y:
            rgb = rgb[::-1]
        return np.ascontiguousarray(rgb)


class PictureConverter:
    """Decoded frames of one stream → upright RGB of one fixed size, found from the first of them."""

    def __init__(self, first: VideoFrame, pixel_aspect: float | None) -> None:
        """`pixel_aspect` is the width of a stored pixel over its height, None or nonsense for square ones."""
        aspect = pixel_aspect if pixel_aspect is not None and 0.1 <= pixel_aspect <= 10.0 else 1.0
        shown_width = first.width * aspect
        scale = min(1.0, MAX_SHOWN_SIDE_PX / max(shown_width, first.height))
        self._scaled_width = max(1, round(shown_width * scale))
        self._scaled_height = max(1, round(first.height * scale))
        self._turn = turn_of(first)
        self._reformatter = VideoReformatter()

    @property
    def width(self) -> int:
        """Pixels across, upright."""
        return self._scaled_height if self._turn.transpose else self._scaled_width

    @property
    def height(self) -> int:
        """Pixels down, upright."""
        return self._scaled_width if self._turn.transpose else self._scaled_height

    def convert(self, frame: VideoFrame) -> NDArray[np.uint8]:
        """uint8 (height, width, 3). A frame whose size changed on the way is fitted to the first one's."""
        width, height = self._scaled_width, self._scaled_height
        scaled = self._reformatter.reformat(frame, width, height, "rgb24", threads=1)
        rgb: NDArray[np.uint8] = np.asarray(scaled.to_ndarray(), dtype=np.uint8)
        return self._turn.apply(rgb)


def turn_of(frame: VideoFrame) -> Turn:
    """How a decoded frame must be turned; not at all where its file does not say."""
    # PyAV's stubs describe a dictionary of one key here; it is a mapping by side data type.
    side_data = cast(SideDataContainer, frame.side_data)
    if SideDataType.DISPLAYMATRIX not in side_data:
        return Turn()
    try:
        return Turn.from_display_matrix(bytes(side_data[SideDataType.DISPLAYMATRIX]))
    except ValueError:
        return Turn()
