"""What pictures look like after conventional H.264 at a video call's rate: encoded and decoded again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray


def through_h264(
    frames: Iterable[NDArray[np.uint8]], kbps: float, fps: int = 25, preset: str = "medium"
) -> Iterator[NDArray[np.uint8]]:
    """Each (H, W, 3) RGB picture as a receiver would see it: Constrained Baseline, no look-ahead, constant rate.

    H and W must be even and stay the same. The rate is held within half a second, as a call's encoder does; one
    key frame opens the stream. Raises ValueError for a rate that is not positive, or an odd size.
    """
    if kbps <= 0:
        raise ValueError(f"the rate must be positive, not {kbps:g} kbps")
    encoder: Any = None
    decoder: Any = av.CodecContext.create("h264", "r")
    decoder.thread_count = 1
    for number, rgb in enumerate(frames):
        if encoder is None:
            encoder = _encoder(rgb.shape[1], rgb.shape[0], kbps, fps, preset)
        frame = av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(format="yuv420p")
        frame.pts = number
        for packet in encoder.encode(frame):
            yield from _pictures(decoder.decode(packet))
    if encoder is not None:
        for packet in encoder.encode(None):
            yield from _pictures(decoder.decode(packet))
        yield from _pictures(decoder.decode(None))


def _encoder(width: int, height: int, kbps: float, fps: int, preset: str) -> Any:
    if width % 2 or height % 2:
        raise ValueError(f"H.264 with halved colours needs an even size, not {width}×{height}")
    context: Any = av.CodecContext.create("libx264", "w")
    context.width, context.height, context.pix_fmt = width, height, "yuv420p"
    context.time_base, context.framerate = Fraction(1, fps), Fraction(fps)
    context.thread_count = 1
    context.options = {
        "profile": "baseline",
        "preset": preset,
        "tune": "zerolatency",
        "x264-params": f"bitrate={kbps:g}:vbv-maxrate={kbps:g}:vbv-bufsize={kbps / 2:g}:keyint=infinite",
    }
    context.open()
    return context


def _pictures(decoded: list[Any]) -> Iterator[NDArray[np.uint8]]:
    for frame in decoded:
        yield np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
