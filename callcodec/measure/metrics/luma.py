"""Luma alone: what eyes see most of, and what papers on codecs give."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_BT601 = np.array((0.299, 0.587, 0.114), np.float32)


def luma_error(shown: NDArray[np.uint8], original: NDArray[np.uint8]) -> float:
    """Mean squared error of BT.601 luma, full range, of two (H, W, 3) pictures, in grey levels squared."""
    difference = (shown.astype(np.float32) - original) @ _BT601
    return float(np.mean(difference * difference))
