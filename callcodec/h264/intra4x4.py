"""Intra_4x4 sample prediction (clause 8.3.1.2)."""

import numpy as np
from numpy.typing import NDArray

from callcodec.h264.compiled import compiled, integer

(
    VERTICAL,
    HORIZONTAL,
    DC,
    DOWN_LEFT,
    DOWN_RIGHT,
    VERTICAL_RIGHT,
    HORIZONTAL_DOWN,
    VERTICAL_LEFT,
    HORIZONTAL_UP,
) = range(9)


@compiled
def smooth(edge: NDArray[np.int32], index: int) -> int:
    """(a + 2b + c + 2) >> 2 around ``index``."""
    return (integer(edge[index - 1]) + 2 * integer(edge[index]) + integer(edge[index + 1]) + 2) >> 2


@compiled
def middle(edge: NDArray[np.int32], index: int) -> int:
    """(a + b + 1) >> 1 of ``index`` and the one behind it."""
    return (integer(edge[index]) + integer(edge[index + 1]) + 1) >> 1


@compiled
def predict_dc(
    plane: NDArray[np.uint8], x: int, y: int, left: bool, above: bool, out: NDArray[np.uint8]
) -> None:
    """Mean of the neighbours that exist (8.3.1.2.3)."""
    total, count = 0, 0
    for index in range(4):
        if above:
            total += plane[y - 1, x + index]
            count += 1
        if left:
            total += plane[y + index, x - 1]
            count += 1
    value = 128 if count == 0 else ((total + 4) >> 3 if count == 8 else (total + 2) >> 2)
    out[y : y + 4, x : x + 4] = value


@compiled
def predict_from_above(edge: NDArray[np.int32], mode: int, x: int, y: int, out: NDArray[np.uint8]) -> None:
    """DOWN_LEFT and VERTICAL_LEFT, from the eight samples above: edge[5] to edge[12] (8.3.1.2.4, 8.3.1.2.8)."""
    for row in range(4):
        for column in range(4):
            if mode == DOWN_LEFT:
                at = 6 + row + column
                last = (integer(edge[11]) + 3 * integer(edge[12]) + 2) >> 2
                value = last if at == 12 else smooth(edge, min(at, 11))
            else:
                at = 5 + column + (row >> 1)
                value = smooth(edge, at + 1) if row & 1 else middle(edge, at)
            out[y + row, x + column] = value


@compiled
def predict_across_corner(edge: NDArray[np.int32], mode: int, x: int, y: int, out: NDArray[np.uint8]) -> None:
    """The modes around the upper left corner, edge[4]: left samples upwards in edge[0..3] (8.3.1.2.5 to .7)."""
    for row in range(4):
        for column in range(4):
            if mode == DOWN_RIGHT:
                value = smooth(edge, 4 + column - row)
            elif mode == VERTICAL_RIGHT:
                z = 2 * column - row
                at = 4 + column - (row >> 1)
                if z >= 0:
                    value = smooth(edge, at) if z & 1 else middle(edge, at)
                else:
                    value = smooth(edge, 4) if z == -1 else smooth(edge, 5 - row)
            else:
                z = 2 * row - column
                at = 4 - (row - (column >> 1))
                if z >= 0:
                    value = smooth(edge, at) if z & 1 else middle(edge, at - 1)
                else:
                    value = smooth(edge, 4) if z == -1 else smooth(edge, 3 + column)
            out[y + row, x + column] = value


@compiled
def predict_horizontal_up(edge: NDArray[np.int32], x: int, y: int, out: NDArray[np.uint8]) -> None:
    """From the left samples, top one in edge[3] (8.3.1.2.9)."""
    for row in range(4):
        for column in range(4):
            z = column + 2 * row
            at = 3 - (row + (column >> 1))
            if z > 5:
                value = integer(edge[0])
            elif z == 5:
                value = (integer(edge[1]) + 3 * integer(edge[0]) + 2) >> 2
            elif z & 1:
                value = smooth(edge, at - 1)
            else:
                value = middle(edge, at - 1)
            out[y + row, x + column] = value


@compiled
def predict_4x4(  # noqa: PLR0912
    plane: NDArray[np.uint8],
    x: int,
    y: int,
    mode: int,
    left: bool,
    above: bool,
    above_right: bool,
    corner: bool,
    out: NDArray[np.uint8],
) -> bool:
    """Predict the block at (x, y) of ``plane`` into ``out``; False where ``mode`` needs samples that do not exist."""
    if mode == DC:
        predict_dc(plane, x, y, left, above, out)
        return True
    needs_left = mode in (HORIZONTAL, HORIZONTAL_UP)
    needs_above = mode in (VERTICAL, DOWN_LEFT, VERTICAL_LEFT)
    needs_all = not needs_left and not needs_above
    if ((needs_left or needs_all) and not left) or ((needs_above or needs_all) and not above):
        return False
    if needs_all and not corner:
        return False
    edge = np.zeros(13, np.int32)  # left from bottom to top, corner, above from left to right
    for index in range(4):
        if left:
            edge[3 - index] = plane[y + index, x - 1]
        if above:
            edge[5 + index] = plane[y - 1, x + index]
            edge[9 + index] = plane[y - 1, x + 4 + index] if above_right else plane[y - 1, x + 3]
    if corner:
        edge[4] = plane[y - 1, x - 1]
    if mode in (VERTICAL, HORIZONTAL):
        for row in range(4):
            for column in range(4):
                out[y + row, x + column] = edge[5 + column] if mode == VERTICAL else edge[3 - row]
    elif mode in (DOWN_LEFT, VERTICAL_LEFT):
        predict_from_above(edge, mode, x, y, out)
    elif mode == HORIZONTAL_UP:
        predict_horizontal_up(edge, x, y, out)
    else:
        predict_across_corner(edge, mode, x, y, out)
    return True
