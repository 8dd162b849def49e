"""Encodes pictures with a conventional codec, decodes them again, and weighs every packet."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import av
import av.error
import numpy as np
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from callcodec.measure.codecs.catalogue import NEVER, Codec, Mode
from callcodec.media.scheduling import kept_scheduling

_START_CODE = b"\x00\x00\x01"
_SEI = 6  # H.264, table 7-1: NAL units of supplemental information, here the encoder's name and settings


class CodecUnavailableError(RuntimeError):
    """This FFmpeg was built without the codec; the message says which."""


@dataclass(frozen=True)
class CodedVideo:
    """``pictures``: decoded, (H, W, 3) uint8 RGB, one for each that was given; ``packets``: bytes of each.

    The first packet is the key frame. ``encoding_s``, ``decoding_s``: processor time, one thread.
    """

    pictures: tuple[NDArray[np.uint8], ...]
    packets: tuple[bytes, ...]
    frames_per_second: float
    encoding_s: float
    decoding_s: float

    @property
    def key_bytes(self) -> int:
        """Of the first picture."""
        return len(self.packets[0])

    @property
    def kbps(self) -> float:
        """Rate of all packets but the first."""
        bits = 8 * sum(len(packet) for packet in self.packets[1:])
        return bits * self.frames_per_second / (len(self.packets) - 1) / 1000


def code(
    pictures: Sequence[NDArray[np.uint8]],
    frames_per_second: float,
    codec: Codec,
    crf: int,
    mode: Mode = Mode.CALL,
) -> CodedVideo:
    """Encode (H, W, 3) RGB pictures in 4:2:0, one key frame, and decode them again.

    Raises ValueError for fewer than two pictures, or too small ones; CodecUnavailableError where FFmpeg lacks it.
    """
    if len(pictures) < 2:
        raise ValueError("a video has at least two pictures")
    if min(pictures[0].shape[:2]) < codec.smallest:
        raise ValueError(f"{codec.title} takes pictures of at least {codec.smallest} pixels a side")
    began = time.process_time()
    packets = tuple(_encode(pictures, frames_per_second, codec.encoder, codec.options(mode, crf)))
    coded = time.process_time()
    decoded = tuple(_decode(packets, codec.decoder))
    if len(decoded) != len(pictures):
        raise RuntimeError(f"{codec.title} gave {len(decoded)} pictures for {len(pictures)}")
    return CodedVideo(decoded, packets, frames_per_second, coded - began, time.process_time() - coded)


def _encode(
    pictures: Sequence[NDArray[np.uint8]], frames_per_second: float, encoder: str, options: Mapping[str, str]
) -> Iterator[bytes]:
    os.environ.setdefault("SVT_LOG", "1")  # the library writes its settings to stderr otherwise
    context = _context(encoder, "w")
    context.height, context.width = pictures[0].shape[:2]
    context.pix_fmt = "yuv420p"
    rate = Fraction(frames_per_second).limit_denominator(1000)
    context.time_base, context.framerate = 1 / rate, rate
    context.gop_size, context.thread_count = NEVER, 1
    context.options = dict(options)
    with kept_scheduling():
        context.open()
    for number, rgb in enumerate(pictures):
        frame = VideoFrame.from_ndarray(np.ascontiguousarray(rgb), "rgb24").reformat(format="yuv420p")
        frame.pts = number
        yield from (_lean(bytes(packet), encoder) for packet in context.encode(frame))
    yield from (_lean(bytes(packet), encoder) for packet in context.encode(None))


def _decode(packets: Sequence[bytes], decoder: str) -> Iterator[NDArray[np.uint8]]:
    context = _context(decoder, "r")
    context.thread_count = 1
    for packet in packets:
        yield from (_rgb(frame) for frame in context.decode(av.Packet(packet)))
    yield from (_rgb(frame) for frame in context.decode(None))


def _rgb(frame: VideoFrame) -> NDArray[np.uint8]:
    return np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)


def _context(name: str, mode: str) -> VideoCodecContext:
    kind = "encoder" if mode == "w" else "decoder"
    try:
        context = av.CodecContext.create(name, mode)  # type: ignore[call-overload]
    except (av.error.FFmpegError, ValueError) as error:
        raise CodecUnavailableError(f"this FFmpeg has no {kind} {name}") from error
    if not isinstance(context, VideoCodecContext):
        raise CodecUnavailableError(f"this FFmpeg has no {kind} {name} for pictures")
    return context


def _lean(packet: bytes, encoder: str) -> bytes:
    """Without x264's name and settings, some 600 bytes that no call needs to send."""
    if encoder != "libx264":
        return packet
    units = packet.split(_START_CODE)
    kept = [unit for unit in units[1:] if unit and unit[0] & 31 != _SEI]
    return b"".join(_START_CODE + unit for unit in kept)
