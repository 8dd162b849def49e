"""Training samples for frame interpolation and for the prediction of now: windows of five keys, drawn at random."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from callcodec.speech.mel import MEL_WINDOW_FRAMES
from models.training.cache import ClipCache
from models.training.data import MEL_FRAMES_PER_PICTURE, SILENCE
from models.training.stretches import KEYS, LEAD_IN, SPAN, Array, Stretch, StretchSource
from models.training.task import RandomSamples
from models.training.wire_simulation import KEY_EVERY_FRAMES

LOST_SHARE, BEGUN_SHARE = 0.06, 0.04  # of windows in which a key is missing
MUTE_SHARE = 0.1  # of samples without a voice


def damaged(keys: Array, random: np.random.Generator) -> Array:
    """(5, 3, 8, 8) as a receiver fills its window: now and then one of the middle is lost, or the call has just begun.

    A lost picture is the mean of its neighbours; before the first there is the first.
    """
    chance = random.random()
    if chance < LOST_SHARE:
        lost = int(random.integers(1, KEYS - 1))
        keys = keys.copy()
        keys[lost] = (keys[lost - 1] + keys[lost + 1]) / 2
    elif chance < LOST_SHARE + BEGUN_SHARE:
        start = int(random.integers(1, KEYS - 1))
        keys = keys.copy()
        keys[:start] = keys[start]
    return keys


class StretchBank:
    """``count`` stretches, each coded when it is first asked for and then kept; number n depends on ``seed`` alone."""

    def __init__(self, cache: ClipCache, seed: int, count: int, reverse: float) -> None:
        self._cache, self._seed, self._reverse = cache, seed, reverse
        self.count = count
        self._source: StretchSource | None = None
        self._kept: dict[int, Stretch] = {}

    def __getstate__(self) -> dict[str, object]:
        """Another process codes its own."""
        return self.__dict__ | {"_source": None, "_kept": {}}

    def draw(self, random: np.random.Generator) -> tuple[Stretch, int]:
        """A stretch, and the number of the first key of a window of five in it."""
        number = int(random.integers(0, self.count))
        if number not in self._kept:
            self._source = self._source or StretchSource(self._cache)
            self._kept[number] = self._source.draw(np.random.default_rng([self._seed, number]), self._reverse)
        stretch = self._kept[number]
        return stretch, int(random.integers(0, len(stretch.keys) - KEYS + 1))


class KeySample(NamedTuple):
    """Five keys and what really was; or a batch of them."""

    keys: Tensor  # (5, 3, 8, 8) float32 in 0..1, as decoded
    step: Tensor  # () of their quantiser, in grey levels
    exact: Tensor  # (25, 3, 8, 8) at 25 FPS from the first key on


class KeyWindows(RandomSamples[KeySample]):
    """Samples for interpolation."""

    def __init__(self, bank: StretchBank, seed: int) -> None:
        super().__init__(seed)
        self.bank = bank

    def sample(self, random: np.random.Generator) -> KeySample:
        """A window of a stretch."""
        stretch, first = self.bank.draw(random)
        start = first * KEY_EVERY_FRAMES
        return KeySample(
            torch.from_numpy(damaged(stretch.keys[first : first + KEYS], random)),
            torch.tensor(stretch.step),
            torch.from_numpy(stretch.exact[start : start + SPAN]),
        )


class CausalSample(NamedTuple):
    """Five keys, and the picture and voice of a moment after the last of them; or a batch of them."""

    keys: Tensor  # (5, 3, 8, 8) float32 in 0..1, as decoded
    step: Tensor  # () of their quantiser, in grey levels
    age: Tensor  # () key intervals since the last key
    mel: Tensor  # (80, 20) of the 200 ms until then
    exact: Tensor  # (3, 8, 8)


class CausalWindows(RandomSamples[CausalSample]):
    """Samples for prediction: at any age up to ``oldest`` key intervals; at times without a voice."""

    def __init__(self, bank: StretchBank, seed: int, oldest: float) -> None:
        super().__init__(seed)
        self.bank = bank
        self.oldest = oldest

    def sample(self, random: np.random.Generator) -> CausalSample:
        """A window of a stretch and a moment after it."""
        stretch, first = self.bank.draw(random)
        newest = (first + KEYS - 1) * KEY_EVERY_FRAMES
        moment = min(newest + random.uniform(0, self.oldest) * KEY_EVERY_FRAMES, len(stretch.exact) - 1.001)
        before, share = int(moment), np.float32(moment % 1)
        exact = (1 - share) * stretch.exact[before] + share * stretch.exact[before + 1]
        mel = voice_until(stretch.voice, moment)
        if random.random() < MUTE_SHARE:
            mel = np.full_like(mel, SILENCE)
        return CausalSample(
            torch.from_numpy(damaged(stretch.keys[first : first + KEYS], random)),
            torch.tensor(stretch.step),
            torch.tensor((moment - newest) / KEY_EVERY_FRAMES, dtype=torch.float32),
            torch.from_numpy(mel.copy()),
            torch.from_numpy(exact),
        )


def voice_until(voice: Array, moment: float) -> Array:
    """(80, 20) of a stretch's voice: the 200 ms that end at picture ``moment`` of it, which may be between two."""
    end = LEAD_IN + round(moment * MEL_FRAMES_PER_PICTURE)
    return voice[:, end - MEL_WINDOW_FRAMES : end]
