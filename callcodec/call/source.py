"""Where a sender's pictures and voice come from: clips and sound files, played as if they happened now, or devices."""

import queue
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from callcodec.media.clip import ClipFrame, open_clip
from callcodec.speech import SAMPLE_RATE_HZ

PREFETCH_FRAMES = 25  # one second; a 1080p picture takes 6 MB


class _Ending(Protocol):
    def finished(self, now_s: float) -> bool:
        """Whether nothing more will come."""
        ...

    def close(self) -> None:
        """Release what the source holds."""
        ...


class PictureSource(_Ending, Protocol):
    """Pictures on a timeline that starts at 0."""

    def pictures(self, until_s: float) -> list[ClipFrame]:
        """The pictures captured up to and including ``until_s`` that were not given yet."""
        ...


class VoiceSource(_Ending, Protocol):
    """Voice on a timeline that starts at 0."""

    def voice(self, until_s: float) -> NDArray[np.int16]:
        """The mono 16 kHz samples up to ``until_s`` that were not given yet."""
        ...


class Source(PictureSource, VoiceSource, Protocol):
    """Pictures and voice on one timeline."""


class SilentSource:
    """A side that only listens: no camera, and silence where the microphone would be."""

    def __init__(self) -> None:
        self._given_samples = 0

    def pictures(self, until_s: float) -> list[ClipFrame]:  # noqa: ARG002
        """None."""
        return []

    def voice(self, until_s: float) -> NDArray[np.int16]:
        """Zeros."""
        count = max(0, int(until_s * SAMPLE_RATE_HZ) - self._given_samples)
        self._given_samples += count
        return np.zeros(count, np.int16)

    def finished(self, now_s: float) -> bool:  # noqa: ARG002
        """Never: the other side hangs up."""
        return False

    def close(self) -> None:
        """Nothing to release."""


class SoundSource:
    """Recorded sound, mono 16 kHz, followed by silence."""

    def __init__(self, pcm: NDArray[np.int16]) -> None:
        self._pcm = pcm
        self._given_samples = 0

    def voice(self, until_s: float) -> NDArray[np.int16]:
        """See VoiceSource."""
        count = max(0, int(until_s * SAMPLE_RATE_HZ) - self._given_samples)
        piece = self._pcm[self._given_samples : self._given_samples + count]
        self._given_samples += count
        return np.concatenate([piece, np.zeros(count - len(piece), np.int16)])

    def finished(self, now_s: float) -> bool:
        """True after the last sample."""
        return now_s * SAMPLE_RATE_HZ >= len(self._pcm)

    def close(self) -> None:
        """Nothing to release."""


class PairedSource:
    """Pictures of one source with the voice of another. It is finished when ``end`` is, which is one of the two."""

    def __init__(self, pictures: PictureSource, voice: VoiceSource, end: PictureSource | VoiceSource) -> None:
        self._pictures = pictures
        self._voice = voice
        self._end = end

    def pictures(self, until_s: float) -> list[ClipFrame]:
        """See Source."""
        return self._pictures.pictures(until_s)

    def voice(self, until_s: float) -> NDArray[np.int16]:
        """See Source."""
        return self._voice.voice(until_s)

    def finished(self, now_s: float) -> bool:
        """See Source."""
        return self._end.finished(now_s)

    def close(self) -> None:
        """Release both."""
        self._pictures.close()
        self._voice.close()


class ClipSource:
    """A recorded clip. ``limit_s`` ends it early; ``prefetch`` decodes ahead in a thread, for a call in real time."""

    def __init__(self, path: Path, limit_s: float | None = None, prefetch: bool = False) -> None:
        self._clip = open_clip(path)
        audio = self._clip.audio()
        self._sound = SoundSource(np.zeros(0, np.int16) if audio is None else audio)
        self._limit_s = limit_s
        frames = self._clip.frames()
        self._prefetcher = Prefetcher(frames) if prefetch else None
        self._frames: Iterator[ClipFrame] = iter(self._prefetcher) if self._prefetcher else frames
        self._next: ClipFrame | None = next(self._frames, None)

    def pictures(self, until_s: float) -> list[ClipFrame]:
        """See Source."""
        due: list[ClipFrame] = []
        while (
            self._next is not None
            and self._next.time_s <= until_s + 1e-9
            and not self._over(self._next.time_s)
        ):
            due.append(self._next)
            self._next = next(self._frames, None)
        return due

    def voice(self, until_s: float) -> NDArray[np.int16]:
        """See Source; silence after the end of the clip's sound."""
        return self._sound.voice(until_s)

    def finished(self, now_s: float) -> bool:
        """True once the last picture was given."""
        return self._next is None or self._over(now_s)

    def close(self) -> None:
        """Stop decoding ahead."""
        if self._prefetcher is not None:
            self._prefetcher.close()

    def _over(self, time_s: float) -> bool:
        return self._limit_s is not None and time_s >= self._limit_s


class Prefetcher:
    """Runs an iterator in a thread, at most PREFETCH_FRAMES ahead. An exception in it is raised by the consumer."""

    def __init__(self, frames: Iterator[ClipFrame]) -> None:
        self._queue: queue.Queue[ClipFrame | BaseException | None] = queue.Queue(PREFETCH_FRAMES)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(frames,), daemon=True)
        self._thread.start()

    def __iter__(self) -> Iterator[ClipFrame]:
        while True:
            item = self._queue.get()
            if item is None:
                return
            if isinstance(item, BaseException):
                raise item
            yield item

    def close(self) -> None:
        """End the thread."""
        self._stop.set()
        self._thread.join(timeout=5)

    def _run(self, frames: Iterator[ClipFrame]) -> None:
        try:
            for frame in frames:
                if not self._put(frame):
                    return
            self._put(None)
        except Exception as error:  # handed to the consumer, who raises it
            self._put(error)

    def _put(self, item: ClipFrame | BaseException | None) -> bool:
        while not self._stop.is_set():
            try:
                self._queue.put(item, timeout=0.1)
            except queue.Full:
                continue
            return True
        return False
