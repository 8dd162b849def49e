"""Intra_16x16 and chroma sample prediction (clauses 8.3.3 and 8.3.4)."""

import numpy as np
from numpy.typing import NDArray

from callcodec.h264.compiled import compiled, integer

LUMA_VERTICAL, LUMA_HORIZONTAL, LUMA_DC_MODE, LUMA_PLANE = range(4)
CHROMA_DC_MODE, CHROMA_HORIZONTAL, CHROMA_VERTICAL, CHROMA_PLANE = range(4)


@compiled
def predict_plane(plane: NDArray[np.uint8], x: int, y: int, size: int, out: NDArray[np.uint8]) -> None:
    """A plane through the border: ``size`` 16 (8.3.3.4) or 8 (8.3.4.4)."""
    half = size // 2
    horizontal = vertical = 0
    for index in range(half):
        weight = index + 1
        # integer: differences of uint8 samples would wrap
        right, left = plane[y - 1, x + half + index], plane[y - 1, x + half - 2 - index]
        lower, upper = plane[y + half + index, x - 1], plane[y + half - 2 - index, x - 1]
        horizontal += weight * (integer(right) - integer(left))
        vertical += weight * (integer(lower) - integer(upper))
    if size == 16:
        b, c = (5 * horizontal + 32) >> 6, (5 * vertical + 32) >> 6
    else:
        b, c = (34 * horizontal + 32) >> 6, (34 * vertical + 32) >> 6
    a = 16 * (integer(plane[y + size - 1, x - 1]) + integer(plane[y - 1, x + size - 1]))
    for row in range(size):
        for column in range(size):
            value = (a + b * (column - half + 1) + c * (row - half + 1) + 16) >> 5
            out[y + row, x + column] = min(max(value, 0), 255)


@compiled
def predict_straight(
    plane: NDArray[np.uint8], x: int, y: int, size: int, vertical: bool, out: NDArray[np.uint8]
) -> None:
    """Copy the row above or the column to the left."""
    for row in range(size):
        for column in range(size):
            out[y + row, x + column] = plane[y - 1, x + column] if vertical else plane[y + row, x - 1]


@compiled
def border_mean(
    plane: NDArray[np.uint8], x: int, y: int, size: int, left: bool, above: bool, lx: int, ly: int
) -> int:
    """Rounded mean of ``size`` samples to the left of column ``lx`` and above row ``ly``; 128 with neither."""
    total, shift = 0, 1 if size == 4 else 3
    if left:
        for index in range(size):
            total += plane[y + index, lx - 1]
        shift += 1
    if above:
        for index in range(size):
            total += plane[ly - 1, x + index]
        shift += 1
    if not left and not above:
        return 128
    return (total + (1 << (shift - 1))) >> shift


@compiled
def predict_16x16(
    plane: NDArray[np.uint8],
    x: int,
    y: int,
    mode: int,
    left: bool,
    above: bool,
    corner: bool,
    out: NDArray[np.uint8],
) -> bool:
    """Predict the luma of a macroblock; False where ``mode`` needs samples that do not exist."""
    if mode == LUMA_DC_MODE:
        out[y : y + 16, x : x + 16] = border_mean(plane, x, y, 16, left, above, x, y)
        return True
    if mode == LUMA_PLANE:
        if not (left and above and corner):
            return False
        predict_plane(plane, x, y, 16, out)
        return True
    if not (above if mode == LUMA_VERTICAL else left):
        return False
    predict_straight(plane, x, y, 16, mode == LUMA_VERTICAL, out)
    return True


@compiled
def predict_chroma(
    plane: NDArray[np.uint8],
    x: int,
    y: int,
    mode: int,
    left: bool,
    above: bool,
    corner: bool,
    out: NDArray[np.uint8],
) -> bool:
    """Predict Cb or Cr of a macroblock; False where ``mode`` needs samples that do not exist."""
    if mode == CHROMA_DC_MODE:
        for by in range(0, 8, 4):
            for bx in range(0, 8, 4):
                # 8.3.4.1 to .3: blocks off the diagonal prefer the border that they touch.
                use_left = left and not (bx == 4 and by == 0 and above)
                use_above = above and not (bx == 0 and by == 4 and left)
                value = border_mean(plane, x + bx, y + by, 4, use_left, use_above, x, y)
                out[y + by : y + by + 4, x + bx : x + bx + 4] = value
        return True
    if mode == CHROMA_PLANE:
        if not (left and above and corner):
            return False
        predict_plane(plane, x, y, 8, out)
        return True
    if not (above if mode == CHROMA_VERTICAL else left):
        return False
    predict_straight(plane, x, y, 8, mode == CHROMA_VERTICAL, out)
    return True
