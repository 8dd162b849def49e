"""SVT-AV1 as a call could use it: low delay, no look-ahead, one key frame; what one would send instead of us."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import av
import av.error
import numpy as np
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from callcodec.media.scheduling import kept_scheduling

PRESET = 8
LOWEST_RATE_CRF = 63
_LOW_DELAY = "pred-struct=1:lookahead=0:keyint=-1:lp=1"


@dataclass(frozen=True)
class CodedVideo:
    """Decoded pictures, one for each that was given; ``kbps`` without and ``key_bytes`` of the first picture."""

    pictures: tuple[NDArray[np.uint8], ...]
    kbps: float
    key_bytes: int


def encode_low_delay(
    pictures: Sequence[NDArray[np.uint8]], frames_per_second: int, crf: int = LOWEST_RATE_CRF
) -> CodedVideo:
    """Encode (H, W, 3) RGB pictures of at least 64 pixels a side, 4:2:0, and decode them again.

    Raises ValueError for fewer than two pictures, RuntimeError where FFmpeg was built without SVT-AV1 or libdav1d.
    """
    if len(pictures) < 2:
        raise ValueError("a video has at least two pictures")
    packets = _encode(pictures, frames_per_second, crf)
    decoded = _decode(packets)
    if len(decoded) != len(pictures):
        raise RuntimeError(f"SVT-AV1 gave {len(decoded)} pictures for {len(pictures)}")
    bits = 8 * sum(len(packet) for packet in packets[1:])
    return CodedVideo(decoded, bits * frames_per_second / (len(pictures) - 1) / 1000, len(packets[0]))


def _encode(pictures: Sequence[NDArray[np.uint8]], frames_per_second: int, crf: int) -> list[bytes]:
    os.environ.setdefault("SVT_LOG", "1")  # the library writes its settings to stderr otherwise
    try:
        context = av.CodecContext.create("libsvtav1", "w")
    except av.error.FFmpegError as error:
        raise RuntimeError("this FFmpeg has no SVT-AV1 encoder") from error
    if not isinstance(context, VideoCodecContext):
        raise RuntimeError("this FFmpeg has no SVT-AV1 encoder for pictures")
    context.height, context.width = pictures[0].shape[:2]
    context.pix_fmt = "yuv420p"
    context.time_base, context.framerate = Fraction(1, frames_per_second), Fraction(frames_per_second)
    context.options = {"preset": str(PRESET), "crf": str(crf), "svtav1-params": _LOW_DELAY}
    with kept_scheduling():
        context.open()
    packets: list[bytes] = []
    for number, rgb in enumerate(pictures):
        frame = VideoFrame.from_ndarray(np.ascontiguousarray(rgb), "rgb24").reformat(format="yuv420p")
        frame.pts = number
        packets += [bytes(packet) for packet in context.encode(frame)]
    return packets + [bytes(packet) for packet in context.encode(None)]


def _decode(packets: Sequence[bytes]) -> tuple[NDArray[np.uint8], ...]:
    decoder = av.CodecContext.create("libdav1d", "r")
    if not isinstance(decoder, VideoCodecContext):
        raise RuntimeError("this FFmpeg has no AV1 decoder")
    frames = [frame for packet in packets for frame in decoder.decode(av.Packet(packet))]
    frames += decoder.decode(None)
    return tuple(np.asarray(frame.to_ndarray(format="rgb24"), np.uint8) for frame in frames)
