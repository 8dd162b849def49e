"""What a face does, read from its 68 iBUG landmarks: where its parts are, and how the mouth moves."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

OUTER_EYE_CORNERS = (36, 45)

Points = NDArray[np.float32]
Detector = Callable[[NDArray[np.uint8]], Points]
"""(256, 256, 3) uint8 RGB → (68, 2) pixels, NaN where no face was found."""


def landmark_distance(shown: Points, original: Points) -> NDArray[np.float32]:
    """(..., 68, 2) twice → (...): mean distance of the points, over the original's outer eye corners' distance."""
    distance = np.linalg.norm(shown - original, axis=-1).mean(-1)
    left, right = (original[..., i, :] for i in OUTER_EYE_CORNERS)
    eyes = np.linalg.norm(left - right, axis=-1)
    return np.asarray(distance / np.maximum(eyes, 1e-3), np.float32)


def correlation(shown: NDArray[np.floating], original: NDArray[np.floating]) -> float | None:
    """Pearson's, of two series (n,), unknown values (NaN) left out.

    0 for a shown series that stands still, as it follows nothing; None where the original stands still or fewer
    than three values are known.
    """
    known = np.isfinite(shown) & np.isfinite(original)
    x, y = shown[known].astype(np.float64), original[known].astype(np.float64)
    if len(x) < 3 or np.ptp(y) < 1e-6:
        return None
    if np.ptp(x) < 1e-6:
        return 0.0
    x, y = x - x.mean(), y - y.mean()
    return float((x @ y) / np.sqrt((x @ x) * (y @ y)))
