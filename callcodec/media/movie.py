"""Writing an MP4 that every player shows: H.264 in yuv420p with AAC sound, its index at the front."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from callcodec.media.sound import VOICE_RATE_HZ
from callcodec.media.timeline import FRAMES_PER_SECOND

_BT601 = 6
"""SMPTE 170M, what every converter assumes for a small picture: tagged, so that none has to assume."""
_BT709_TRANSFER = 1
_LIMITED_RANGE = 1
_SOUND_BLOCK_SAMPLES = 1024


def write_movie(
    path: str | os.PathLike[str],
    frames: Iterable[NDArray[np.uint8]],
    pcm: NDArray[np.int16] | None,
    *,
    fps: int = FRAMES_PER_SECOND,
    crf: int = 18,
    metadata: Mapping[str, str] | None = None,
) -> None:
    """Writes pictures and voice to `path`; both start at 0. A half-written file never stands under that name.

    Args:
        frames: uint8 (H, W, 3), all of the first one's size. An odd side loses its last row or column.
        pcm: int16 (samples,) mono at 16 kHz, or None for a silent movie.
        crf: H.264's constant rate factor, 18 is near to indistinguishable.
        metadata: title, comment and the like.

    Raises:
        ValueError: no picture at all, or pictures of different sizes.
        OSError: the file cannot be written.
    """
    path = Path(path)
    partial = path.with_name(path.name + ".part")
    try:
        # use_metadata_tags would keep any key but hide the usual ones from players.
        with av.open(
            str(partial.absolute()), "w", format="mp4", options={"movflags": "faststart"}
        ) as container:
            container.metadata.update(metadata or {})
            _write_streams(container, iter(frames), pcm, fps, crf)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _write_streams(
    container: OutputContainer,
    frames: Iterator[NDArray[np.uint8]],
    pcm: NDArray[np.int16] | None,
    fps: int,
    crf: int,
) -> None:
    first = next(frames, None)
    if first is None:
        raise ValueError("a movie needs one picture at least")
    height, width = first.shape[0] & ~1, first.shape[1] & ~1
    if not height or not width:
        raise ValueError(
            f"a movie needs pictures of 2x2 pixels at least, not {first.shape[1]}x{first.shape[0]}"
        )
    video = add_video(container, width, height, fps, crf, {"preset": "veryfast"})
    sound = None if pcm is None else SoundWriter(container)
    voice = np.zeros(0, np.int16) if pcm is None else pcm
    given = 0
    rgb: NDArray[np.uint8] | None = first
    number = 0
    while rgb is not None:
        if rgb.shape != first.shape:
            raise ValueError(f"picture {number} is {rgb.shape}, the first one was {first.shape}")
        picture = VideoFrame.from_ndarray(np.ascontiguousarray(rgb[:height, :width]), "rgb24")
        picture.pts, picture.time_base = number, Fraction(1, fps)
        encode_picture(container, video, picture)
        number += 1
        if sound is not None:
            # In step with the pictures, so that the file is well interleaved.
            due = number * VOICE_RATE_HZ // fps
            sound.push(voice[given:due])
            given = due
        rgb = next(frames, None)
    container.mux(video.encode(None))
    if sound is not None:
        sound.push(voice[given:])
        sound.finish()


def add_video(
    container: OutputContainer, width: int, height: int, fps: int, crf: int, options: Mapping[str, str]
) -> VideoStream:
    """An H.264 stream in yuv420p, tagged with its colours. ``options``: of libx264, beside the rate factor."""
    stream = container.add_stream("libx264", rate=fps, options={"crf": str(crf), **options})
    stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
    stream.codec_context.time_base = Fraction(1, fps)
    stream.codec_context.colorspace = _BT601
    stream.codec_context.color_primaries = _BT709_TRANSFER
    stream.codec_context.color_trc = _BT709_TRANSFER
    stream.codec_context.color_range = _LIMITED_RANGE
    return stream


def encode_picture(container: OutputContainer, stream: VideoStream, picture: VideoFrame) -> None:
    """Encodes one RGB picture in the colours that `add_video` tags."""
    container.mux(stream.encode(picture.reformat(format="yuv420p", dst_colorspace="ITU601", threads=1)))


class SoundWriter:
    """Feeds mono 16 kHz voice to an AAC encoder, in whole blocks."""

    def __init__(self, container: OutputContainer) -> None:
        self._container = container
        self._stream: AudioStream = container.add_stream("aac", rate=VOICE_RATE_HZ, layout="mono")
        self._stream.bit_rate = 64_000
        self._waiting = np.zeros(0, np.int16)
        self._written = 0

    def push(self, pcm: NDArray[np.int16]) -> None:
        """Encodes what makes whole blocks; the rest waits."""
        self._waiting = np.concatenate([self._waiting, pcm])
        while len(self._waiting) >= _SOUND_BLOCK_SAMPLES:
            self._encode(self._waiting[:_SOUND_BLOCK_SAMPLES])
            self._waiting = self._waiting[_SOUND_BLOCK_SAMPLES:]

    def finish(self) -> None:
        """Encodes the rest."""
        if len(self._waiting):
            self._encode(self._waiting)
            self._waiting = self._waiting[:0]
        self._container.mux(self._stream.encode(None))

    def _encode(self, pcm: NDArray[np.int16]) -> None:
        block = AudioFrame.from_ndarray(np.ascontiguousarray(pcm).reshape(1, -1), "s16", "mono")
        block.sample_rate = VOICE_RATE_HZ
        block.pts, block.time_base = self._written, Fraction(1, VOICE_RATE_HZ)
        self._container.mux(self._stream.encode(block))
        self._written += pcm.size
