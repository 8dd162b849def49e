"""A drawn face that moves, in place of a cache of recorded clips."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from callcodec.measure.metrics.landmarks import Points
from callcodec.measure.upsampler.methods import Picture
from models.training.cache import ClipInfo

FRAMES = 60


@dataclass
class DrawnFace:
    """A clip cache of one clip: a face that moves, opens its mouth and shuts its eyes, drawn."""

    clips: tuple[ClipInfo, ...] = (ClipInfo("drawn", "nobody", "yes", "", 0, FRAMES, True),)

    def frame(self, number: int) -> Picture:
        y, x = np.mgrid[:256, :256].astype(np.float32)
        left = 100 + 20 * np.sin(number / 9)
        face = (((x - left - 28) / 60) ** 2 + ((y - 128) / 80) ** 2 < 1).astype(np.float32)
        red = 60 + 120 * face + 30 * np.sin(x / 3) * face
        return np.stack((red, 50 + 90 * face, 70 + 0.3 * y), -1).clip(0, 255).astype(np.uint8)

    def landmarks(self, number: int) -> Points:
        points = np.random.default_rng(0).uniform(40, 90, (68, 2)).astype(np.float32)
        points[:, 0] += 20 * np.sin(number / 9)
        points[66, 1] += 5 + 5 * np.sin(number / 4)
        return points

    def mel(self, clip: int) -> NDArray[np.float32]:
        return np.random.default_rng(clip).uniform(-1, 1, (80, 4 * FRAMES)).astype(np.float32)


def find_face(picture: Picture) -> Points:
    """Landmarks of what is drawn: where red pixels are."""
    points = DrawnFace().landmarks(0)
    weight = picture[..., 0].astype(np.float64) - 55
    points[:, 0] += (weight.clip(0).sum(0) * np.arange(256)).sum() / weight.clip(0).sum() - 128
    return points


def drawn_shapes() -> NDArray[np.float32]:
    shapes = np.concatenate([DrawnFace().landmarks(0), [[50, 50], [60, 50]]]).astype(np.float32)
    return np.repeat(shapes[None], FRAMES, 0)
