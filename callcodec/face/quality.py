"""How good a portrait a picture makes: the identity picture is the one with the best score."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from callcodec.face.detect import Face, load_cascade, working_picture

_SHARP_VARIANCE = 200.0
"""Variance of the Laplacian over the face at which half of the points for sharpness are given."""
_WEIGHTS = {"sharp": 0.3, "frontal": 0.3, "eyes": 0.25, "light": 0.15}


def identity_score(rgb: NDArray[np.uint8]) -> float:
    """0 to 1 for a (H, W, 3) face crop: sharp, frontal, both eyes open, neither dark nor burnt out.

    Takes about 12 ms on one core. Pictures of one clip can be compared by it, people can not.
    """
    grey, _ = working_picture(rgb)
    face = _face_of(grey)
    if face is None:
        # Turned away or covered: only better than another picture of that kind.
        return 0.3 * _WEIGHTS["sharp"] * _sharpness(grey)
    left, top, side = int(face.x), int(face.y), int(face.size)
    patch = np.ascontiguousarray(grey[top : top + side, left : left + side])
    return (
        _WEIGHTS["sharp"] * _sharpness(patch)
        + _WEIGHTS["frontal"] * _symmetry(patch)
        + _WEIGHTS["eyes"] * _open_eyes(patch)
        + _WEIGHTS["light"] * _light(patch)
    )


def _face_of(grey: NDArray[np.uint8]) -> Face | None:
    smallest = min(grey.shape) // 4
    boxes = _cascade("haarcascade_frontalface_alt2.xml").detectMultiScale(
        grey, 1.15, 3, minSize=(smallest, smallest)
    )
    faces = [Face(float(x), float(y), float(width)) for x, y, width, _ in boxes]
    return max(faces, key=lambda face: face.size, default=None)


def _sharpness(grey: NDArray[np.uint8]) -> float:
    variance = float(cv2.Laplacian(grey, cv2.CV_32F).var())
    return variance / (variance + _SHARP_VARIANCE)


def _symmetry(patch: NDArray[np.uint8]) -> float:
    """1 where the face's halves mirror each other: correlation of a coarse picture with its mirror image."""
    coarse = cv2.resize(patch, (16, 16), interpolation=cv2.INTER_AREA).astype(np.float32)
    # Light from one side is no turned head: each row loses its slope from left to right.
    slope = np.linspace(-1, 1, 16, dtype=np.float32)
    coarse -= coarse.mean(axis=1, keepdims=True)
    coarse -= (coarse @ slope / (slope @ slope))[:, None] * slope
    power = float((coarse * coarse).sum())
    if power < 1.0:
        return 0.0
    return max(0.0, float((coarse * coarse[:, ::-1]).sum()) / power)


def _open_eyes(patch: NDArray[np.uint8]) -> float:
    """1 with an open eye on each side at one height, 0.4 with one; the cascade hardly sees closed ones."""
    half = patch.shape[1] // 2
    upper = slice(int(patch.shape[0] * 0.15), int(patch.shape[0] * 0.6))
    heights: list[float] = []
    for part in (patch[upper, :half], patch[upper, half:]):
        smallest = max(8, patch.shape[1] // 7)
        eyes = _cascade("haarcascade_eye.xml").detectMultiScale(
            np.ascontiguousarray(part), 1.1, 4, minSize=(smallest, smallest)
        )
        heights.extend(float(y + height / 2) for _, y, _, height in eyes[:1])
    if len(heights) < 2:
        return 0.4 * len(heights)
    level = abs(heights[0] - heights[1]) / patch.shape[0]
    return float(max(0.4, 1.0 - 4.0 * level))


def _light(patch: NDArray[np.uint8]) -> float:
    """1 for a middling brightness without burnt-out parts."""
    brightness = float(patch.mean()) / 255
    burnt = float((patch > 250).mean())
    return max(0.0, 1.0 - 2.0 * abs(brightness - 0.5) - 4.0 * burnt)


@cache
def _cascade(file_name: str) -> cv2.CascadeClassifier:
    return load_cascade(file_name)
