"""Landmarks over time: the tremble of a still face is held, a movement passes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


class LandmarkSmoother:
    """One recursive filter a point, whose gain is d² / (d² + s²): d, how far the point is from where it was shown.

    That is Wiener's gain for a movement of d seen through noise of ``still_px``. Points within the noise are
    averaged over a few pictures; one that moves by several times the noise, as an eyelid does in a blink, is taken
    as it is, without delay.
    """

    def __init__(self, still_px: float = 0.7, least_gain: float = 0.4) -> None:
        if still_px < 0 or not 0 < least_gain <= 1:
            raise ValueError("the noise must not be negative, and the least gain lie in 0..1 without 0")
        self.still_px = still_px
        self.least_gain = least_gain
        self._shown: NDArray[np.float32] | None = None

    def smooth(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """(68, 2) as found in the next picture → (68, 2) to be used. Points that are not finite start afresh."""
        if self._shown is None or not (np.isfinite(points).all() and np.isfinite(self._shown).all()):
            self._shown = points.astype(np.float32)
            return self._shown.copy()
        step = points - self._shown
        squared = np.square(step).sum(-1, keepdims=True)
        gain = np.maximum(squared / np.maximum(squared + self.still_px**2, 1e-9), self.least_gain)
        self._shown = (self._shown + gain * step).astype(np.float32)
        return self._shown.copy()

    def reset(self) -> None:
        """Forget what was shown: the next picture is of another face, or after a gap."""
        self._shown = None
