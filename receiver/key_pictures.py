"""The low-resolution frames of the last seconds, in order of capture, and the even windows that networks need."""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.float32]

HISTORY_S = 2.0
UNEVEN = 0.2  # of an interval: captures wait for the camera's next picture, offsets have 5 ms units


@dataclass(frozen=True)
class Window:
    """Frames about one interval apart. ``pictures``: (n, 3, S, S) in 0..1; ``times_s``: when each was captured.

    ``first``: number of the first that is no copy of its successor: before it, the call had not begun.
    """

    pictures: Picture
    times_s: tuple[float, ...]
    first: int
    step: float

    def position(self, media_time_s: float) -> float | None:
        """Where a media time lies, in frames from the first on; None before the first that was received."""
        if media_time_s < self.times_s[self.first]:
            return None
        before = min(bisect_right(self.times_s, media_time_s), len(self.times_s) - 1) - 1
        span_s = self.times_s[before + 1] - self.times_s[before]
        return before + (media_time_s - self.times_s[before]) / span_s


class KeyPictures:
    """Decoded frames by capture time. Another size starts anew; what is older than two seconds is forgotten."""

    def __init__(self) -> None:
        self.times_s: list[float] = []
        self.pictures: list[Picture] = []  # (3, S, S) in 0..1
        self.step = 0.0  # of the frame that came last

    def add(self, media_time_s: float, picture: NDArray[np.uint8], step: float) -> None:
        """Take one frame, (S, S, 3) uint8; in any order. One of the same moment replaces the other."""
        values = np.asarray(picture.transpose(2, 0, 1) / 255, np.float32)
        if self.pictures and self.pictures[-1].shape != values.shape:
            self.times_s.clear()
            self.pictures.clear()
        self.step = step
        index = bisect_left(self.times_s, media_time_s)
        if index < len(self.times_s) and self.times_s[index] == media_time_s:
            self.pictures[index] = values
            return
        self.times_s.insert(index, media_time_s)
        self.pictures.insert(index, values)
        while self.times_s[-1] - self.times_s[0] > HISTORY_S:
            del self.times_s[0], self.pictures[0]

    def before(self, media_time_s: float) -> int:
        """Index of the newest frame that is not younger; −1 before the first."""
        return bisect_right(self.times_s, media_time_s) - 1

    def window(self, newest: int, count: int, interval_s: float) -> Window | None:
        """``count`` frames up to number ``newest``, an interval apart; None where there are not even two such.

        A single missing frame is the mean of its neighbours; beyond any other gap the first frame is repeated.
        """
        times_s, pictures = [self.times_s[newest]], [self.pictures[newest]]
        for index in range(newest, 0, -1):
            gap_s = self.times_s[index] - self.times_s[index - 1]
            missing = round(gap_s / interval_s) - 1
            if missing not in (0, 1) or abs(gap_s - (missing + 1) * interval_s) > UNEVEN * interval_s:
                break
            if missing:
                times_s.append(self.times_s[index] - gap_s / 2)
                pictures.append((self.pictures[index] + self.pictures[index - 1]) * np.float32(0.5))
            times_s.append(self.times_s[index - 1])
            pictures.append(self.pictures[index - 1])
            if len(times_s) >= count:
                break
        if len(times_s) < 2:
            return None
        first = max(count - len(times_s), 0)
        while len(times_s) < count:
            times_s.append(times_s[-1] - interval_s)
            pictures.append(pictures[-1])
        chosen = np.stack(pictures[count - 1 :: -1])
        return Window(chosen, tuple(times_s[count - 1 :: -1]), first, self.step)
