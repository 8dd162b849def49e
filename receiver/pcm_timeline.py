"""Decoded voice on the sender's timeline: what was heard a moment ago, and what is ready to be heard."""

import numpy as np
from numpy.typing import NDArray

Pcm = NDArray[np.int16]

HISTORY_SAMPLES = 32_000
"""2 s at 16 kHz stay readable behind playout: the networks' voice window and a splice look back."""


class PcmTimeline:
    """A gapless stretch of int16 samples; sample i stands at media time i / 16,000 s."""

    def __init__(self, start: int) -> None:
        self.start = start
        self._pcm = np.zeros(0, np.int16)

    @property
    def end(self) -> int:
        """The first sample that is not there yet."""
        return self.start + len(self._pcm)

    def append(self, pcm: Pcm) -> None:
        """Continues the timeline."""
        self._pcm = np.concatenate([self._pcm, pcm])

    def replace_from(self, index: int, pcm: Pcm, fade: int) -> None:
        """What stands from `index` on gives way to `pcm`, blended over up to `fade` samples."""
        index = max(index, self.start)
        kept, given_up = self._pcm[: index - self.start], self._pcm[index - self.start :]
        blended = pcm.copy()
        count = min(fade, len(given_up), len(pcm))
        if count:
            weight = np.arange(1, count + 1) / (count + 1)
            blended[:count] = np.rint(given_up[:count] * (1 - weight) + pcm[:count] * weight)
        self._pcm = np.concatenate([kept, blended])

    def read(self, index: int, count: int) -> Pcm:
        """`count` samples from `index` on, (count,); silence where the timeline has nothing."""
        out = np.zeros(count, np.int16)
        first, last = max(index, self.start), min(index + count, self.end)
        if first < last:
            out[first - index : last - index] = self._pcm[first - self.start : last - self.start]
        return out

    def forget_before(self, index: int) -> None:
        """Drops history in strides, so that not every read has to move the rest."""
        surplus = index - HISTORY_SAMPLES - self.start
        if surplus > HISTORY_SAMPLES:
            self._pcm = self._pcm[surplus:].copy()
            self.start += surplus
