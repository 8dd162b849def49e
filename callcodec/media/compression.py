"""What pictures look like after a conventional codec at a video call's rate: encoded, and decoded again.

An I420 picture is (3H/2, W) uint8: the luma plane, then Cb and Cr (ITU-R BT.601, limited range). H and W are even.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

# codec → FFmpeg's encoder, and what it must be told to be quiet and to stay on its own thread
ENCODERS = {
    "h264": ("libx264", "keyint=infinite"),
    "hevc": ("libx265", "keyint=-1:log-level=none:pools=none:frame-threads=1"),
}


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


def encode_i420(
    frames: Sequence[NDArray[np.uint8]],
    codec: str = "h264",
    *,
    kbps: float | None = None,
    crf: int | None = None,
    fps: float = 25,
    preset: str = "veryfast",
) -> list[bytes]:
    """The packets of I420 pictures, one a picture: without look-ahead, one key frame, constant rate or quality.

    codec: h264 (x264, Constrained Baseline) or hevc (x265). Either ``kbps``, held within half a second, or ``crf``,
    0 to 51. ValueError for another codec, or unless just one of the two is given.
    """
    if (kbps is None) == (crf is None):
        raise ValueError("an encoder needs either a rate or a quality")
    if codec not in ENCODERS:
        raise ValueError(f"no encoder for {codec!r} here; there are {', '.join(ENCODERS)}")
    wanted = f"crf={crf}" if kbps is None else _constant_rate(kbps)
    encoder = _open_encoder(codec, frames[0].shape[1], frames[0].shape[0] * 2 // 3, wanted, fps, preset)
    packets = []
    for number, i420 in enumerate(frames):
        frame = av.VideoFrame.from_ndarray(i420, format="yuv420p")
        frame.pts = number
        packets += [bytes(packet) for packet in encoder.encode(frame)]
    return packets + [bytes(packet) for packet in encoder.encode(None)]


def decode_i420(packets: Iterable[bytes], codec: str = "h264") -> Iterator[NDArray[np.uint8]]:
    """The I420 pictures of packets that ``encode_i420`` gave, as FFmpeg decodes them."""
    decoder: Any = av.CodecContext.create(codec, "r")
    decoder.thread_count = 1
    for packet in (*map(av.Packet, packets), None):
        for frame in decoder.decode(packet):
            yield np.asarray(frame.to_ndarray(format="yuv420p"), np.uint8)


def scaled_i420(picture: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """An I420 picture at another size, as FFmpeg's bicubic scaler makes it."""
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="yuv420p")
    return np.asarray(frame.reformat(width, height, interpolation="BICUBIC").to_ndarray(), np.uint8)


def _constant_rate(kbps: float) -> str:
    """The rate as a call's encoder holds it: within half a second."""
    return f"bitrate={kbps:g}:vbv-maxrate={kbps:g}:vbv-bufsize={kbps / 2:g}"


def _encoder(width: int, height: int, kbps: float, fps: int, preset: str) -> Any:
    if width % 2 or height % 2:
        raise ValueError(f"H.264 with halved colours needs an even size, not {width}×{height}")
    return _open_encoder("h264", width, height, _constant_rate(kbps), fps, preset)


def _open_encoder(codec: str, width: int, height: int, wanted: str, fps: float, preset: str) -> Any:
    name, options = ENCODERS[codec]
    context: Any = av.CodecContext.create(name, "w")
    context.width, context.height, context.pix_fmt = width, height, "yuv420p"
    rate = Fraction(fps).limit_denominator(1000)
    context.time_base, context.framerate = 1 / rate, rate
    context.thread_count = 1
    context.options = {"preset": preset, "tune": "zerolatency", f"{name[3:]}-params": f"{wanted}:{options}"}
    if codec == "h264":
        context.options |= {"profile": "baseline"}
    context.open()
    return context


def _pictures(decoded: list[Any]) -> Iterator[NDArray[np.uint8]]:
    for frame in decoded:
        yield np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
