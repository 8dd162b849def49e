"""A cache of two drawn clips, in memory: the points are dots on a grey picture that sways."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from models.training.cache import ClipCache, ClipInfo
from tests.landmarks.faces import mean_shape

FRAMES = 12


class DrawnClips(ClipCache):
    """Only what landmarks are trained and judged on; the last clip has no face in its first picture."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clips = tuple(
            ClipInfo(name, name, "yes", "drawn", number * FRAMES, FRAMES, True)
            for number, name in enumerate(("one", "two"))
        )

    def landmarks(self, number: int) -> NDArray[np.float32]:
        if number == FRAMES:
            return np.full((68, 2), np.nan, np.float32)
        return (mean_shape() * 1.4 + (45 + 2 * np.sin(number), 50)).astype(np.float32)

    def frame(self, number: int) -> NDArray[np.uint8]:
        picture = np.full((256, 256, 3), 90, np.uint8)
        for x, y in np.nan_to_num(self.landmarks(number)):
            cv2.circle(picture, (int(x), int(y)), 3, (230, 200, 180), -1)
        return picture

    def mel(self, clip: int) -> NDArray[np.float32]:
        return np.full((80, 4 * FRAMES), 0.1 * clip, np.float32)
