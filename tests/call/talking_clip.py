"""A small clip that tests can measure: a face whose brightness flips, in step with a tone that comes and goes."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from callcodec.media.movie import write_movie

HALF_PERIOD_FRAMES = 20
RATE_HZ = 16_000


def bright(number: int) -> bool:
    """Whether the picture is bright, and the tone on, during picture ``number``."""
    return number // HALF_PERIOD_FRAMES % 2 == 1


def picture(number: int) -> NDArray[np.uint8]:
    """A blob on a gradient, (256, 256, 3), that sways a little."""
    image = np.zeros((256, 256, 3), np.uint8)
    image[:, :, 2] = np.linspace(20, 120, 256, dtype=np.uint8)[None, :]
    centre = (128 + round(12 * np.sin(number / 9)), 132)
    level = 230 if bright(number) else 90
    cv2.ellipse(image, centre, (70, 92), 0, 0, 360, (level, level * 0.8, level * 0.7), -1)
    cv2.circle(image, (centre[0] - 25, 105), 9, (20, 20, 20), -1)
    cv2.circle(image, (centre[0] + 25, 105), 9, (20, 20, 20), -1)
    return image


def write_talking_clip(path: Path, seconds: float, voice: bool = True) -> Path:
    """Write the clip and return its path."""
    sample = np.arange(int(seconds * RATE_HZ))
    on = sample * 25 // (RATE_HZ * HALF_PERIOD_FRAMES) % 2
    tone = (9000 * on * np.sin(2 * np.pi * 300 * sample / RATE_HZ)).astype(np.int16)
    frames = (picture(i) for i in range(round(seconds * 25)))
    write_movie(path, frames, tone if voice else None, crf=10)
    return path
