"""What 68 points (iBUG order) say: how far mouth and eyes are open, how a face lies."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

BLINK_SHARE = 0.6  # of the clip's median eye opening: below it an eye is closed


def similarity(shape: NDArray[np.floating], points: NDArray[np.floating]) -> NDArray[np.float64]:
    """(2, 3): the turn, size and shift that lay ``shape`` (N, 2) onto ``points`` (N, 2) by least squares."""
    m, p = (np.asarray(a, np.float64) for a in (shape, points))
    middle, target = m.mean(0), p.mean(0)
    m, p = m - middle, p - target
    a = (m * p).sum() / np.square(m).sum()
    b = (m[:, 0] * p[:, 1] - m[:, 1] * p[:, 0]).sum() / np.square(m).sum()
    turn = np.array([[a, -b], [b, a]])
    return np.column_stack((turn, target - turn @ middle))


def eye_openings(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """(..., 68, 2) → (...): eye aspect ratio (Soukupová and Čech 2016), mean of both eyes."""
    ratios = []
    for first in (36, 42):
        eye = points[..., first : first + 6, :]
        height = np.linalg.norm(eye[..., [1, 2], :] - eye[..., [5, 4], :], axis=-1).mean(-1)
        ratios.append(height / np.maximum(np.linalg.norm(eye[..., 0, :] - eye[..., 3, :], axis=-1), 1e-3))
    return np.asarray((ratios[0] + ratios[1]) / 2, np.float32)


def mouth_openings(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """(..., 68, 2) → (...): inner-lip distance over mouth width."""
    height = np.linalg.norm(points[..., 61:64, :] - points[..., [67, 66, 65], :], axis=-1).mean(-1)
    width = np.linalg.norm(points[..., 48, :] - points[..., 54, :], axis=-1)
    return np.asarray(height / np.maximum(width, 1e-3), np.float32)
