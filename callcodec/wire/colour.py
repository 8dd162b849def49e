"""Integer YCbCr (ITU-R BT.601, full range) with four fractional bits; the same numbers on every machine."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.int64]

FRACTION = 16


def to_planes(rgb: NDArray[np.uint8]) -> tuple[Plane, Plane, Plane]:
    """(S, S, 3) RGB 0..255 to Y (0..4080), Cb and Cr (about -2040..2040), in sixteenths."""
    red, green, blue = (rgb[..., i].astype(np.int64) for i in range(3))
    y = (4899 * red + 9617 * green + 1868 * blue + 512) >> 10
    cb = (9241 * (FRACTION * blue - y) + 8192) >> 14
    cr = (11682 * (FRACTION * red - y) + 8192) >> 14
    return y, cb, cr


def to_rgb(y: Plane, cb: Plane, cr: Plane) -> NDArray[np.uint8]:
    """Planes in sixteenths to (S, S, 3) RGB, rounded and clamped to 0..255."""
    scaled = y << 14
    red = scaled + 22971 * cr
    green = scaled - 5638 * cb - 11700 * cr
    blue = scaled + 29032 * cb
    rounded = (np.stack((red, green, blue), axis=-1) + (1 << 17)) >> 18
    clamped: NDArray[np.uint8] = np.clip(rounded, 0, 255).astype(np.uint8)
    return clamped
