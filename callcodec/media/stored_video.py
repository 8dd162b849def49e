"""What pictures look like in a stored file: coded at constant quality with all of an encoder's means, and decoded."""

from __future__ import annotations

import os
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from callcodec.media.scheduling import kept_scheduling

# codec → FFmpeg's encoder, its decoder, and options that keep it quiet and on its own thread
CODECS: dict[str, tuple[str, str, dict[str, str]]] = {
    "h264": ("libx264", "h264", {}),
    "hevc": ("libx265", "hevc", {"x265-params": "log-level=none:pools=none:frame-threads=1"}),
    "av1": ("libsvtav1", "libdav1d", {"svtav1-params": "lp=1"}),
}


def through_file(
    pictures: Sequence[NDArray[np.uint8]], codec: str, crf: int, preset: str = "medium", fps: int = 25
) -> list[NDArray[np.uint8]]:
    """Each I420 picture, (3H/2, W) uint8, as FFmpeg's defaults leave it at ``crf``: look-ahead, B pictures and all.

    codec: h264 (x264), hevc (x265) or av1 (SVT-AV1, whose ``preset`` is a number). Pictures that the encoder held back
    are fetched, so that as many come out as went in. ValueError for another codec, or an odd size.
    """
    if codec not in CODECS:
        raise ValueError(f"no encoder for {codec!r} here; there are {', '.join(CODECS)}")
    height, width = pictures[0].shape[0] * 2 // 3, pictures[0].shape[1]
    if height % 2 or width % 2:
        raise ValueError(f"halved colours need an even size, not {width}×{height}")
    os.environ.setdefault("SVT_LOG", "1")  # the library writes its settings to stderr otherwise
    name, decoder_name, options = CODECS[codec]
    encoder: Any = av.CodecContext.create(name, "w")
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, fps), Fraction(fps)
    encoder.thread_count = 1
    encoder.options = {"crf": str(crf), "preset": preset, **options}
    with kept_scheduling():  # SVT-AV1 takes real-time priority for the whole program otherwise
        encoder.open()
    packets = []
    for number, i420 in enumerate(pictures):
        frame = av.VideoFrame.from_ndarray(i420, format="yuv420p")
        frame.pts = number
        packets += encoder.encode(frame)
    packets += encoder.encode(None)
    decoder: Any = av.CodecContext.create(decoder_name, "r")
    decoder.thread_count = 1
    shown = [frame for packet in (*packets, None) for frame in decoder.decode(packet)]
    return [np.asarray(frame.reformat(format="yuv420p").to_ndarray(), np.uint8) for frame in shown]
