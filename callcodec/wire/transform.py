"""Integer transforms of the weighted picture (Y, Cb, Cr): trained at 8x8, cosines above.

The 8x8 transforms are Karhunen-Loeve transforms of talking heads, of all 192 values at once, so that what
luma tells about chroma and one half of a face about the other is used; 16x16 and 32x32 take a cosine
transform of each plane.
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

SHIFT = 14
Vector = NDArray[np.int64]


def forward(matrix: NDArray[np.int64], residual: Vector) -> Vector:
    """Coefficients of `residual` (n,) in the rows of `matrix` (n, n), which are 2**14 long."""
    return (matrix @ residual + (1 << SHIFT - 1)) >> SHIFT


def inverse(matrix: NDArray[np.int64], coefficients: Vector) -> Vector:
    """The residual (n,) that `coefficients` describe."""
    return (coefficients @ matrix + (1 << SHIFT - 1)) >> SHIFT


def forward_planes(residual: Vector, size: int) -> Vector:
    """Cosine transform of each of the three planes in `residual` (3 S S,)."""
    basis = cosine_basis(size)
    planes = residual.reshape(3, size, size)
    rows = (basis @ planes + (1 << SHIFT - 5)) >> SHIFT - 4
    return ((rows @ basis.T + (1 << SHIFT + 3)) >> SHIFT + 4).reshape(-1)


def inverse_planes(coefficients: Vector, size: int) -> Vector:
    """What forward_planes made `coefficients` of."""
    basis = cosine_basis(size)
    planes = coefficients.reshape(3, size, size)
    rows = (basis.T @ planes + (1 << SHIFT - 5)) >> SHIFT - 4
    return ((rows @ basis + (1 << SHIFT + 3)) >> SHIFT + 4).reshape(-1)


@functools.cache
def cosine_basis(size: int) -> NDArray[np.int64]:
    """Orthonormal DCT-II (S, S) times 2**14; no entry lies near a tie, so all machines round alike."""
    k, n = np.mgrid[:size, :size]
    basis = np.cos(np.pi * k * (2 * n + 1) / (2 * size)) * np.sqrt(2 / size)
    basis[0] = np.sqrt(1 / size)
    rounded: NDArray[np.int64] = np.rint(basis * (1 << SHIFT)).astype(np.int64)
    return rounded
