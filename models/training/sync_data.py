"""Samples for the lip/voice pair network: stretches of a clip, its lips and its voice both changed at random."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from callcodec.speech.mel import MEL_BINS, MEL_WINDOW_FRAMES
from models.sync_network import LIP_CROP, LIP_WINDOW, MEL_PER_PICTURE
from models.training.cache import ClipCache, ClipInfo
from models.training.lip_store import LipStore, cut
from models.training.task import RandomSamples

WINDOWS = 21  # of a sample: 25 pictures
PICTURES = WINDOWS + LIP_WINDOW - 1
MEL_COLUMNS = MEL_PER_PICTURE * (WINDOWS - 1) + MEL_WINDOW_FRAMES
FIRST_HEARD = LIP_WINDOW // 2  # a window's voice is centred on its middle picture
SILENCE = -1.0


class SyncSample(NamedTuple):
    """A stretch of a clip, or a batch of them."""

    lips: Tensor  # (25, 48, 48) uint8, grey
    mel: Tensor  # (80, 100) float32: the windows of the pictures 2..22
    geometry: Tensor  # (25, 6) float32; NaN where unknown
    heard: Tensor  # (21, 2) float32: opening and width of the mouth, by the clip's own mean and spread
    in_sync: Tensor  # () float32, 1 where the voice is that of the lips; 0: pictures without a voice


class LipsAndVoices(RandomSamples[SyncSample]):
    """Endless random stretches of those clips of a cache whose people are in ``people``."""

    def __init__(
        self,
        cache: ClipCache,
        lips: LipStore,
        people: frozenset[str],
        lags: Mapping[str, int],
        silent_share: float,
        seed: int,
    ) -> None:
        """``lags``: by how many pictures a clip's voice comes too late; ``silent_share``: see SyncSample.in_sync."""
        super().__init__(seed)
        self.cache, self.lips, self.silent_share = cache, lips, silent_share
        own = [i for i, clip in enumerate(cache.clips) if clip.person in people]
        self.talking = [
            i
            for i in own
            if cache.clips[i].lip_sync == "yes" and cache.clips[i].frames >= PICTURES + LIP_WINDOW
        ]
        if not self.talking:
            raise ValueError("no clip of these people has lips that go with its voice (lip_sync = yes)")
        self.silent = [i for i in own if i not in set(self.talking)] or self.talking
        self.voices = {i: padded_voice(cache.mel(i), cache.clips[i].frames) for i in self.talking}
        self.lags = {i: lags.get(cache.clips[i].name, 0) for i in self.talking}
        self.heard = {i: _by_own_spread(self._geometry(cache.clips[i])[:, [0, 2]]) for i in self.talking}
        self.weights = _weights([cache.clips[i] for i in self.talking])
        self.silent_weights = _weights([cache.clips[i] for i in self.silent])

    def sample(self, random: np.random.Generator) -> SyncSample:
        """A stretch in sync; now and then single pictures of any clip, from which only the lips' shape is learned."""
        if random.random() < self.silent_share:
            number = int(random.choice(self.silent, p=self.silent_weights))
            clip = self.cache.clips[number]
            times = random.integers(0, clip.frames, PICTURES)
            mel = np.full((MEL_BINS, MEL_COLUMNS), SILENCE, np.float32)
            heard = np.zeros((WINDOWS, 2), np.float32)
        else:
            number = int(random.choice(self.talking, p=self.weights))
            clip, lag = self.cache.clips[number], self.lags[number]
            start = int(random.integers(max(0, -lag), clip.frames - max(0, lag) - PICTURES))
            times = np.arange(start, start + PICTURES)
            first = MEL_PER_PICTURE * (start + lag + FIRST_HEARD) + int(random.integers(-1, 2))
            mel = another_microphone(self.voices[number][:, first : first + MEL_COLUMNS], random)
            heard = self.heard[number][times[FIRST_HEARD:-FIRST_HEARD]]
            number = -1
        crops = np.stack([self.lips.crop(clip.first_frame + int(t)) for t in times])
        geometry = self._geometry(clip)[times]
        pictures, geometry = another_camera(crops, geometry, random)
        return SyncSample(
            lips=torch.from_numpy(pictures),
            mel=torch.from_numpy(np.ascontiguousarray(mel)),
            geometry=torch.from_numpy(geometry),
            heard=torch.from_numpy(np.ascontiguousarray(heard)),
            in_sync=torch.tensor(float(number < 0)),
        )

    def _geometry(self, clip: ClipInfo) -> NDArray[np.float32]:
        return self.lips.geometry[clip.first_frame : clip.first_frame + clip.frames]


def padded_voice(mel: NDArray[np.float32], pictures: int) -> NDArray[np.float32]:
    """(80, 4 · n + 16): log-mel (80, m) laid so that the window of picture t begins at column 4 · t."""
    voice = np.full((MEL_BINS, MEL_PER_PICTURE * (pictures - 1) + MEL_WINDOW_FRAMES), SILENCE, np.float32)
    before = MEL_WINDOW_FRAMES // 2
    known = min(mel.shape[1], voice.shape[1] - before)
    voice[:, before : before + known] = mel[:, :known]
    return voice


def another_microphone(mel: NDArray[np.float32], random: np.random.Generator) -> NDArray[np.float32]:
    """Another vocal tract (bins warped), level, tone and room noise, and a band that is missing."""
    bins, columns = mel.shape
    place = np.arange(bins)
    moved = (place - bins / 2) * random.uniform(0.9, 1.1) + bins / 2 + random.uniform(-2, 2)
    low = np.clip(np.floor(moved), 0, bins - 2).astype(int)
    share = np.clip(moved - low, 0, 1)[:, None]
    warped = mel[low] * (1 - share) + mel[low + 1] * share
    tone = np.interp(place, np.linspace(0, bins - 1, 7), random.normal(0, 0.08, 7))
    tone += random.normal(0, 0.2) + random.normal(0, 0.15) * np.linspace(-1, 1, bins)
    noise = random.uniform(-1.2, -0.1) + tone[:, None] + random.normal(0, 0.12, (bins, columns))
    # Powers add up; the logarithm is a third of that to base 10, and 3 · ln 10 is about 6.
    noisy = np.logaddexp((warped + tone[:, None]) * 6, noise * 6) / 6
    if random.random() < 0.6:
        first = int(random.integers(0, bins - 10))
        noisy[first : first + int(random.integers(4, 14))] = 0.0
    return np.asarray(np.clip(noisy, -1.0, 2.0), np.float32)


def another_camera(
    crops: NDArray[np.uint8], geometry: NDArray[np.float32], random: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Wide crops (n, 80, 80) → (n, 48, 48): moved, mirrored, other light, blurred and noisy; geometry alike."""
    middle = np.array([crops.shape[-1], crops.shape[-1]]) / 2 - 0.5
    centre = (LIP_CROP - 1) / 2
    turn, size = random.normal(0, 0.07), np.exp(random.normal(0, 0.07))
    stretch = np.exp(random.normal(0, 0.04, 2))
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) * size * stretch
    shift = random.normal(0, 1.5, 2)
    jitter = random.normal(0, random.uniform(0, 0.35), (len(crops), 2))
    mirrored = random.random() < 0.5
    contrast, light = np.exp(random.normal(0, 0.25)), random.normal(0, 20)
    gamma = np.exp(random.normal(0, 0.2))
    curve = 255 * np.clip((np.arange(256) / 255 * contrast + light / 255), 0, 1) ** gamma
    blur = random.uniform(0.4, 1.6) if random.random() < 0.5 else 0.0
    noise = random.uniform(0, 8)
    out = np.empty((len(crops), LIP_CROP, LIP_CROP), np.uint8)
    for i, crop in enumerate(crops):
        affine = np.column_stack((rotation, middle + shift + jitter[i] - rotation @ (centre, centre)))
        picture = curve[cut(crop, affine, LIP_CROP)]
        if blur:
            picture = cv2.GaussianBlur(picture, (0, 0), blur)
        picture = picture + random.standard_normal(picture.shape, np.float32) * noise
        out[i] = np.clip(picture[:, ::-1] if mirrored else picture, 0, 255)
    return out, np.asarray(geometry * ([1, 1, 1, 1, -1 if mirrored else 1, 1]), np.float32)


def people_in_halves(cache: ClipCache) -> tuple[frozenset[str], frozenset[str]]:
    """Everyone in a cache, in two halves that talk, in sync, for about as long; the same halves every time."""
    talk = {clip.person: 0 for clip in cache.clips}
    for clip in cache.clips:
        talk[clip.person] += clip.frames if clip.lip_sync == "yes" else 0
    halves: tuple[set[str], set[str]] = (set(), set())
    lengths = [0, 0]
    for person in sorted(talk, key=lambda name: (-talk[name], name)):
        lighter = min((0, 1), key=lambda half: lengths[half] if talk[person] else len(halves[half]))
        halves[lighter].add(person)
        lengths[lighter] += talk[person]
    return frozenset(halves[0]), frozenset(halves[1])


def _by_own_spread(values: NDArray[np.float32]) -> NDArray[np.float32]:
    spread = np.maximum(np.nanstd(values, axis=0), 0.02)
    return np.asarray(np.nan_to_num((values - np.nanmean(values, axis=0)) / spread), np.float32)


def _weights(clips: list[ClipInfo]) -> NDArray[np.float64]:
    """Long clips count for more, but not in proportion."""
    weights = np.array([clip.frames**0.6 for clip in clips])
    return np.asarray(weights / weights.sum())
