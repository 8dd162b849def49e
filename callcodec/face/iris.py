"""Where the irises are: the dark part of each eye opening, both eyes looking the same way."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

RIGHT_EYE, LEFT_EYE = slice(36, 42), slice(42, 48)  # iBUG-68: corner, two upper, corner, two lower
DARK_SHARE = 0.3  # of an eye opening, taken by the iris and its lid's shadow
CLOSED = 0.14  # opening over width under which the iris cannot be seen


def iris_centres(rgb: NDArray[np.uint8], landmarks: NDArray[np.float32]) -> NDArray[np.float32]:
    """(2, 2) x, y of the irises of points 36-41 and 42-47, in pixels of the (H, W, 3) picture.

    landmarks: (68, 2), iBUG-68. The gaze is measured in each eye's own frame and averaged, since eyes move together;
    a closed or unknown eye looks straight ahead. NaN landmarks give NaN centres.
    """
    grey = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.uint8)
    frames = [_eye_frame(landmarks[part]) for part in (RIGHT_EYE, LEFT_EYE)]
    gazes = [
        gaze
        for part, frame in zip((RIGHT_EYE, LEFT_EYE), frames, strict=True)
        if (gaze := _gaze(grey, landmarks[part], frame)) is not None
    ]
    gaze = np.mean(gazes, axis=0) if gazes else np.zeros(2)
    return np.stack([middle + gaze @ axes for middle, axes in frames]).astype(np.float32)


def _eye_frame(eye: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Middle of the opening, and two axes (rows): half the eye's width along it, the same length across it."""
    points = eye.astype(np.float64)
    half = (points[3] - points[0]) / 2
    return points.mean(0), np.stack((half, [-half[1], half[0]]))


def _gaze(
    grey: NDArray[np.uint8], eye: NDArray[np.float32], frame: tuple[NDArray[np.float64], NDArray[np.float64]]
) -> NDArray[np.float64] | None:
    """(2,) offset of the dark part in the eye's frame; None where the eye is closed, tiny or outside."""
    if not np.isfinite(eye).all():
        return None
    middle, axes = frame
    width = 2 * float(np.hypot(*axes[0]))
    opening = float(np.linalg.norm(eye[1] - eye[5]) + np.linalg.norm(eye[2] - eye[4])) / 2
    low, high = np.floor(eye.min(0)).astype(int) - 1, np.ceil(eye.max(0)).astype(int) + 2
    low, high = np.maximum(low, 0), np.minimum(high, grey.shape[::-1])
    if width < 8 or opening < CLOSED * width or (high - low).min() < 3:
        return None
    mask = np.zeros(tuple((high - low)[::-1]), np.uint8)
    cv2.fillConvexPoly(mask, np.round((eye - low) * 16).astype(np.int32), 1, shift=4)
    rows, columns = np.nonzero(mask)
    if len(rows) < 12:
        return None
    values = grey[low[1] : high[1], low[0] : high[0]][rows, columns].astype(np.float64)
    weights = np.clip(np.quantile(values, DARK_SHARE) + 6.0 - values, 0, None)
    at = np.array([columns @ weights, rows @ weights]) / weights.sum() + low
    offset = np.asarray(np.linalg.solve(axes.T, at - middle))
    return np.asarray(np.clip(offset, [-0.7, -0.3], [0.7, 0.3]))
