"""Error of the whole picture, of the face and of the mouth apart: a still background hides a dead mouth."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

MARGIN = 0.1  # of the larger side of what the landmarks span, added all around
MOUTH = slice(48, 68)


class Box(NamedTuple):
    """Pixels x0 ≤ x < x1, y0 ≤ y < y1."""

    x0: int
    y0: int
    x1: int
    y1: int


class RegionErrors(NamedTuple):
    """Mean squared errors over RGB in grey levels; None where there are no landmarks."""

    picture: float
    face: float | None
    mouth: float | None


def box_around(points: NDArray[np.float32], size: int) -> Box | None:
    """The box around (n, 2) landmarks with its margin, cut at a picture of ``size``; None for unknown or outside."""
    if not np.isfinite(points).all():
        return None
    low, high = points.min(0), points.max(0)
    margin = MARGIN * float((high - low).max())
    x0, y0 = np.clip(np.floor(low - margin), 0, size).astype(int)
    x1, y1 = np.clip(np.ceil(high + margin), 0, size).astype(int)
    return Box(int(x0), int(y0), int(x1), int(y1)) if x0 < x1 and y0 < y1 else None


def region_errors(
    shown: NDArray[np.uint8], original: NDArray[np.uint8], landmarks: NDArray[np.float32]
) -> RegionErrors:
    """Errors of (H, W, 3) pictures; ``landmarks``: (68, 2) of the original in pixels, NaN where unknown."""
    squared = (shown.astype(np.float32) - original) ** 2

    def inside(points: NDArray[np.float32]) -> float | None:
        box = box_around(points, original.shape[0])
        return None if box is None else float(np.mean(squared[box.y0 : box.y1, box.x0 : box.x1]))

    return RegionErrors(float(np.mean(squared)), inside(landmarks), inside(landmarks[MOUTH]))
