"""What training samples of every kind are drawn with: clips, augmentation, voice, regions of a face."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from callcodec.speech.mel import MEL_BINS, MEL_WINDOW_FRAMES
from models.training.cache import PICTURE, ClipCache

WINDOW = 5
LOW_RESOLUTION = 8
MEL_FRAMES_PER_PICTURE = 4
SILENCE = -1.0
LEFT_RIGHT = np.r_[16:-1:-1, 26:16:-1, 27:31, 35:30:-1, 45:41:-1, 47, 46, 39:35:-1, 41, 40,
                   54:47:-1, 59:54:-1, 64:59:-1, 67:64:-1]  # iBUG-68 order after a flip  # fmt: skip
LIPS, LEFT_EYE, RIGHT_EYE = slice(48, 68), slice(36, 42), slice(42, 48)


class ClipChoice:
    """Which clip of a cache comes next, and which picture of that person is the identity image."""

    def __init__(self, cache: ClipCache) -> None:
        self._clips = cache.clips
        by_person: dict[str, list[int]] = {}
        for i, clip in enumerate(cache.clips):
            by_person.setdefault(clip.person, []).append(i)
        self._others = [[j for j in by_person[c.person] if j != i] for i, c in enumerate(cache.clips)]
        # Long clips count for more, but not in proportion; those with a voice in sync teach the mouth.
        weights = np.array(
            [min(c.frames, 500) ** 0.6 * (1.6 if c.lip_sync == "yes" else 1) for c in cache.clips]
        )
        self._weights = weights / weights.sum()

    def clip(self, random: np.random.Generator) -> int:
        """Index of a clip."""
        return int(random.choice(len(self._weights), p=self._weights))

    def identity_frame(self, number: int, time: int, random: np.random.Generator) -> int:
        """Number, in the cache, of a frame far from picture ``time`` of clip ``number``, or from another clip."""
        others = self._others[number]
        if others and random.random() < 0.12:
            chosen = self._clips[int(random.choice(others))]
            return chosen.first_frame + int(random.integers(0, chosen.frames))
        clip = self._clips[number]
        return clip.first_frame + _far_from(time, clip.frames, random)


def voice_window(
    mel: NDArray[np.float32],
    time: int,
    first: int = -MEL_WINDOW_FRAMES // 2,
    frames: int = MEL_WINDOW_FRAMES,
) -> NDArray[np.float32]:
    """(80, frames) of a clip's log-mel (80, n) from ``first`` frames beside picture ``time`` on: 20 around it.

    Beyond the clip's ends there is silence.
    """
    start = time * MEL_FRAMES_PER_PICTURE + first
    window = np.full((MEL_BINS, frames), SILENCE, np.float32)
    low, high = max(start, 0), min(start + frames, mel.shape[1])
    if low < high:
        window[:, low - start : high - start] = mel[:, low:high]
    return window


def _far_from(time: int, frames: int, random: np.random.Generator) -> int:
    """A picture at least one second away from ``time`` where the clip is long enough."""
    allowed = [n for n in (time - 25, time + 25) if 0 <= n < frames]
    if not allowed:
        return int(random.integers(0, frames))
    while True:
        chosen = int(random.integers(0, frames))
        if abs(chosen - time) >= 25:
            return chosen


class Look:
    """One augmentation: geometry and colours drawn once, applied to every picture of a sample."""

    def __init__(self, random: np.random.Generator) -> None:
        self.flip = bool(random.random() < 0.5)
        common = _affine(random, scale=random.uniform(0.98, 1.18), degrees=random.normal(0, 4), shift=0.06)
        self.shared = common
        self.of_identity = common
        if random.random() < 0.4:  # the identity image was cropped a little differently
            wobble = _affine(
                random, scale=random.uniform(0.95, 1.07), degrees=random.normal(0, 2), shift=0.03
            )
            self.of_identity = wobble @ common
        gain = random.uniform(0.85, 1.15) * random.uniform(0.94, 1.06, 3)
        gamma = random.uniform(0.85, 1.18)
        ramp = np.clip((np.arange(256) / 255.0) ** gamma, 0, 1)
        self.colours = np.clip(ramp[:, None] * gain * 255, 0, 255).round().astype(np.uint8)

    def target(
        self, rgb: NDArray[np.uint8], points: NDArray[np.float32]
    ) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """The picture to be shown, and where its lips and eyes are."""
        return self._apply(rgb, self.shared), regions_of(self.points(points))

    def points(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """Where the landmarks (68, 2) are in the augmented picture."""
        moved = points @ self.shared[:2, :2].T + self.shared[:2, 2]
        if self.flip:
            moved = (np.array([PICTURE - 1, 0]) + moved * np.array([-1, 1]))[LEFT_RIGHT]
        return moved.astype(np.float32)

    def identity(self, rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The identity image, cropped a little differently from time to time."""
        return self._apply(rgb, self.of_identity)

    def small(self, rgb: NDArray[np.uint8], size: int = LOW_RESOLUTION) -> NDArray[np.float64]:
        """(64, 64, 3) → the (size, size, 3) average of the augmented picture, 0..255, not rounded."""
        scale = np.diag([4.0, 4.0, 1.0])
        scale[:2, 2] = 1.5  # pixel centres: x_large = 4 x_small + 1.5
        small = self._apply(rgb, np.linalg.inv(scale) @ self.shared @ scale)
        block = rgb.shape[0] // size
        return np.asarray(small.reshape(size, block, size, block, 3).mean((1, 3)))

    def _apply(self, rgb: NDArray[np.uint8], affine: NDArray[np.float64]) -> NDArray[np.uint8]:
        moved = cv2.warpAffine(
            rgb, affine[:2], rgb.shape[1::-1], flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
        )
        if self.flip:
            moved = moved[:, ::-1]
        return np.stack([self.colours[:, c][moved[..., c]] for c in range(3)], -1)


def _affine(random: np.random.Generator, scale: float, degrees: float, shift: float) -> NDArray[np.float64]:
    """3×3 turn, zoom and shift (a share of the picture) about the middle of a 256-pixel picture."""
    middle = (PICTURE - 1) / 2
    matrix = np.vstack([cv2.getRotationMatrix2D((middle, middle), degrees, scale), [0, 0, 1]])
    matrix[:2, 2] += random.uniform(-shift, shift, 2) * PICTURE
    return np.asarray(matrix, np.float64)


def regions_of(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """(3, 4) boxes around lips and eyes, widened; zeros where the landmarks are unknown."""
    if np.isnan(points).any():
        return np.zeros((3, 4), np.float32)
    boxes = []
    for part, widen in ((LIPS, 0.25), (LEFT_EYE, 0.45), (RIGHT_EYE, 0.45)):
        low, high = points[part].min(0), points[part].max(0)
        margin = widen * (high - low).max()
        boxes.append(np.concatenate((low - margin, high + margin)))
    return np.asarray(np.clip(np.stack(boxes), 0, PICTURE), np.float32)
