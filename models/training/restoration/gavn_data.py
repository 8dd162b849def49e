"""Training samples of gavn: stretches of sharp clips, degraded in one way, and what they were before."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from models.landmark_network import SMALL
from models.restoration.gavn_deconvolution import WienerBank
from models.restoration.gavn_restorer import scaled
from models.restoration.restorer import PICTURE, VOICE_SHAPE
from models.training.cache import ClipCache
from models.training.restoration.degradations import random_degradation
from models.training.restoration.i420_store import SharpClips
from models.training.restoration.mdvd_data import VoiceWindows, coloured, mirrored, planes_of
from models.training.task import RandomSamples

WINDOWS = 1  # taken from one degraded stretch
LEAD_IN, LEAD_OUT = (
    8,
    2,
)  # pictures at most before and after a stretch's windows: encoders look back and ahead
SPREAD = 0  # pictures by which its windows may be apart
CELLS = 32  # of 4 pixels, along the side of a training picture
UNHEARD = 0.15  # share of windows whose voice is kept back


class GavnSample(NamedTuple):
    """WINDOWS windows of T pictures, K of which are restored, or a batch of such."""

    pictures: Tensor  # (W, T, 6, 64, 64) uint8, degraded, packed at 2×2
    clean: Tensor  # (W, K, 6, 64, 64) uint8
    small: Tensor  # (W, K, 3, 64, 64) uint8, whole degraded pictures
    points: Tensor  # (W, K, 68, 2) float32 of the clean pictures, in pixels; NaN where unknown
    voice: Tensor  # (W, K, 21, 13) float32; zero without one
    voiced: Tensor  # (W,) float32
    origin: Tensor  # (W, 2) int64, x and y of the part, in cells
    wiener: Tensor  # (W, K, 28, 64, 64) float16, corrections of the part


class DegradedStretches(RandomSamples[GavnSample]):
    """Endless random stretches of sharp clips; windows of ``window`` pictures."""

    def __init__(self, cache: ClipCache, window: int, seed: int) -> None:
        super().__init__(seed)
        self.window, self.targets = window, range(2, window - 2)
        self.sharp = SharpClips(cache)
        self.wiener = WienerBank(PICTURE)
        self.voices = [
            VoiceWindows(self.sharp.cache.mel(i), clip.has_voice and clip.lip_sync != "no")
            for i, clip in enumerate(self.sharp.clips)
        ]
        weights = np.array([min(c.frames, 500) ** 0.6 * (c.frames >= window) for c in self.sharp.clips])
        self.weights = weights / weights.sum()

    def sample(self, random: np.random.Generator) -> GavnSample:
        """Draw a clip, a stretch of it and a degradation; take parts of it."""
        number = int(random.choice(len(self.weights), p=self.weights))
        clip = self.sharp.clips[number]
        span = min(self.window + int(random.integers(0, SPREAD + 1)), clip.frames)
        start = int(random.integers(0, clip.frames - span + 1))
        first = max(start - int(random.integers(0, LEAD_IN + 1)), 0)
        last = min(start + span + int(random.integers(0, LEAD_OUT + 1)), clip.frames)
        flipped = bool(random.random() < 0.5)
        clean = coloured(self.sharp.pictures(number, first, last - first), flipped, random)
        degraded = random_degradation(random)(clean)
        windows = []
        for _ in range(WINDOWS):
            begin = start - first + int(random.integers(0, span - self.window + 1))
            landmarks = np.stack(
                [self.sharp.cache.landmarks(clip.first_frame + first + begin + j) for j in self.targets]
            )
            if flipped:
                landmarks = np.stack([mirrored(points) for points in landmarks])
            heard = random.random() > UNHEARD
            voice = [self.voices[number](first + begin + j) for j in self.targets]
            windows.append(self._part(clean, degraded, begin, landmarks, voice if heard else [], random))
        return GavnSample(*(torch.stack(column) for column in zip(*windows, strict=True)))

    def _part(
        self,
        clean: NDArray[np.uint8],
        degraded: NDArray[np.uint8],
        begin: int,
        landmarks: NDArray[np.float32],
        voice: list[NDArray[np.float32]],
        random: np.random.Generator,
    ) -> tuple[Tensor, ...]:
        origin = place(landmarks[0], clean.shape[2] // 4, random)
        own = [begin + j for j in self.targets]
        known = len(voice) > 0 and not np.isnan(voice[0]).any()
        told = np.stack(voice) if known else np.zeros((len(own), *VOICE_SHAPE), np.float32)
        return (
            torch.from_numpy(packed_part(degraded[begin : begin + self.window], origin)),
            torch.from_numpy(packed_part(clean[own], origin)),
            torch.from_numpy(np.stack([small_picture(i420) for i420 in degraded[own]])),
            torch.from_numpy(landmarks.astype(np.float32)),
            torch.from_numpy(told),
            torch.tensor(float(known)),
            torch.from_numpy(origin),
            self._corrections(degraded[own], origin),
        )

    def _corrections(self, pictures: NDArray[np.uint8], origin: NDArray[np.int64]) -> Tensor:
        """Of whole I420 pictures, cut to the part."""
        luma = scaled(torch.from_numpy(np.ascontiguousarray(planes_of(pictures)[0])))
        x, y = 2 * origin
        packed = F.pixel_unshuffle(self.wiener(luma), 2)
        return packed[..., y : y + 2 * CELLS, x : x + 2 * CELLS].half()


def packed_part(pictures: NDArray[np.uint8], origin: NDArray[np.int64]) -> NDArray[np.uint8]:
    """(n, 6, 64, 64): the part from cell ``origin`` (x, y) on of I420 pictures (n, 384, 256)."""
    y, u, v = planes_of(pictures)
    x0, y0 = 2 * origin
    rows, columns = slice(y0, y0 + 2 * CELLS), slice(x0, x0 + 2 * CELLS)
    phases = [y[:, row::2, column::2] for row in (0, 1) for column in (0, 1)]
    return np.stack([plane[:, rows, columns] for plane in (*phases, u, v)], 1)


def small_picture(i420: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(3, 64, 64) RGB, area averages."""
    rgb = cv2.cvtColor(i420, cv2.COLOR_YUV2RGB_I420)
    return np.ascontiguousarray(
        np.asarray(cv2.resize(rgb, (SMALL, SMALL), interpolation=cv2.INTER_AREA), np.uint8).transpose(2, 0, 1)
    )


def place(points: NDArray[np.float32], cells: int, random: np.random.Generator) -> NDArray[np.int64]:
    """First cell (x, y) of a part; most parts have a landmark in their middle half."""
    most = cells - CELLS
    if np.isnan(points).any() or random.random() < 0.25:
        return np.asarray(random.integers(0, most + 1, 2), np.int64)
    near = points[int(random.integers(0, len(points)))] / 4 - random.uniform(CELLS / 4, 3 * CELLS / 4, 2)
    return np.asarray(np.clip(near, 0, most), np.int64)
