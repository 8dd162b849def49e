"""A film that grows while it is being shot, and can be played even if its writer is killed."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import av
import av.error
import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from callcodec.media.movie import SoundWriter, add_video, encode_picture
from callcodec.media.timeline import FRAMES_PER_SECOND

FRAGMENT_PICTURES = FRAMES_PER_SECOND
"""A second: what a kill may cost at the end."""
_FRAGMENTED = {"movflags": "frag_keyframe+empty_moov+default_base_moof", "flush_packets": "1"}
_CODEC_OPTIONS = {"preset": "superfast", "tune": "zerolatency", "g": str(FRAGMENT_PICTURES)}
"""1 ms a picture of 256×256, next to a network that takes 40."""


class FilmWriter:
    """Pictures at 25 a second and voice, both from 0 on, into a fragmented MP4; one fragment a second."""

    def __init__(
        self,
        path: str | os.PathLike[str],
        width: int,
        height: int,
        metadata: Mapping[str, str] | None = None,
        crf: int = 20,
    ) -> None:
        """Even sides. OSError where the file cannot be written."""
        self._path = Path(path)
        with _as_os_error():
            self._container = av.open(
                str(self._path.absolute()), "w", format="mp4", options=dict(_FRAGMENTED)
            )
            self._container.metadata.update(metadata or {})
            self._video = add_video(self._container, width, height, FRAMES_PER_SECOND, crf, _CODEC_OPTIONS)
            self._video.codec_context.thread_count = 1
            self._sound = SoundWriter(self._container)
        self._pictures = 0
        self._last: tuple[int, NDArray[np.uint8]] | None = None
        self._closed = False

    def picture(self, rgb: NDArray[np.uint8]) -> None:
        """The (H, W, 3) RGB picture of the next 40 ms. OSError where it cannot be written."""
        self._encode(rgb, self._pictures)
        self._last = (self._pictures, rgb)
        self._pictures += 1

    def skip(self) -> None:
        """The picture before stays for another 40 ms."""
        self._pictures += 1

    def voice(self, pcm: NDArray[np.int16]) -> None:
        """The next mono 16 kHz samples. OSError where they cannot be written."""
        with _as_os_error():
            self._sound.push(pcm)

    def close(self) -> None:
        """Finish the file, and put its index at the front. OSError where it ends early. May be called twice."""
        if self._closed:
            return
        self._closed = True
        if self._last is not None and self._last[0] < self._pictures - 1:
            self._encode(self._last[1], self._pictures - 1)  # else the film would end with that picture
        with _as_os_error():
            try:
                self._container.mux(self._video.encode(None))
                self._sound.finish()
            finally:
                self._container.close()
        # The fragments can be played as they are; where the disk is too full for a copy they stay.
        with contextlib.suppress(OSError, av.error.FFmpegError):
            _index_to_front(self._path)

    def _encode(self, rgb: NDArray[np.uint8], number: int) -> None:
        picture = VideoFrame.from_ndarray(np.ascontiguousarray(rgb), "rgb24")
        picture.pts, picture.time_base = number, Fraction(1, FRAMES_PER_SECOND)
        with _as_os_error():
            encode_picture(self._container, self._video, picture)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@contextlib.contextmanager
def _as_os_error() -> Iterator[None]:
    """PyAV's own errors as OSError, which a full disk is in any case."""
    try:
        yield
    except av.error.FFmpegError as error:
        raise OSError(error.errno, error.strerror) from error


def _index_to_front(path: Path) -> None:
    partial = path.with_name(path.name + ".part")
    try:
        with (
            av.open(str(path.absolute())) as fragments,
            av.open(str(partial.absolute()), "w", format="mp4", options={"movflags": "faststart"}) as whole,
        ):
            whole.metadata.update(fragments.metadata)
            streams = {stream.index: whole.add_stream_from_template(stream) for stream in fragments.streams}
            for packet in fragments.demux():
                if packet.dts is not None:
                    packet.stream = streams[packet.stream_index]
                    whole.mux(packet)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
