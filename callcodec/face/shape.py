"""The shape of a face: 68 iBUG landmarks and two iris centres, how it differs from the identity's, and its openings.

A shape is (70, 2): x and y in pixels of the 256×256 picture, iBUG-68 order, then the irises of points 36-41 and 42-47.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SHAPE_POINTS = 70
MOUTH_CORNERS = (48, 54)
INNER_LIPS = ((61, 67), (62, 66), (63, 65))  # upper, lower
OUTER_LIPS = ((49, 59), (50, 58), (51, 57), (52, 56), (53, 55))
EYES = ((36, (37, 38), (41, 40), 39), (42, (43, 44), (47, 46), 45))  # corner, upper lid, lower lid, corner
UPPER_LID_SHARE = 0.85  # of a lid's way when an eye closes; the lower one does the rest
LOWER_LIP_SHARE = 0.7  # of the way when a mouth opens, since the jaw moves

Shape = NDArray[np.float32]


def mouth_opening(shape: Shape) -> NDArray[np.float32]:
    """(..., 70 or 68, 2) → (...): inner-lip distance over mouth width."""
    width = _distance(shape, *MOUTH_CORNERS)
    gap = sum(_distance(shape, upper, lower) for upper, lower in INNER_LIPS) / len(INNER_LIPS)
    return np.asarray(gap / np.maximum(width, 1e-3), np.float32)


def eye_openings(shape: Shape) -> NDArray[np.float32]:
    """(..., 70 or 68, 2) → (..., 2): lid distance over eye width (eye aspect ratio), points 36-41, then 42-47."""
    ratios = []
    for outer, uppers, lowers, inner in EYES:
        gap = sum(_distance(shape, u, low) for u, low in zip(uppers, lowers, strict=True)) / len(uppers)
        ratios.append(gap / np.maximum(_distance(shape, outer, inner), 1e-3))
    return np.stack(ratios, -1).astype(np.float32)


def with_openings(shape: Shape, mouth: float, eyes: float) -> Shape:
    """``shape`` (70, 2) with another mouth opening and another mean eye opening, the rest of the face unmoved."""
    out = shape.copy()
    width = float(_distance(shape, *MOUTH_CORNERS))
    down = _down(shape) * (max(mouth, 0.0) - float(mouth_opening(shape))) * width
    corners = (shape[MOUTH_CORNERS[0]] + shape[MOUTH_CORNERS[1]]) / 2

    def share(upper: int, lower: int) -> float:
        """The corners stay, the middle moves most."""
        aside = float(np.linalg.norm((shape[upper] + shape[lower]) / 2 - corners))
        return max(1.0 - 0.8 * (2 * aside / max(width, 1e-3)) ** 2, 0.0)

    mean_share = max(sum(share(*pair) for pair in INNER_LIPS) / len(INNER_LIPS), 0.1)
    for upper, lower in (*INNER_LIPS, *OUTER_LIPS):
        part = down * (share(upper, lower) / mean_share)
        out[upper] -= (1 - LOWER_LIP_SHARE) * part
        out[lower] += LOWER_LIP_SHARE * part
    factor = max(eyes, 0.0) / max(float(eye_openings(shape).mean()), 1e-3)
    for _, uppers, lowers, _ in EYES:
        for upper, lower in zip(uppers, lowers, strict=True):
            gap = (shape[lower] - shape[upper]) * (1 - factor)
            out[upper] += UPPER_LID_SHARE * gap
            out[lower] -= (1 - UPPER_LID_SHARE) * gap
    return out


def _down(shape: Shape) -> NDArray[np.float32]:
    """Unit vector from brow to chin, across the line between the mouth's corners."""
    along = shape[MOUTH_CORNERS[1]] - shape[MOUTH_CORNERS[0]]
    along = along / max(float(np.linalg.norm(along)), 1e-3)
    return np.array([-along[1], along[0]], np.float32)


def _distance(shape: Shape, a: int, b: int) -> NDArray[np.float32]:
    return np.asarray(np.linalg.norm(shape[..., a, :] - shape[..., b, :], axis=-1), np.float32)
