"""slice_data(): the macroblocks of one slice, coded or skipped (clause 7.3.4)."""

import numpy as np
from numpy.typing import NDArray

from callcodec.h264.bits import read_unsigned
from callcodec.h264.compiled import compiled
from callcodec.h264.macroblock import parse_macroblock
from callcodec.h264.partitions import skip_macroblock
from callcodec.h264.state import (
    ALPHA,
    BAD_OVERLAP,
    BAD_OVERRUN,
    BETA,
    BITS_TYPE,
    FILTER,
    NO_SLICE,
    OK,
    P_SKIP,
    QP,
    SLICE,
    TYPE,
    V_ALPHA,
    V_BETA,
    V_FILTER,
    V_FIRST,
    V_IS_P,
    V_MACROBLOCKS,
    V_NUMBER,
    V_QP,
    SyntaxState,
)


@compiled
def begin_macroblock(values: NDArray[np.int64], state: SyntaxState, macroblock: int) -> bool:
    """Claim a macroblock for the slice; False where it is outside the picture or another slice has it."""
    if macroblock >= values[V_MACROBLOCKS] or state.info[macroblock, SLICE] != NO_SLICE:
        return False
    info = state.info[macroblock]
    info[SLICE] = values[V_NUMBER]
    info[FILTER] = values[V_FILTER]
    info[ALPHA] = values[V_ALPHA]
    info[BETA] = values[V_BETA]
    return True


@compiled
def parse_slice_data(  # noqa: PLR0911
    data: NDArray[np.uint8],
    begin: int,
    end: int,
    values: NDArray[np.int64],
    slots: NDArray[np.int8],
    following: NDArray[np.int32],
    state: SyntaxState,
    parsed: NDArray[np.int64],
) -> int:
    """Parse from bit ``begin`` to the stop bit ``end``; ``following`` (N,) gives NextMbAddress.

    ``parsed`` (1,) becomes the number of macroblocks that are complete. Returns OK or a fault.
    """
    cursor = np.full(1, begin, np.int64)
    qp = np.full(1, values[V_QP], np.int64)
    macroblock = values[V_FIRST]
    while True:
        if values[V_IS_P]:
            start = cursor[0]
            run = read_unsigned(data, cursor)
            state.bits[BITS_TYPE] += cursor[0] - start
            if run > values[V_MACROBLOCKS]:
                return BAD_OVERLAP
            if cursor[0] > end:
                return BAD_OVERRUN
            for _ in range(run):
                if not begin_macroblock(values, state, macroblock):
                    return BAD_OVERLAP
                state.info[macroblock, TYPE] = P_SKIP
                state.info[macroblock, QP] = qp[0]
                fault = skip_macroblock(values, slots, state, macroblock)
                if fault != OK:
                    return fault
                parsed[0] += 1
                macroblock = following[macroblock]
            if cursor[0] == end:
                return OK
        if not begin_macroblock(values, state, macroblock):
            return BAD_OVERLAP
        fault = parse_macroblock(data, cursor, values, slots, state, macroblock, qp)
        if cursor[0] > end:
            return BAD_OVERRUN
        if fault != OK:
            return fault
        parsed[0] += 1
        macroblock = following[macroblock]
        if cursor[0] == end:
            return OK
