"""Where one shot ends and the next begins."""

from __future__ import annotations

from collections import deque
from statistics import median

import cv2
import numpy as np
from numpy.typing import NDArray

_SIDE = 32
_LEAST_CHANGE = 14.0
"""Grey levels between two pictures of 32×32, mean over pixels and colours; speaking heads stay below 5."""
_OVER_USUAL = 5.0
"""A cut changes this many times as much as the pictures before it did: a waving camera is no cut."""
_REMEMBERED = 12


class ShotDetector:
    """Sees the pictures of a recording in order."""

    def __init__(self) -> None:
        self._former: NDArray[np.int16] | None = None
        self._changes: deque[float] = deque(maxlen=_REMEMBERED)

    def is_cut(self, rgb: NDArray[np.uint8]) -> bool:
        """Whether ``rgb``, uint8 (H, W, 3), begins a new shot; the first picture does not."""
        small = np.asarray(cv2.resize(rgb, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA), np.int16)
        former, self._former = self._former, small
        if former is None:
            return False
        change = float(np.abs(small - former).mean())
        usual = max(1.0, median(self._changes)) if self._changes else 1.0
        if change < _LEAST_CHANGE or change < _OVER_USUAL * usual:
            self._changes.append(change)
            return False
        self._changes.clear()
        return True
