"""Opening a media file that came from anywhere, and decoding it without believing what it declares."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import av
import av.error
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.frame import Frame
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

MAX_SIDE_PX = 16_384
"""Longest side of a picture that is decoded at all: twice 8K."""
MAX_PIXELS = 1 << 26
"""Most pixels of a picture that is decoded at all (8K has 2^25, and a decoder holds several pictures)."""
MAX_PROBED_PACKETS = 2_000
"""Packets without a single decodable picture after which a file counts as broken."""

# Demuxers that are no recordings: playlists reach out to other files, `tty` draws any text as a picture.
_REFUSED_FORMATS = frozenset({"tty", "bin", "hls", "concat", "dash", "sdp", "imf", "adf", "idf", "xbin"})


class ClipError(ValueError):
    """A clip that cannot be used; the message is a whole sentence for the person who named it."""


def open_container(path: Path) -> InputContainer:
    """Opens a local media file.

    Raises:
        ClipError: missing, a folder, unreadable, empty, no media, truncated before its index, or a playlist.
    """
    if path.is_dir():
        raise ClipError(f"{path} is a folder; name the video file inside it.")
    if not path.exists():
        raise ClipError(f"{path} does not exist.")
    if not os.access(path, os.R_OK):
        raise ClipError(f"{path} cannot be read; check its permissions.")
    if path.stat().st_size == 0:
        raise ClipError(f"{path} is empty (0 bytes).")
    try:
        # An absolute path, since FFmpeg would take "a:b.mp4" for a protocol; and no protocol but files.
        container = av.open(
            str(path.absolute()),
            "r",
            container_options={"protocol_whitelist": "file"},
            metadata_errors="replace",
        )
    except av.error.FFmpegError as error:
        raise ClipError(
            f"{path} is not a video that can be opened: another kind of file, truncated or corrupt "
            f"({error.strerror})."
        ) from error
    refused = _REFUSED_FORMATS.intersection(container.format.name.split(","))
    if refused:
        container.close()
        raise ClipError(f"{path} is not a video; it reads as {container.format.long_name}.")
    return container


def picture_stream(container: InputContainer, path: Path) -> VideoStream:
    """The moving picture of a container, its decoder told to refuse anything over `MAX_PIXELS`.

    Raises:
        ClipError: there is none (sound only, cover art), no decoder for it, or its size is absurd.
    """
    moving = [s for s in container.streams.video if not s.disposition & type(s.disposition).attached_pic]
    if not moving:
        kind = "only sound" if container.streams.audio else "no picture"
        raise ClipError(f"{path} holds {kind}; a clip needs a video stream.")
    stream = moving[0]
    context = getattr(stream, "codec_context", None)
    if context is None:
        raise ClipError(f"{path} holds video of a kind that this FFmpeg build cannot decode.")
    check_size(context.width, context.height, path)
    context.options = {**context.options, "max_pixels": str(MAX_PIXELS)}
    if context.width * context.height > 1_000_000:
        context.thread_type = "AUTO"
    return stream


def sound_stream(container: InputContainer) -> AudioStream | None:
    """The first sound stream that has a decoder, or None."""
    for stream in container.streams.audio:
        if getattr(stream, "codec_context", None) is not None:
            return stream
    return None


def check_size(width: int, height: int, path: Path) -> None:
    """Raises ClipError where a picture of this size is not decoded. 0 means not known yet and passes."""
    if width > MAX_SIDE_PX or height > MAX_SIDE_PX or width * height > MAX_PIXELS:
        raise ClipError(
            f"{path} has pictures of {width}x{height} pixels; at most {MAX_SIDE_PX} a side and "
            f"{MAX_PIXELS // 1_000_000} million in all can be used."
        )


class DecodeTally:
    """What went wrong while a stream was decoded, counted for a warning."""

    def __init__(self) -> None:
        self.broken_packets = 0
        self.cut_off = False


def decoded(
    container: InputContainer,
    stream: VideoStream | AudioStream,
    tally: DecodeTally,
    max_packets: int | None = None,
) -> Iterator[Frame]:
    """Every frame of one stream that can be decoded, in presentation order; broken packets are tallied."""
    packets = container.demux(stream)
    count = 0
    while max_packets is None or count < max_packets:
        count += 1
        try:
            packet = next(packets)
        except StopIteration:
            return
        except av.error.FFmpegError:
            tally.cut_off = True
            yield from _flushed(stream)
            return
        try:
            for frame in packet.decode():
                if isinstance(frame, Frame):
                    yield frame
        except av.error.EOFError:
            return
        except av.error.FFmpegError:
            tally.broken_packets += 1


def _flushed(stream: VideoStream | AudioStream) -> Iterator[Frame]:
    """What the decoder still holds after the container broke off."""
    try:
        yield from stream.decode(None)
    except av.error.FFmpegError:
        return


def frame_time_s(frame: Frame) -> float | None:
    """Presentation time in seconds on the container's clock, None where the file carries none."""
    stamp = frame.pts if frame.pts is not None else frame.dts
    if stamp is None or frame.time_base is None:
        return None
    return float(stamp * frame.time_base)


def nominal_interval_s(stream: VideoStream) -> float:
    """Seconds between two pictures as the container declares them; 40 ms where it declares nonsense."""
    for rate in (stream.average_rate, stream.guessed_rate):
        if rate is not None and 0.1 <= rate <= 10_000:
            return 1.0 / float(rate)
    return 0.04


def frame_duration_s(frame: VideoFrame, nominal_s: float) -> float:
    """How long a picture stays on the screen, from its own duration where it has one."""
    if frame.duration and frame.time_base is not None:
        return float(frame.duration * frame.time_base)
    return nominal_s
