"""Which neighbouring blocks exist, and what motion and coefficient counts are predicted from them."""

import numpy as np

from callcodec.h264.compiled import compiled
from callcodec.h264.state import P_8X16, P_16X8, SLICE, SyntaxState

UNAVAILABLE = -2
# Figure 6-10: luma4x4BlkIdx of the block in row y, column x
BLOCK_ORDER = np.array([[0, 1, 4, 5], [2, 3, 6, 7], [8, 9, 12, 13], [10, 11, 14, 15]], np.int64)


@compiled
def neighbour_macroblock(state: SyntaxState, width: int, macroblock: int, dx: int, dy: int) -> int:
    """Address of the macroblock ``dx`` (-1 to 1), ``dy`` (-1, 0) away in the same slice, or -1 (clause 6.4.9)."""
    column = macroblock % width + dx
    address = macroblock + dy * width + dx
    if column < 0 or column >= width or address < 0:
        return -1
    return address if state.info[address, SLICE] == state.info[macroblock, SLICE] else -1


@compiled
def block_available(
    state: SyntaxState, width: int, macroblock: int, bx: int, by: int, nx: int, ny: int
) -> bool:
    """Whether block (nx, ny), counted from the macroblock's corner, is decoded before (bx, by) (clause 6.4.11)."""
    if 0 <= nx <= 3 and ny >= 0:
        return bool(BLOCK_ORDER[ny, nx] < BLOCK_ORDER[by, bx])
    if nx > 3 and ny >= 0:
        return False
    dx = -1 if nx < 0 else (1 if nx > 3 else 0)
    return neighbour_macroblock(state, width, macroblock, dx, -1 if ny < 0 else 0) >= 0


@compiled
def median(a: int, b: int, c: int) -> int:
    """Median of three (clause 8.4.1.3.1)."""
    return max(min(a, b), min(max(a, b), c))


@compiled
def predict_motion(  # noqa: PLR0911, PLR0912
    state: SyntaxState,
    width: int,
    macroblock: int,
    bx: int,
    by: int,
    blocks_wide: int,
    reference: int,
    shape: int,
) -> tuple[int, int]:
    """Motion vector prediction of a partition at block (bx, by), ``blocks_wide`` wide (clause 8.4.1.3).

    ``shape`` is the macroblock type: P_16X8 and P_8X16 look at one neighbour first.
    """
    x, y = 4 * (macroblock % width) + bx, 4 * (macroblock // width) + by
    motion, references = state.motion, state.reference
    reference_a = reference_b = reference_c = UNAVAILABLE
    ax = ay = bx_ = by_ = cx = cy = 0
    if block_available(state, width, macroblock, bx, by, bx - 1, by):
        reference_a = references[y, x - 1]
        ax, ay = motion[y, x - 1, 0], motion[y, x - 1, 1]
    if block_available(state, width, macroblock, bx, by, bx, by - 1):
        reference_b = references[y - 1, x]
        bx_, by_ = motion[y - 1, x, 0], motion[y - 1, x, 1]
    if block_available(state, width, macroblock, bx, by, bx + blocks_wide, by - 1):
        column = x + blocks_wide
        reference_c = references[y - 1, column]
        cx, cy = motion[y - 1, column, 0], motion[y - 1, column, 1]
    elif block_available(state, width, macroblock, bx, by, bx - 1, by - 1):
        reference_c = references[y - 1, x - 1]
        cx, cy = motion[y - 1, x - 1, 0], motion[y - 1, x - 1, 1]
    if shape == P_16X8:
        if by == 0 and reference_b == reference:
            return bx_, by_
        if by == 2 and reference_a == reference:
            return ax, ay
    elif shape == P_8X16:
        if bx == 0 and reference_a == reference:
            return ax, ay
        if bx == 2 and reference_c == reference:
            return cx, cy
    if reference_b == UNAVAILABLE and reference_c == UNAVAILABLE and reference_a != UNAVAILABLE:
        return ax, ay
    same_a, same_b, same_c = reference_a == reference, reference_b == reference, reference_c == reference
    if same_a and not same_b and not same_c:
        return ax, ay
    if same_b and not same_a and not same_c:
        return bx_, by_
    if same_c and not same_a and not same_b:
        return cx, cy
    return median(ax, bx_, cx), median(ay, by_, cy)


@compiled
def predict_skip_motion(state: SyntaxState, width: int, macroblock: int) -> tuple[int, int]:
    """Motion vector of P_Skip (clause 8.4.1.1)."""
    x, y = 4 * (macroblock % width), 4 * (macroblock // width)
    if (
        neighbour_macroblock(state, width, macroblock, -1, 0) < 0
        or neighbour_macroblock(state, width, macroblock, 0, -1) < 0
    ):
        return 0, 0
    for row, column in ((y, x - 1), (y - 1, x)):
        still = state.motion[row, column, 0] == 0 and state.motion[row, column, 1] == 0
        if state.reference[row, column] == 0 and still:
            return 0, 0
    return predict_motion(state, width, macroblock, 0, 0, 4, 0, 0)


@compiled
def luma_context(state: SyntaxState, width: int, macroblock: int, bx: int, by: int) -> int:
    """nC of the luma block (bx, by) (clause 9.2.1)."""
    x, y = 4 * (macroblock % width) + bx, 4 * (macroblock // width) + by
    left = bx > 0 or neighbour_macroblock(state, width, macroblock, -1, 0) >= 0
    above = by > 0 or neighbour_macroblock(state, width, macroblock, 0, -1) >= 0
    count = 0
    if left:
        count += state.nonzero[y, x - 1]
    if above:
        count += state.nonzero[y - 1, x]
    return (count + 1) >> 1 if left and above else count


@compiled
def chroma_context(state: SyntaxState, width: int, macroblock: int, plane: int, bx: int, by: int) -> int:
    """nC of the chroma block (bx, by), 0 or 1 each, of Cb (0) or Cr (1) (clause 9.2.1)."""
    x, y = 2 * (macroblock % width) + bx, 2 * (macroblock // width) + by
    left = bx > 0 or neighbour_macroblock(state, width, macroblock, -1, 0) >= 0
    above = by > 0 or neighbour_macroblock(state, width, macroblock, 0, -1) >= 0
    count = 0
    if left:
        count += state.nonzero_chroma[plane, y, x - 1]
    if above:
        count += state.nonzero_chroma[plane, y - 1, x]
    return (count + 1) >> 1 if left and above else count
