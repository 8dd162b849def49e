"""Partitions, reference indices and motion vectors of P macroblocks (clauses 7.3.5.1, 7.3.5.2, 8.4.1)."""

import numpy as np
from numpy.typing import NDArray

from callcodec.h264.bits import read_signed, read_truncated, read_unsigned
from callcodec.h264.compiled import compiled
from callcodec.h264.neighbours import predict_motion, predict_skip_motion
from callcodec.h264.state import (
    BAD_REFERENCE,
    BAD_SYNTAX,
    BITS_MOTION,
    BITS_PREDICTION,
    OK,
    P_8X8,
    TYPE,
    V_REFERENCES,
    V_WIDTH,
    SyntaxState,
)

P_8X8_REF0 = 4
# Width and height in 4×4 blocks: of macroblock partitions by mb_type (Table 7-13), and by sub_mb_type (Table 7-17)
PARTITION_SIZE = np.array([[4, 4], [4, 2], [2, 4], [2, 2], [2, 2]], np.int64)
SUB_PARTITION_SIZE = np.array([[2, 2], [2, 1], [1, 2], [1, 1]], np.int64)
LARGEST_MOTION_DIFFERENCE = 1 << 15


@compiled
def set_reference(
    state: SyntaxState, x: int, y: int, wide: int, high: int, reference: int, slot: int
) -> None:
    """Note which picture the blocks of a partition refer to."""
    for row in range(y, y + high):
        for column in range(x, x + wide):
            state.reference[row, column] = reference
            state.reference_slot[row, column] = slot


@compiled
def set_motion(state: SyntaxState, x: int, y: int, wide: int, high: int, mx: int, my: int) -> None:
    """Note the motion of a partition, whose first block is its name."""
    name = 4 * (y & 3) + (x & 3)
    for row in range(y, y + high):
        for column in range(x, x + wide):
            state.motion[row, column, 0] = mx
            state.motion[row, column, 1] = my
            state.partition[row, column] = name


@compiled
def read_motion(
    data: NDArray[np.uint8],
    cursor: NDArray[np.int64],
    state: SyntaxState,
    width: int,
    macroblock: int,
    bx: int,
    by: int,
    wide: int,
    high: int,
) -> bool:
    """mvd_l0 of one partition, added to its prediction; False for a difference that no level allows."""
    x, y = 4 * (macroblock % width) + bx, 4 * (macroblock // width) + by
    reference = state.reference[y, x]
    px, py = predict_motion(state, width, macroblock, bx, by, wide, reference, state.info[macroblock, TYPE])
    dx = read_signed(data, cursor)
    dy = read_signed(data, cursor)
    set_motion(state, x, y, wide, high, px + dx, py + dy)
    return max(abs(dx), abs(dy)) < LARGEST_MOTION_DIFFERENCE


@compiled
def parse_partitions(  # noqa: PLR0912
    data: NDArray[np.uint8],
    cursor: NDArray[np.int64],
    values: NDArray[np.int64],
    slots: NDArray[np.int8],
    state: SyntaxState,
    macroblock: int,
    code: int,
) -> int:
    """mb_pred() or sub_mb_pred() of a P macroblock with mb_type ``code`` 0 to 4. Returns OK or a fault."""
    width = values[V_WIDTH]
    x0, y0 = 4 * (macroblock % width), 4 * (macroblock // width)
    wide, high = PARTITION_SIZE[code, 0], PARTITION_SIZE[code, 1]
    begin = cursor[0]
    sub_types = np.zeros(4, np.int64)
    if state.info[macroblock, TYPE] == P_8X8:
        for index in range(4):
            sub_types[index] = read_unsigned(data, cursor)
            if sub_types[index] > 3:
                return BAD_SYNTAX
    for by in range(0, 4, high):
        for bx in range(0, 4, wide):
            reference = 0
            if values[V_REFERENCES] > 1 and code != P_8X8_REF0:
                reference = read_truncated(data, cursor, values[V_REFERENCES] - 1)
            if reference >= values[V_REFERENCES] or slots[reference] < 0:
                return BAD_REFERENCE
            set_reference(state, x0 + bx, y0 + by, wide, high, reference, slots[reference])
    state.bits[BITS_PREDICTION] += cursor[0] - begin
    begin = cursor[0]
    for by in range(0, 4, high):
        for bx in range(0, 4, wide):
            inner_wide, inner_high = wide, high
            if state.info[macroblock, TYPE] == P_8X8:
                inner_wide = SUB_PARTITION_SIZE[sub_types[by + (bx >> 1)], 0]
                inner_high = SUB_PARTITION_SIZE[sub_types[by + (bx >> 1)], 1]
            for sy in range(by, by + high, inner_high):
                for sx in range(bx, bx + wide, inner_wide):
                    if not read_motion(
                        data, cursor, state, width, macroblock, sx, sy, inner_wide, inner_high
                    ):
                        return BAD_SYNTAX
    state.bits[BITS_MOTION] += cursor[0] - begin
    return OK


@compiled
def skip_macroblock(
    values: NDArray[np.int64], slots: NDArray[np.int8], state: SyntaxState, macroblock: int
) -> int:
    """P_Skip: predicted motion from the first picture of the list, nothing coded. Returns OK or a fault."""
    if slots[0] < 0:
        return BAD_REFERENCE
    width = values[V_WIDTH]
    x0, y0 = 4 * (macroblock % width), 4 * (macroblock // width)
    mx, my = predict_skip_motion(state, width, macroblock)
    set_reference(state, x0, y0, 4, 4, 0, slots[0])
    set_motion(state, x0, y0, 4, 4, mx, my)
    return OK
