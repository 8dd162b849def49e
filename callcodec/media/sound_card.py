"""Streams of the sound card, through PortAudio: opened, watched, and opened again when their device is back."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from typing import Any, Literal

from callcodec.media.devices import DeviceError, load_sounddevice
from callcodec.media.sound import VOICE_RATE_HZ

BLOCK_SAMPLES = VOICE_RATE_HZ // 50
CHECK_S = 0.5
LOST_AFTER_S = 1.5
"""A stream whose callback was not called for so long has lost its device: a card asks for a block every 20 ms."""
RETRY_S = 2.0
RESCAN_EVERY = 5
"""Attempts between two that disturb a stream that works. PortAudio lists the devices once, when it is initialised,
and to do that again ends every stream; a device that comes back under its old name needs no new list."""

Kind = Literal["InputStream", "OutputStream"]


class SoundStream:
    """One stream of a `SoundCard`. ``name``: of the device, for sentences."""

    def __init__(self, kind: Kind, name: str, callback: Callable[..., None]) -> None:
        self.kind: Kind = kind
        self.name = name
        self.called_s = 0.0
        self.missing = False
        self.native: Any = None
        self._callback = callback

    def called(self, now_s: float, *arguments: Any) -> None:
        """The card wants, or brings, a block."""
        self.called_s = now_s
        self._callback(*arguments)


class SoundCard:
    """Opens streams and looks after them in a thread of its own.

    ``library``: sounddevice, or what stands in for it in a test. ``say`` takes a sentence when a device goes or comes.
    """

    def __init__(
        self,
        library: Any = None,
        say: Callable[[str], None] = lambda _: None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._library = library
        self._say = say
        self._now = now
        self._streams: list[SoundStream] = []
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._next_try_s = 0.0
        self._tries = 0

    def open(self, kind: Kind, name: str, callback: Callable[..., None]) -> SoundStream:
        """A running stream of mono 16 kHz, int16, from or to the system's default device. DeviceError if there is none.

        ``callback``: as sounddevice calls it, on a thread of PortAudio's.
        """
        self._library = self._library or load_sounddevice()
        stream = SoundStream(kind, name, callback)
        with self._lock:
            try:
                self._start(stream)
            except self._library.PortAudioError as error:
                raise DeviceError(f"no {name} can be opened ({error})") from None
            self._streams.append(stream)
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, daemon=True)
            self._thread.start()
        return stream

    def release(self, stream: SoundStream) -> None:
        """Lets go of the device; may be called twice."""
        with self._lock:
            if stream in self._streams:
                self._streams.remove(stream)
                self._end(stream)

    def close(self) -> None:
        """Ends every stream."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=2)  # closing a device that is gone may hang in the driver
        for stream in list(self._streams):
            self.release(stream)

    def tend(self) -> None:
        """Notices devices that are gone and tries to open them again; called every CHECK_S."""
        with self._lock:
            now_s = self._now()
            for stream in self._streams:
                if not stream.missing and now_s - stream.called_s > LOST_AFTER_S:
                    self._lose(stream)
            missing = [stream for stream in self._streams if stream.missing]
            if not missing:
                self._tries = 0
            elif now_s >= self._next_try_s:
                self._next_try_s = now_s + RETRY_S
                self._tries += 1
                self._find(missing)

    def _run(self) -> None:
        while not self._stop.wait(CHECK_S):
            self.tend()

    def _start(self, stream: SoundStream) -> None:
        native = getattr(self._library, stream.kind)(
            samplerate=VOICE_RATE_HZ,
            channels=1,
            dtype="int16",
            blocksize=BLOCK_SAMPLES,
            callback=lambda *arguments: stream.called(self._now(), *arguments),
        )
        stream.native = native
        stream.called_s = self._now()
        native.start()

    def _lose(self, stream: SoundStream) -> None:
        self._end(stream)
        stream.missing = True
        self._say(f"The {stream.name} is gone; the call goes on without it until it is back.")

    def _end(self, stream: SoundStream) -> None:
        native, stream.native = stream.native, None
        if native is not None:
            with contextlib.suppress(self._library.PortAudioError):
                native.close()

    def _find(self, missing: list[SoundStream]) -> None:
        working = [stream for stream in self._streams if not stream.missing]
        if not working or self._tries % RESCAN_EVERY == 0:
            self._rescan(working)
            missing = missing + working
        for stream in missing:
            try:
                self._start(stream)
            except self._library.PortAudioError:
                self._end(stream)
                if not stream.missing:
                    self._lose(stream)
                continue
            if stream.missing:
                stream.missing = False
                self._say(f"The {stream.name} is back.")

    def _rescan(self, working: list[SoundStream]) -> None:
        for stream in working:
            self._end(stream)
        with contextlib.suppress(self._library.PortAudioError):
            # sounddevice has no public name for this; without it, no new device is ever seen.
            self._library._terminate()
            self._library._initialize()
