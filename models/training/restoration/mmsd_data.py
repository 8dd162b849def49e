"""Training samples of mmsd: faces made four times as small, coded by x264 at a constant quality, decoded again."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from callcodec.media.compression import decode_i420, encode_i420, scaled_i420
from models.restoration.enlarging import FACTOR
from models.restoration.mmsd import NEIGHBOURS, WINDOW
from models.restoration.mmsd_parts import UNKNOWN_EMOTION
from models.training.cache import PICTURE, ClipCache
from models.training.emotion_labels import emotion_state
from models.training.restoration.action_units import proxy_intensities
from models.training.restoration.i420_store import SharpClips
from models.training.restoration.mdvd_data import VoiceWindows, coloured, mirrored, planes_of, unheard
from models.training.restoration.openface import read_openface
from models.training.restoration.scores import face_box
from models.training.task import RandomSamples

TARGETS = 4  # pictures that are taken from one coded stretch
SHORTEST, LONGEST = 12, 36  # pictures of a stretch
LARGEST_SHIFT = 12  # pairs of pixels
PRESETS = ("ultrafast", "veryfast", "medium")
OF_AREA, CAUSAL, UNHEARD, UNTOLD = 0.3, 0.25, 0.15, 0.5  # shares of stretches or pictures


class MmsdSample(NamedTuple):
    """TARGETS pictures of one stretch, or a batch of such."""

    pictures: Tensor  # (K, 5, 6, 32, 32) uint8: decoded, folded
    voice: Tensor  # (K, 21, 13) float32, NaN where nobody is heard
    emotion: Tensor  # (K,) int64, −1 where unknown
    action_units: Tensor  # (K, 17) float32, NaN where unknown
    face: Tensor  # (K, 4) float32: x0, y0, x1, y1 of the face's box; zeros where none was found
    target: Tensor  # (K, 24, 64, 64) uint8, packed, before it was made smaller


class SmallFaces(RandomSamples[MmsdSample]):
    """Endless random stretches of sharp clips, four times as small and coded at a random quality."""

    def __init__(self, cache: ClipCache, crf: tuple[int, int], openface: Path | None, seed: int) -> None:
        """``crf``: lowest and highest; ``openface``: folder of CLIP.csv, proxies stand in for those that lack."""
        super().__init__(seed)
        self.sharp, self.crf = SharpClips(cache), crf
        clips = self.sharp.clips
        self.voices = [
            VoiceWindows(self.sharp.cache.mel(i), clip.has_voice and clip.lip_sync != "no")
            for i, clip in enumerate(clips)
        ]
        self.points = [clip_landmarks(self.sharp.cache, clip.first_frame, clip.frames) for clip in clips]
        self.units = [
            action_units(clip.name, points, openface) for clip, points in zip(clips, self.points, strict=True)
        ]
        self.emotions = [emotion_state(clip.emotion) for clip in clips]
        weights = np.array([min(clip.frames, 500) ** 0.6 for clip in clips])
        self.weights = weights / weights.sum()

    def sample(self, random: np.random.Generator) -> MmsdSample:
        """Draw a clip, a stretch, a look and a quality; take pictures of it that were coded."""
        number = int(random.choice(len(self.weights), p=self.weights))
        frames = self.sharp.clips[number].frames
        count = min(int(random.integers(SHORTEST, LONGEST)), frames)
        first = int(random.integers(0, frames - count + 1))
        flipped = bool(random.random() < 0.5)
        across, down = (int(n) for n in random.integers(-LARGEST_SHIFT, LARGEST_SHIFT + 1, 2))
        original = shifted(coloured(self.sharp.pictures(number, first, count), flipped, random), across, down)
        small = reduced(original, area=bool(random.random() < OF_AREA))
        crf = int(random.integers(self.crf[0], self.crf[1] + 1))
        decoded = coded(small, crf, str(random.choice(PRESETS)))
        emotion = self.emotions[number] if random.random() > UNTOLD else UNKNOWN_EMOTION
        times = np.sort(random.choice(count, TARGETS, replace=count < TARGETS))
        last = np.where(random.random(TARGETS) < CAUSAL, times, count - 1)
        around = np.clip(times[:, None] + np.arange(-NEIGHBOURS, NEIGHBOURS + 1), 0, last[:, None])
        points = self.points[number][first + times]
        if flipped:
            points = np.stack([mirrored(one) for one in points])
        points = points + np.array([2 * across, 2 * down], np.float32)
        voices = [
            self.voices[number](first + int(time)) if random.random() > UNHEARD else unheard()
            for time in times
        ]
        return MmsdSample(
            pictures=torch.from_numpy(
                folded(decoded)[around.reshape(-1)].reshape(TARGETS, WINDOW, 6, 32, 32)
            ),
            voice=torch.from_numpy(np.stack(voices)),
            emotion=torch.full((TARGETS,), emotion),
            action_units=torch.from_numpy(self.units[number][first + times]),
            face=torch.from_numpy(np.stack([_box(one) for one in points])),
            target=torch.from_numpy(packed(original[times])),
        )


def clip_landmarks(cache: ClipCache, first: int, count: int) -> NDArray[np.float32]:
    """(count, 68, 2) of a clip's pictures from number ``first`` of the cache on."""
    return np.stack([cache.landmarks(number) for number in range(first, first + count)])


def action_units(clip: str, points: NDArray[np.float32], openface: Path | None) -> NDArray[np.float32]:
    """(T, 17): what OpenFace said, where it was asked, else proxies from the landmarks (T, 68, 2)."""
    path = None if openface is None else openface / f"{clip}.csv"
    if path is None or not path.is_file():
        return proxy_intensities(points)
    told = np.full((len(points), read_openface(path).shape[1]), np.nan, np.float32)
    rows = read_openface(path)[: len(points)]
    told[: len(rows)] = rows
    return told


def shifted(pictures: NDArray[np.uint8], across: int, down: int) -> NDArray[np.uint8]:
    """I420 pictures moved by pairs of pixels; what comes in is the mirror image. Nothing is interpolated."""
    moved = []
    for plane, step in zip(planes_of(pictures), (2, 1, 1), strict=True):
        margin = LARGEST_SHIFT * step
        padded = np.pad(plane, ((0, 0), (margin, margin), (margin, margin)), mode="reflect")
        y, x = margin - down * step, margin - across * step
        moved.append(padded[:, y : y + plane.shape[1], x : x + plane.shape[2]].reshape(len(plane), -1))
    return np.concatenate(moved, 1).reshape(pictures.shape)


def reduced(pictures: NDArray[np.uint8], area: bool = False) -> NDArray[np.uint8]:
    """(n, 384, 256) → (n, 96, 64): I420 pictures four times as small, as FFmpeg's bicubic scaler or by area average."""
    if not area:
        return np.stack([scaled_i420(picture, PICTURE // FACTOR, PICTURE // FACTOR) for picture in pictures])
    planes = []
    for plane in planes_of(pictures):
        n, height, width = plane.shape
        blocks = plane.reshape(n, height // FACTOR, FACTOR, width // FACTOR, FACTOR)
        planes.append(blocks.mean((2, 4), np.float32).round().astype(np.uint8).reshape(n, -1))
    return np.concatenate(planes, 1).reshape(len(pictures), -1, PICTURE // FACTOR)


def coded(pictures: NDArray[np.uint8], crf: int, preset: str = "veryfast") -> NDArray[np.uint8]:
    """I420 pictures after x264 at a constant quality, as FFmpeg decodes them."""
    return np.stack(list(decode_i420(encode_i420(list(pictures), crf=crf, preset=preset))))


def folded(pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """I420 (n, 3S/2, S) → (n, 6, S/2, S/2), see models.restoration.enlarging.fold."""
    y, u, v = planes_of(pictures)
    n, height, width = y.shape
    luma = y.reshape(n, height // 2, 2, width // 2, 2).transpose(0, 2, 4, 1, 3).reshape(n, 4, height // 2, -1)
    return np.concatenate((luma, u[:, None], v[:, None]), 1)


def packed(pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """I420 (n, 3S/2, S) → (n, 24, S/4, S/4), see models.restoration.packing.pack."""
    parts = []
    for plane, block in zip(planes_of(pictures), (4, 2, 2), strict=True):
        n, height, width = plane.shape
        cells = plane.reshape(n, height // block, block, width // block, block).transpose(0, 2, 4, 1, 3)
        parts.append(cells.reshape(n, block**2, height // block, width // block))
    return np.concatenate(parts, 1)


def _box(points: NDArray[np.float32]) -> NDArray[np.float32]:
    if np.isnan(points).any():
        return np.zeros(4, np.float32)
    rows, columns = face_box(points, PICTURE)
    return np.array([columns.start, rows.start, columns.stop, rows.stop], np.float32)
