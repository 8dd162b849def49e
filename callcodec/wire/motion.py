"""Four ways in which a head moves, as pictures made of the reference: right, down, nearer and tilted.

Each is the reference's gradient times a displacement field, so adding a little of it moves the picture a
little (first order optical flow). Their amounts are coded like coefficients, before the transform of what
then remains.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

MODES = 4
UNIT = 1 << 12

Vector = NDArray[np.int64]


def motion_modes(reference: Vector, size: int) -> NDArray[np.int64]:
    """(4, 3 S S) modes of length UNIT for a reference (3 S S) in the weighted space; zero where flat."""
    planes = reference.reshape(3, size, size)
    padded = np.pad(planes, ((0, 0), (1, 1), (1, 1)), mode="edge")
    across = padded[:, 1:-1, 2:] - padded[:, 1:-1, :-2]
    down = padded[:, 2:, 1:-1] - padded[:, :-2, 1:-1]
    centred = 2 * np.arange(size, dtype=np.int64) - (size - 1)
    x, y = centred[None, None, :], centred[None, :, None]
    fields = (across, down, across * x + down * y, across * y - down * x)
    return np.stack([_normalised(mode.reshape(-1)) for mode in fields])


def _normalised(mode: Vector) -> Vector:
    length = math.isqrt(int((mode * mode).sum()))
    # A flat reference has no direction to move in; the rounding of its few grey levels would only add noise.
    if length < 64:
        return np.zeros_like(mode)
    return (mode * UNIT + length // 2) // length
