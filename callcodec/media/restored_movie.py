"""Writing restored pictures as an MP4: 4:2:0 planes at their own times, the sound of their source beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import TypeAlias

import av
import av.error
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from callcodec.media.container import DecodeTally, decoded, open_container, sound_stream
from callcodec.media.video_file import Planes, VideoFile

Part: TypeAlias = "Packet[AudioStream] | AudioFrame"
CLOCK_HZ = 90_000
CRF = 16
COPIED_SOUND = frozenset({"aac", "mp3", "ac3", "eac3", "opus", "flac", "alac"})
"""What MP4 holds and players play; other sound is encoded again."""
SOUND_BIT_RATE = 128_000
SOUND_AHEAD_S = 1.0


class RestoredMovie:
    """An MP4 that is being written; it stands under its name once it is whole.

    Pictures of odd sizes lose their last row or column, as H.264 in 4:2:0 wants it.
    """

    def __init__(
        self, path: Path, source: VideoFile, width: int, height: int, metadata: Mapping[str, str]
    ) -> None:
        """``width`` and ``height``: of the pictures. OSError where the file cannot be written."""
        if min(width, height) < 2:
            raise ValueError(f"a movie needs pictures of 2x2 pixels at least, not {width}x{height}")
        self._path, self._partial = path, path.with_name(path.name + ".part")
        self._width, self._height = width & ~1, height & ~1
        self._last_pts = -1
        self._shift_s = 0.0  # sound may begin before the first picture, and times must not be negative
        with ExitStack() as stack:
            stack.callback(self._partial.unlink, missing_ok=True)
            self._container: OutputContainer = stack.enter_context(
                av.open(str(self._partial.absolute()), "w", format="mp4", options={"movflags": "faststart"})
            )
            self._container.metadata.update(metadata)
            self._video = self._add_video(source)
            self._sound = None
            track = stack.enter_context(open_container(source.path))
            if sound_stream(track) is not None:
                self._sound = _Sound(self._container, source, track)
                self._shift_s = max(-self._sound.first_s, 0.0)
            self._stack = stack.pop_all()

    def __enter__(self) -> RestoredMovie:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._stack:
            if kind is None:
                self._container.mux(self._video.encode(None))
                if self._sound is not None:
                    self._sound.finish(self._shift_s)
                self._container.close()
                self._partial.replace(self._path)

    def write(self, planes: Planes, time_s: float) -> None:
        """The next picture; one that is not later than the one before follows it at once."""
        frame = VideoFrame(self._width, self._height, "yuv420p")
        for plane, samples in zip(frame.planes, planes, strict=True):
            rows = np.zeros((plane.height, plane.line_size), np.uint8)
            rows[:, : plane.width] = samples[: plane.height, : plane.width]
            plane.update(rows.tobytes())
        pts = max(round((time_s + self._shift_s) * CLOCK_HZ), self._last_pts + 1)
        frame.pts, frame.time_base, self._last_pts = pts, Fraction(1, CLOCK_HZ), pts
        self._container.mux(self._video.encode(frame))
        if self._sound is not None:
            self._sound.write_until(time_s + SOUND_AHEAD_S, self._shift_s)

    def _add_video(self, source: VideoFile) -> VideoStream:
        rate = Fraction(1 / max(source.interval_s, 1e-3)).limit_denominator(1001)
        stream = self._container.add_stream(
            "libx264", rate=rate, options={"crf": str(CRF), "preset": "veryfast"}
        )
        stream.width, stream.height, stream.pix_fmt = self._width, self._height, "yuv420p"
        context = stream.codec_context
        context.time_base = Fraction(1, CLOCK_HZ)
        colour = source.colour
        context.color_range, context.colorspace = colour.range, colour.matrix
        context.color_primaries, context.color_trc = colour.primaries, colour.transfer
        return stream


class _Sound:
    """The source's sound track, written along with the pictures."""

    def __init__(self, container: OutputContainer, source: VideoFile, track: InputContainer) -> None:
        self._container = container
        self._start_s = source.start_s
        found = sound_stream(track)
        if found is None:
            raise ValueError(f"{source.path} has no sound that can be decoded")
        self._parts: Iterator[Part]
        self._copies = found.codec.canonical_name in COPIED_SOUND
        if self._copies:
            self._stream = container.add_stream_from_template(found)
            self._parts = self._packets(track, found)
        else:
            self._stream = container.add_stream("aac", rate=found.codec_context.sample_rate, layout="stereo")
            self._stream.bit_rate = SOUND_BIT_RATE
            self._parts = self._frames(track, found)
        self._next = self._following()
        self.first_s = 0.0 if self._next is None else self._time_s(self._next)

    def write_until(self, end_s: float, shift_s: float) -> None:
        """All that begins before ``end_s`` after the first picture; times are written ``shift_s`` later."""
        while self._next is not None and self._time_s(self._next) < end_s:
            part = self._next
            if part.time_base is not None:
                part.pts = round((self._time_s(part) + shift_s) / part.time_base)
            if isinstance(part, AudioFrame):
                self._container.mux(self._stream.encode(part))
            else:
                part.dts, part.stream = part.pts, self._stream
                self._container.mux(part)
            self._next = self._following()

    def finish(self, shift_s: float) -> None:
        """The rest."""
        self.write_until(float("inf"), shift_s)
        if not self._copies:
            self._container.mux(self._stream.encode(None))

    def _following(self) -> Part | None:
        for part in self._parts:
            return part
        return None

    def _time_s(self, part: Part) -> float:
        if part.pts is None or part.time_base is None:
            return 0.0
        return float(part.pts * part.time_base) - self._start_s

    def _packets(self, track: InputContainer, found: AudioStream) -> Iterator[Packet[AudioStream]]:
        packets = track.demux(found)
        while True:
            try:
                packet = next(packets)
            except (StopIteration, av.error.FFmpegError):
                return
            if packet.size and packet.pts is not None:
                yield packet

    def _frames(self, track: InputContainer, found: AudioStream) -> Iterator[AudioFrame]:
        resampler = AudioResampler("fltp", "stereo", found.codec_context.sample_rate)
        for frame in decoded(track, found, DecodeTally()):
            if isinstance(frame, AudioFrame) and frame.samples and frame.pts is not None:
                yield from resampler.resample(frame)
        yield from resampler.resample(None)
