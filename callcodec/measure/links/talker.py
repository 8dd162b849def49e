"""A person for simulated calls of any length: the bundled sample, cut to its face once, over and over."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from callcodec.face.crop import FaceCropper
from callcodec.media.clip import ClipFrame, open_clip
from callcodec.sample import sample_clip
from callcodec.speech import SAMPLE_RATE_HZ

PICTURES_PER_S = 5


class Talker:
    """A Source. ``ppm``: how much faster its clocks run than everybody else's."""

    def __init__(self, pictures: list[NDArray[np.uint8]], voice: NDArray[np.int16], ppm: float = 0.0) -> None:
        self._pictures = pictures
        self._voice = voice
        self._pace = 1 + ppm * 1e-6
        self._given_pictures = 0
        self._given_samples = 0

    def pictures(self, until_s: float) -> list[ClipFrame]:
        """See Source."""
        due: list[ClipFrame] = []
        while self._given_pictures <= until_s * self._pace * PICTURES_PER_S + 1e-9:
            number = self._given_pictures
            picture = self._pictures[number % len(self._pictures)]
            due.append(ClipFrame(5 * number, number / PICTURES_PER_S, picture))
            self._given_pictures += 1
        return due

    def voice(self, until_s: float) -> NDArray[np.int16]:
        """See Source."""
        begin, end = self._given_samples, int(until_s * self._pace * SAMPLE_RATE_HZ)
        self._given_samples = max(begin, end)
        return self._voice[np.arange(begin, self._given_samples) % len(self._voice)]

    def finished(self, now_s: float) -> bool:  # noqa: ARG002
        """Never."""
        return False

    def close(self) -> None:
        """Nothing to release."""


def sample_talker(ppm: float = 0.0) -> Talker:
    """The bundled sample's face and voice."""
    clip = open_clip(sample_clip())
    cropper = FaceCropper()
    step = 25 // PICTURES_PER_S
    pictures = [
        cropper.crop(frame.rgb, frame.number).rgb for frame in clip.frames() if frame.number % step == 0
    ]
    voice = clip.audio()
    return Talker(pictures, np.zeros(SAMPLE_RATE_HZ, np.int16) if voice is None else voice, ppm)
