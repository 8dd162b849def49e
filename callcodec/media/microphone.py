"""The microphone, through PortAudio."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from callcodec.media.devices import DeviceError, load_sounddevice
from callcodec.media.sample_buffer import SampleBuffer
from callcodec.media.sound import VOICE_RATE_HZ

BLOCK_SAMPLES = VOICE_RATE_HZ // 50
MAX_BEHIND_SAMPLES = VOICE_RATE_HZ // 4
"""A microphone further behind has stalled: silence takes its place until it is back."""
KEPT_BEHIND_SAMPLES = VOICE_RATE_HZ // 20


class Microphone:
    """Mono 16 kHz, from when it is opened. ``library``: sounddevice, or what stands in for it in a test."""

    def __init__(self, library: Any = None) -> None:
        """Opens the system's default microphone. DeviceError if there is none."""
        self._buffer = SampleBuffer(MAX_BEHIND_SAMPLES)
        self._given_samples = 0
        self._begun = False
        library = library or load_sounddevice()
        try:
            self._stream = library.InputStream(
                samplerate=VOICE_RATE_HZ,
                channels=1,
                dtype="int16",
                blocksize=BLOCK_SAMPLES,
                callback=self._take,
            )
            self._stream.start()
        except library.PortAudioError as error:
            raise DeviceError(
                f"no microphone can be opened ({error}); --audio FILE or --audio none does without"
            ) from None

    def voice(self, until_s: float) -> NDArray[np.int16]:
        """What was heard since the last call, so that the whole never goes beyond `until_s`."""
        if not self._begun:
            self._begun = True
            self._buffer.clear()  # what was said before the call
        due = max(0, int(until_s * VOICE_RATE_HZ) - self._given_samples)
        pcm = self._buffer.pull(due)
        if due - len(pcm) > MAX_BEHIND_SAMPLES:
            silence = np.zeros(due - len(pcm) - KEPT_BEHIND_SAMPLES, np.int16)
            pcm = np.concatenate([pcm, silence])
        self._given_samples += len(pcm)
        return pcm

    def finished(self, now_s: float) -> bool:  # noqa: ARG002
        """Never."""
        return False

    def close(self) -> None:
        """Lets go of the device."""
        self._stream.close()

    def _take(self, pcm: NDArray[np.int16], _frames: int, _time: object, _status: object) -> None:
        self._buffer.push(pcm[:, 0])
