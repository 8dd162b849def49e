"""Temporal flicker: change from picture to picture that the original does not have."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def flicker(
    shown: NDArray[np.uint8],
    shown_before: NDArray[np.uint8],
    original: NDArray[np.uint8],
    original_before: NDArray[np.uint8],
) -> float:
    """Mean |Δshown − Δoriginal| over pixels and RGB, in grey levels; Δ: from one slot of 40 ms to the next.

    0 for a perfect copy, also for one that is wrong in the same way all the time; a still scores the original's motion.
    """
    error = shown.astype(np.int16) - original
    before = shown_before.astype(np.int16) - original_before
    return float(np.mean(np.abs(error - before)))
