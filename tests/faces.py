"""A face of plain proportions, looking straight ahead, for tests that need one and no person."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_JAW = [(128 + 58 * np.sin(a), 118 + 78 * np.cos(a)) for a in np.linspace(-1.5, 1.5, 17)]
_BROWS = [(84 + 8 * i, 92 - (3, 6, 7, 6, 4)[i]) for i in range(5)]
_BROWS += [(140 + 8 * i, 92 - (4, 6, 7, 6, 3)[i]) for i in range(5)]
_NOSE = [(128, 106 + 9 * i) for i in range(4)] + [(118 + 5 * i, 143 + (0, 2, 3, 2, 0)[i]) for i in range(5)]
_EYE = [(-13, 0), (-5, -5), (5, -5), (13, 0), (5, 5), (-5, 5)]
_OUTER = [
    (-24, 0),
    (-16, -6),
    (-7, -9),
    (0, -8),
    (7, -9),
    (16, -6),
    (24, 0),
    (16, 7),
    (7, 11),
    (0, 12),
    (-7, 11),
    (-16, 7),
]
_INNER = [(-18, 0), (-7, -3), (0, -2), (7, -3), (18, 0), (7, 4), (0, 5), (-7, 4)]


def frontal_shape() -> NDArray[np.float32]:
    """(70, 2): 68 iBUG landmarks and two irises, in pixels of 256; the mouth a little open."""
    eyes = [(x + dx, 108 + dy) for x in (100, 156) for dx, dy in _EYE]
    mouth = [(128 + dx, 168 + dy) for dx, dy in (*_OUTER, *_INNER)]
    points = [*_JAW, *_BROWS, *_NOSE, *eyes, *mouth, (100, 108), (156, 108)]
    return np.array(points, np.float32)
