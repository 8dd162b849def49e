"""GMSD: how unevenly a picture's edges were kept (Xue, Zhang, Mou & Bovik, IEEE TIP 2014)."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

STABILITY = 170.0  # c of equation 4, for grey levels of 0..255
_GREY = np.array((0.2989, 0.5870, 0.1140), np.float32)  # as the authors' rgb2gray
_PREWITT = np.array(((1, 0, -1), (1, 0, -1), (1, 0, -1)), np.float32) / 3


def gradient_magnitude_similarity_deviation(shown: NDArray[np.uint8], original: NDArray[np.uint8]) -> float:
    """GMSD of two (H, W, 3) uint8 RGB pictures with even sides: 0 for equal ones, larger is worse.

    As the authors' code has it: grey, mean of 2×2 blocks, Prewitt gradients, deviation over all pixels (n − 1).
    """
    r, d = _gradient_magnitude(original), _gradient_magnitude(shown)
    similarity = (2 * r * d + STABILITY) / (r * r + d * d + STABILITY)
    return float(np.std(similarity, ddof=1))


def _gradient_magnitude(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    grey = np.rint(rgb.astype(np.float32) @ _GREY)
    half = (grey[::2, ::2] + grey[1::2, ::2] + grey[::2, 1::2] + grey[1::2, 1::2]) / 4
    across = cv2.filter2D(half, cv2.CV_32F, _PREWITT, borderType=cv2.BORDER_CONSTANT)
    down = cv2.filter2D(half, cv2.CV_32F, np.ascontiguousarray(_PREWITT.T), borderType=cv2.BORDER_CONSTANT)
    return np.asarray(np.sqrt(across * across + down * down), np.float32)
