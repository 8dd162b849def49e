"""H.264 as a video call sends it: Constrained Baseline, no look-ahead, a constant rate, key frames when asked for."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from callcodec.media.timeline import FRAMES_PER_SECOND

BUFFER_S = 0.5
"""The rate is kept over so long: a key frame may take as much, so that it arrives within half a second."""
BT601, BT709_TRANSFER, LIMITED_RANGE = 6, 1, 1


class H264Encoder:
    """Pictures of one size to access units in Annex B form; key frames carry their parameter sets."""

    def __init__(
        self, width: int, height: int, kbps: float, fps: int = FRAMES_PER_SECOND, preset: str = "medium"
    ) -> None:
        """`kbps`: mean rate of the access units. ValueError for an odd size or a rate that is not positive."""
        if width % 2 or height % 2 or width <= 0 or height <= 0:
            raise ValueError(f"H.264 with halved colours needs an even size, not {width}×{height}")
        self._size = (width, height)
        self._fps = fps
        self._preset = preset
        self._number = 0
        self._kbps = 0.0
        self.set_rate(kbps)

    @property
    def kbps(self) -> float:
        """The rate that it aims at."""
        return self._kbps

    def set_rate(self, kbps: float) -> None:
        """From the next picture on, which is a key frame if this changes the rate. ValueError unless positive."""
        if not kbps > 0:
            raise ValueError(f"the rate must be positive, not {kbps:g} kbps")
        if kbps != self._kbps:
            self._kbps = kbps
            self._context = self._open()

    def encode(self, rgb: NDArray[np.uint8], key: bool = False) -> bytes:
        """The access unit of one (H, W, 3) picture; `key`: an IDR picture."""
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24")
        frame = frame.reformat(format="yuv420p", dst_colorspace="ITU601", threads=1)
        frame.pts, frame.time_base = self._number, Fraction(1, self._fps)
        frame.pict_type = av.video.frame.PictureType.I if key else av.video.frame.PictureType.NONE
        self._number += 1
        return b"".join(bytes(packet) for packet in self._context.encode(frame))

    def _open(self) -> Any:
        context: Any = av.CodecContext.create("libx264", "w")
        context.width, context.height = self._size
        context.pix_fmt = "yuv420p"
        context.time_base, context.framerate = Fraction(1, self._fps), Fraction(self._fps)
        context.colorspace, context.color_primaries = BT601, BT709_TRANSFER
        context.color_trc, context.color_range = BT709_TRANSFER, LIMITED_RANGE
        context.thread_count = 1
        rate = f"bitrate={self._kbps:g}:vbv-maxrate={self._kbps:g}:vbv-bufsize={self._kbps * BUFFER_S:g}"
        context.options = {
            "profile": "baseline",
            "preset": self._preset,
            "tune": "zerolatency",
            "forced-idr": "1",
            "x264-params": f"{rate}:keyint=infinite:scenecut=0",
        }
        context.open()
        return context
