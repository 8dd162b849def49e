"""Inter prediction: quarter-sample luma and eighth-sample chroma (clause 8.4.2.2)."""

import numpy as np
from numpy.typing import NDArray

from callcodec.h264.compiled import compiled
from callcodec.h264.state import Scratch

MARGIN = 2  # the six-tap filter reaches two samples back and three ahead


@compiled
def fetch_window(
    plane: NDArray[np.uint8], x: int, y: int, wide: int, high: int, window: NDArray[np.int32]
) -> None:
    """Copy samples from (x, y); outside the picture its border repeats (8.4.2.2.1)."""
    height, width = plane.shape
    if x >= 0 and y >= 0 and x + wide <= width and y + high <= height:
        for row in range(high):
            for column in range(wide):
                window[row, column] = plane[y + row, x + column]
        return
    for row in range(high):
        source = min(max(y + row, 0), height - 1)
        for column in range(wide):
            window[row, column] = plane[source, min(max(x + column, 0), width - 1)]


@compiled
def half_horizontal(
    window: NDArray[np.int32], down: int, wide: int, high: int, out: NDArray[np.int32]
) -> None:
    """Samples b, or s for ``down`` = 1: half a sample to the right (equation 8-241)."""
    for row in range(high):
        for column in range(wide):
            line = row + MARGIN + down
            value = (
                window[line, column]
                - 5 * window[line, column + 1]
                + 20 * window[line, column + 2]
                + 20 * window[line, column + 3]
                - 5 * window[line, column + 4]
                + window[line, column + 5]
            )
            out[row, column] = min(max((value + 16) >> 5, 0), 255)


@compiled
def half_vertical(
    window: NDArray[np.int32], right: int, wide: int, high: int, out: NDArray[np.int32]
) -> None:
    """Samples h, or m for ``right`` = 1: half a sample down (equation 8-242)."""
    for row in range(high):
        for column in range(wide):
            at = column + MARGIN + right
            value = (
                window[row, at]
                - 5 * window[row + 1, at]
                + 20 * window[row + 2, at]
                + 20 * window[row + 3, at]
                - 5 * window[row + 4, at]
                + window[row + 5, at]
            )
            out[row, column] = min(max((value + 16) >> 5, 0), 255)


@compiled
def half_both(
    window: NDArray[np.int32], middle: NDArray[np.int32], wide: int, high: int, out: NDArray[np.int32]
) -> None:
    """Samples j, from unrounded horizontal sums (equation 8-245)."""
    for row in range(high + 5):
        for column in range(wide):
            middle[row, column] = (
                window[row, column]
                - 5 * window[row, column + 1]
                + 20 * window[row, column + 2]
                + 20 * window[row, column + 3]
                - 5 * window[row, column + 4]
                + window[row, column + 5]
            )
    for row in range(high):
        for column in range(wide):
            value = (
                middle[row, column]
                - 5 * middle[row + 1, column]
                + 20 * middle[row + 2, column]
                + 20 * middle[row + 3, column]
                - 5 * middle[row + 4, column]
                + middle[row + 5, column]
            )
            out[row, column] = min(max((value + 512) >> 10, 0), 255)


@compiled
def whole_sample(
    window: NDArray[np.int32], right: int, down: int, wide: int, high: int, out: NDArray[np.int32]
) -> None:
    """Samples G, H or M of Figure 8-4."""
    for row in range(high):
        for column in range(wide):
            out[row, column] = window[row + MARGIN + down, column + MARGIN + right]


@compiled
def interpolate_luma(fx: int, fy: int, wide: int, high: int, scratch: Scratch) -> bool:
    """Fill scratch.first, and scratch.second where the sample is the mean of two (True) (Table 8-12)."""
    window, first, second = scratch.window, scratch.first, scratch.second
    if fx == 2 and fy == 2:
        half_both(window, scratch.middle, wide, high, first)
        return False
    if fy == 0 or fx == 0:
        if fy == 0:
            half_horizontal(window, 0, wide, high, first)
        else:
            half_vertical(window, 0, wide, high, first)
        if fx == 2 or fy == 2:
            return False
        whole_sample(window, fx >> 1, fy >> 1, wide, high, second)
        return True
    if fx == 2 or fy == 2:
        half_both(window, scratch.middle, wide, high, first)
        if fx == 2:
            half_horizontal(window, fy >> 1, wide, high, second)
        else:
            half_vertical(window, fx >> 1, wide, high, second)
        return True
    half_horizontal(window, fy >> 1, wide, high, first)
    half_vertical(window, fx >> 1, wide, high, second)
    return True


@compiled
def predict_luma(
    plane: NDArray[np.uint8],
    x: int,
    y: int,
    wide: int,
    high: int,
    mx: int,
    my: int,
    scratch: Scratch,
    out: NDArray[np.uint8],
) -> None:
    """Motion-compensate a luma block at (x, y) by (mx, my) quarter samples."""
    fx, fy = mx & 3, my & 3
    left, top = x + (mx >> 2), y + (my >> 2)
    if fx == 0 and fy == 0:
        fetch_window(plane, left, top, wide, high, scratch.window)
        for row in range(high):
            for column in range(wide):
                out[y + row, x + column] = scratch.window[row, column]
        return
    fetch_window(plane, left - MARGIN, top - MARGIN, wide + 5, high + 5, scratch.window)
    is_mean = interpolate_luma(fx, fy, wide, high, scratch)
    first, second = scratch.first, scratch.second
    for row in range(high):
        for column in range(wide):
            if is_mean:
                out[y + row, x + column] = (first[row, column] + second[row, column] + 1) >> 1
            else:
                out[y + row, x + column] = first[row, column]


@compiled
def predict_chroma_block(
    plane: NDArray[np.uint8],
    x: int,
    y: int,
    wide: int,
    high: int,
    mx: int,
    my: int,
    scratch: Scratch,
    out: NDArray[np.uint8],
) -> None:
    """Motion-compensate a chroma block at (x, y) by (mx, my) eighths of a chroma sample (equation 8-266)."""
    fx, fy = mx & 7, my & 7
    window = scratch.window
    fetch_window(plane, x + (mx >> 3), y + (my >> 3), wide + 1, high + 1, window)
    for row in range(high):
        for column in range(wide):
            value = (
                (8 - fx) * (8 - fy) * window[row, column]
                + fx * (8 - fy) * window[row, column + 1]
                + (8 - fx) * fy * window[row + 1, column]
                + fx * fy * window[row + 1, column + 1]
            )
            out[y + row, x + column] = (value + 32) >> 6
