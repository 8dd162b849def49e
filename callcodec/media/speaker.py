"""The speaker, through PortAudio."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from callcodec.media.devices import DeviceError, load_sounddevice
from callcodec.media.sample_buffer import SampleBuffer
from callcodec.media.sound import VOICE_RATE_HZ

BLOCK_SAMPLES = VOICE_RATE_HZ // 50
FIRST_SAMPLES = VOICE_RATE_HZ * 60 // 1000
"""Kept in hand, so that a late step of the call is not heard."""
LIMIT_SAMPLES = VOICE_RATE_HZ * 200 // 1000


class Speaker:
    """Mono 16 kHz. ``library``: sounddevice, or what stands in for it in a test."""

    def __init__(self, library: Any = None) -> None:
        """Opens the system's default speaker. DeviceError if there is none."""
        self._buffer = SampleBuffer(LIMIT_SAMPLES)
        self._sounding = False
        library = library or load_sounddevice()
        try:
            self._stream = library.OutputStream(
                samplerate=VOICE_RATE_HZ,
                channels=1,
                dtype="int16",
                blocksize=BLOCK_SAMPLES,
                callback=self._give,
            )
            self._stream.start()
        except library.PortAudioError as error:
            raise DeviceError(f"no speaker can be opened ({error})") from None

    def play(self, pcm: NDArray[np.int16]) -> None:
        """Queues samples; when the card is slower than the call, the oldest are left out."""
        self._buffer.push(pcm)

    def close(self) -> None:
        """Lets go of the device."""
        self._stream.close()

    def _give(self, out: NDArray[np.int16], frames: int, _time: object, _status: object) -> None:
        self._sounding = self._sounding or len(self._buffer) >= FIRST_SAMPLES
        pcm = self._buffer.pull(frames) if self._sounding else np.zeros(0, np.int16)
        out[: len(pcm), 0] = pcm
        out[len(pcm) :, 0] = 0
        self._sounding = self._sounding and len(pcm) == frames
