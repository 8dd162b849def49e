"""The speaker."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from callcodec.media.sample_buffer import SampleBuffer
from callcodec.media.sound import VOICE_RATE_HZ
from callcodec.media.sound_card import SoundCard

FIRST_SAMPLES = VOICE_RATE_HZ * 60 // 1000
"""Kept in hand, so that a late step of the call is not heard."""
LIMIT_SAMPLES = VOICE_RATE_HZ * 200 // 1000

Pcm = NDArray[np.int16]


class Speaker:
    """Mono 16 kHz. ``sounded`` is told each block that goes to the card, silence too."""

    def __init__(self, card: SoundCard, sounded: Callable[[Pcm], None] | None = None) -> None:
        """Opens the system's default speaker. DeviceError if there is none."""
        self._card = card
        self._sounded = sounded
        self._buffer = SampleBuffer(LIMIT_SAMPLES)
        self._sounding = False
        self._stream = card.open("OutputStream", "speaker", self._give)

    def play(self, pcm: Pcm) -> None:
        """Queues samples; when the card is slower than the call, or gone, the oldest are left out."""
        self._buffer.push(pcm)

    def close(self) -> None:
        """Lets go of the device."""
        self._card.release(self._stream)

    def _give(self, out: Pcm, frames: int, _time: object, _status: object) -> None:
        self._sounding = self._sounding or len(self._buffer) >= FIRST_SAMPLES
        pcm = self._buffer.pull(frames) if self._sounding else np.zeros(0, np.int16)
        out[: len(pcm), 0] = pcm
        out[len(pcm) :, 0] = 0
        self._sounding = self._sounding and len(pcm) == frames
        if self._sounded is not None:
            self._sounded(out[:, 0])
