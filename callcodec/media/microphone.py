"""The microphone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from callcodec.media.devices import DeviceError
from callcodec.media.sample_buffer import SampleBuffer
from callcodec.media.sound import VOICE_RATE_HZ
from callcodec.media.sound_card import SoundCard

MAX_BEHIND_SAMPLES = VOICE_RATE_HZ // 4
"""A microphone further behind has stalled, or is gone: silence takes its place until it is back."""
KEPT_BEHIND_SAMPLES = VOICE_RATE_HZ // 20

Pcm = NDArray[np.int16]


class Microphone:
    """Mono 16 kHz, from when it is opened. ``clean`` takes each block as it was heard and gives what is to be sent."""

    def __init__(self, card: SoundCard, clean: Callable[[Pcm], Pcm] | None = None) -> None:
        """Opens the system's default microphone. DeviceError if there is none."""
        self._card = card
        self._clean = clean
        self._buffer = SampleBuffer(MAX_BEHIND_SAMPLES)
        self._given_samples = 0
        self._begun = False
        try:
            self._stream = card.open("InputStream", "microphone", self._take)
        except DeviceError as error:
            raise DeviceError(f"{error}; --audio FILE or --audio none does without") from None

    def voice(self, until_s: float) -> Pcm:
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
        self._card.release(self._stream)

    def _take(self, pcm: Pcm, _frames: int, _time: object, _status: object) -> None:
        heard = pcm[:, 0]
        self._buffer.push(heard if self._clean is None else self._clean(heard))
