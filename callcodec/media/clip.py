"""A recorded clip as the call wants it: pictures on an exact 25 FPS timeline, voice as mono 16 kHz."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av.error
import numpy as np
from av.audio.frame import AudioFrame
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from callcodec.media.container import (
    MAX_PROBED_PACKETS,
    ClipError,
    DecodeTally,
    decoded,
    frame_duration_s,
    frame_time_s,
    nominal_interval_s,
    open_container,
    picture_stream,
    sound_stream,
)
from callcodec.media.orientation import PictureConverter
from callcodec.media.sound import decode_voice
from callcodec.media.timeline import SLOT_S, Stamped, Timed, on_slots, steady_times

__all__ = ["Clip", "ClipError", "ClipFrame", "open_clip"]

_DURATION_TAG = re.compile(r"(\d+):(\d\d):(\d\d(?:\.\d+)?)")
"""How Matroska writes the length of one track: 00:00:01.400000000."""
_MISSING_PICTURE_S = 0.5
"""A picture track that ends this much before its declared end was cut short."""


@dataclass(frozen=True)
class ClipFrame:
    """One 40 ms slot: its number, its time after the clip's first picture, the picture shown, (H, W, 3)."""

    number: int
    time_s: float
    rgb: NDArray[np.uint8]


class Clip:
    """A clip that was found usable. Nothing stays open between calls; each pass reads the file again."""

    def __init__(
        self, path: Path, *, width: int, height: int, duration_s: float, start_s: float, has_audio: bool
    ) -> None:
        self.path = path
        self.width = width
        self.height = height
        self.duration_s = duration_s
        self.has_audio = has_audio
        self._start_s = start_s
        self._warnings: dict[str, None] = {}

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences about what is odd in the clip. Reading frames and audio may add some."""
        return tuple(self._warnings)

    def warn(self, sentence: str) -> None:
        """Keeps a sentence for `warnings`, once."""
        self._warnings.setdefault(sentence)

    def frames(self) -> Iterator[ClipFrame]:
        """Every 40 ms slot with the picture on the screen then; one decoded picture is held at a time.

        Raises:
            ClipError: the file vanished or changed so that it cannot be opened any more.
        """
        tally = DecodeTally()
        with open_container(self.path) as container:
            stream = picture_stream(container, self.path)
            declared_s = _declared_duration_s(container, stream)
            converter: PictureConverter | None = None
            shown: VideoFrame | None = None
            rgb: NDArray[np.uint8] | None = None
            slot = -1
            for slot, picture in on_slots(self._timed(container, stream, tally)):
                if converter is None:
                    converter = PictureConverter(picture, _pixel_aspect(stream))
                if rgb is None or picture is not shown:
                    rgb, shown = converter.convert(picture), picture
                yield ClipFrame(slot, slot * SLOT_S, rgb)
        self._judge(tally, (slot + 1) * SLOT_S, declared_s)

    def audio(self) -> NDArray[np.int16] | None:
        """The voice, int16 (samples,) at 16 kHz, sample 0 at the first picture; None where there is none."""
        if not self.has_audio:
            return None
        tally = DecodeTally()
        with open_container(self.path) as container:
            stream = sound_stream(container)
            if stream is None:
                return None
            pcm = decode_voice(container, stream, self._start_s, tally)
        if tally.broken_packets or tally.cut_off:
            self.warn(f"{self.path.name}: parts of the sound could not be decoded; they are silent.")
        return pcm

    def _timed(
        self, container: InputContainer, stream: VideoStream, tally: DecodeTally
    ) -> Iterator[Timed[VideoFrame]]:
        nominal_s = nominal_interval_s(stream)
        pictures = (
            Stamped(frame_time_s(frame), frame_duration_s(frame, nominal_s), frame)
            for frame in decoded(container, stream, tally)
            if isinstance(frame, VideoFrame)
        )
        return steady_times(
            pictures,
            lambda: self.warn(f"{self.path.name}: picture times jump; they were joined, sound may drift."),
        )

    def _judge(self, tally: DecodeTally, shown_s: float, declared_s: float | None) -> None:
        if tally.broken_packets:
            self.warn(
                f"{self.path.name}: pictures that could not be decoded were skipped ({tally.broken_packets})."
            )
        if tally.cut_off or (declared_s is not None and shown_s < declared_s - _MISSING_PICTURE_S):
            of = "" if declared_s is None else f" of {declared_s:.1f} s"
            self.warn(f"{self.path.name} is cut short: {shown_s:.1f} s{of} of picture could be read.")


def open_clip(path: str | os.PathLike[str]) -> Clip:
    """Opens a clip of any container, size, rate and rotation that FFmpeg reads; decodes its first picture.

    Raises:
        ClipError: missing, empty, truncated, corrupt, not a video, without one picture, or absurdly large.
    """
    path = Path(path)
    with open_container(path) as container:
        stream = picture_stream(container, path)
        first = _first_picture(container, stream)
        if first is None:
            raise ClipError(f"{path} holds no picture that can be decoded: truncated, corrupt or empty.")
        converter = PictureConverter(first, _pixel_aspect(stream))
        try:
            converter.convert(first)
        except (av.error.FFmpegError, ValueError) as error:
            raise ClipError(
                f"{path} holds pictures of a kind that cannot be shown ({first.format.name})."
            ) from error
        declared_s = _declared_duration_s(container, stream)
        duration_s = declared_s or _scanned_duration_s(path, nominal_interval_s(stream))
        has_audio = _has_sound(path)
        clip = Clip(
            path,
            width=converter.width,
            height=converter.height,
            duration_s=max(duration_s, SLOT_S),
            start_s=frame_time_s(first) or 0.0,
            has_audio=has_audio,
        )
    if not has_audio:
        clip.warn(f"{path.name} has no sound; the call will be silent.")
    return clip


def _first_picture(container: InputContainer, stream: VideoStream) -> VideoFrame | None:
    for frame in decoded(container, stream, DecodeTally(), MAX_PROBED_PACKETS):
        if isinstance(frame, VideoFrame):
            return frame
    return None


def _has_sound(path: Path) -> bool:
    with open_container(path) as container:
        stream = sound_stream(container)
        if stream is None:
            return False
        frames = decoded(container, stream, DecodeTally(), MAX_PROBED_PACKETS)
        return any(isinstance(frame, AudioFrame) and frame.samples > 0 for frame in frames)


def _declared_duration_s(container: InputContainer, stream: VideoStream) -> float | None:
    """Seconds of picture as the container declares them, None where it gives none or only the whole's."""
    if stream.duration is not None and stream.time_base is not None and stream.duration > 0:
        return float(stream.duration * stream.time_base)
    tagged = _DURATION_TAG.fullmatch(stream.metadata.get("DURATION", ""))
    if tagged:
        hours, minutes, seconds = (float(part) for part in tagged.groups())
        return hours * 3600 + minutes * 60 + seconds
    if len(container.streams) == 1 and container.duration is not None and container.duration > 0:
        return container.duration / 1_000_000
    return None


def _scanned_duration_s(path: Path, nominal_s: float) -> float:
    """Length by the times of all packets, for containers written while recording, which declare none."""
    first_s, last_s, count = None, 0.0, 0
    with open_container(path) as container:
        stream = picture_stream(container, path)
        for packet in container.demux(stream):
            if packet.size == 0:
                continue
            count += 1
            if packet.pts is not None and packet.time_base is not None:
                time_s = float(packet.pts * packet.time_base)
                first_s = time_s if first_s is None else min(first_s, time_s)
                last_s = max(last_s, time_s)
    return count * nominal_s if first_s is None else last_s - first_s + nominal_s


def _pixel_aspect(stream: VideoStream) -> float | None:
    aspect = stream.sample_aspect_ratio
    return float(aspect) if aspect else None
