"""A video file for restoration: its access units or decoded planes as they are, with times, and its sound."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av.error
import numpy as np
from av.bitstream import BitStreamFilterContext
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from callcodec.media.container import (
    MAX_PROBED_PACKETS,
    ClipError,
    DecodeTally,
    decoded,
    frame_time_s,
    nominal_interval_s,
    open_container,
    picture_stream,
    sound_stream,
)
from callcodec.media.h264_decoder import Plane, planes_420
from callcodec.media.orientation import Turn, turn_of
from callcodec.media.sound import decode_voice

Planes = tuple[Plane, Plane, Plane]


@dataclass(frozen=True)
class Colour:
    """How samples stand for colours: numbers of ITU-T H.273, 2 for what is not said; range 1 limited, 2 full."""

    range: int
    matrix: int
    primaries: int
    transfer: int


@dataclass(frozen=True)
class VideoFile:
    """What was found out when the file was opened. Nothing stays open between calls; each pass reads it again."""

    path: Path
    codec: str
    """as FFmpeg names it: h264, hevc, av1"""
    width: int
    height: int
    """of pictures as they are shown, upright"""
    turn: Turn
    colour: Colour
    interval_s: float
    """between two pictures, as the file declares it"""
    start_s: float
    """time of the first picture on the file's clock"""
    pictures_declared: int
    """how many there may be; 0 where nothing says it"""

    def access_units(self) -> Iterator[tuple[bytes, float]]:
        """H.264 in Annex B form, picture by picture, and its time after the first one.

        Raises:
            ClipError: the file vanished or changed so that it cannot be opened any more.
        """
        with open_container(self.path) as container:
            stream = picture_stream(container, self.path)
            to_annex_b = BitStreamFilterContext("h264_mp4toannexb", stream)
            number = 0
            for packet in _packets(container, stream):
                time_s = self._time_s(packet, number)
                number += 1
                try:
                    units = [bytes(part) for part in to_annex_b.filter(packet)]
                except av.error.FFmpegError:
                    continue  # a packet that is no NAL units: the decoder learns of it as a gap
                yield from ((unit, time_s) for unit in units)

    def pictures(self) -> Iterator[tuple[Planes, float]]:
        """Every picture as FFmpeg decodes it, in 8-bit 4:2:0 and upright, and its time after the first one.

        Raises:
            ClipError: the file vanished or changed so that it cannot be opened any more.
        """
        with open_container(self.path) as container:
            stream = picture_stream(container, self.path)
            for number, frame in enumerate(decoded(container, stream, DecodeTally())):
                if isinstance(frame, VideoFrame):
                    time_s = frame_time_s(frame)
                    follows_s = number * self.interval_s
                    yield (
                        self.upright(planes_420(frame)),
                        follows_s if time_s is None else time_s - self.start_s,
                    )

    def upright(self, planes: Planes) -> Planes:
        """The planes of a stored picture, turned as they are to be shown."""
        if self.turn == Turn():
            return planes
        y, u, v = (self.turn.apply(plane[..., None])[..., 0] for plane in planes)
        return y, u, v

    def voice(self) -> NDArray[np.int16] | None:
        """The sound, int16 (samples,) mono at 16 kHz, sample 0 at the first picture; None where there is none."""
        with open_container(self.path) as container:
            stream = sound_stream(container)
            return None if stream is None else decode_voice(container, stream, self.start_s, DecodeTally())

    def _time_s(self, packet: Packet[VideoStream], number: int) -> float:
        if packet.pts is None or packet.time_base is None:
            return number * self.interval_s
        return float(packet.pts * packet.time_base) - self.start_s


def open_video(path: Path) -> VideoFile:
    """Opens anything that FFmpeg reads, raw H.264 too; decodes its first picture.

    Raises:
        ClipError: missing, empty, truncated, corrupt, not a video, without one picture, or absurdly large.
    """
    with open_container(path) as container:
        stream = picture_stream(container, path)
        first = next(
            (
                frame
                for frame in decoded(container, stream, DecodeTally(), MAX_PROBED_PACKETS)
                if isinstance(frame, VideoFrame)
            ),
            None,
        )
        if first is None:
            raise ClipError(f"{path} holds no picture that can be decoded: truncated, corrupt or empty.")
        turn = turn_of(first)
        interval_s = nominal_interval_s(stream)
        width, height = (first.height, first.width) if turn.transpose else (first.width, first.height)
        return VideoFile(
            path=path,
            codec=stream.codec.canonical_name,  # not its decoder's name: libdav1d decodes av1
            width=width,
            height=height,
            turn=turn,
            colour=_colour(first),
            interval_s=interval_s,
            start_s=frame_time_s(first) or 0.0,
            pictures_declared=stream.frames or _expected(stream, container, interval_s),
        )


def _packets(container: InputContainer, stream: VideoStream) -> Iterator[Packet[VideoStream]]:
    """Those of one stream, up to where the container breaks off."""
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
        except (StopIteration, av.error.FFmpegError):
            return
        if packet.size:
            yield packet


def _colour(frame: VideoFrame) -> Colour:
    if not frame.format.name.startswith("yuv"):
        return Colour(1, 6, 2, 2)  # what FFmpeg makes of RGB
    full = 2 if frame.format.name.startswith("yuvj") else int(frame.color_range) or 1
    return Colour(full, int(frame.colorspace), int(frame.color_primaries), int(frame.color_trc))


def _expected(stream: VideoStream, container: InputContainer, interval_s: float) -> int:
    if stream.duration is not None and stream.time_base is not None:
        return max(round(float(stream.duration * stream.time_base) / interval_s), 0)
    return 0 if container.duration is None else max(round(container.duration / 1e6 / interval_s), 0)
