"""Macroblock layer: types, prediction modes, coded block pattern, QP and residual (clauses 7.3.5, 7.4.5)."""

import numpy as np
from numpy.typing import NDArray

from callcodec.h264.bits import read_bits, read_signed, read_unsigned
from callcodec.h264.cavlc import CHROMA_DC_CONTEXT, read_block
from callcodec.h264.cavlc_tables import INTER_CODED_BLOCK_PATTERN, INTRA_CODED_BLOCK_PATTERN
from callcodec.h264.compiled import compiled
from callcodec.h264.neighbours import chroma_context, luma_context, neighbour_macroblock
from callcodec.h264.partitions import parse_partitions
from callcodec.h264.state import (
    BAD_COEFFICIENTS,
    BAD_SYNTAX,
    BITS_CHROMA,
    BITS_LUMA,
    BITS_PATTERN,
    BITS_PCM,
    BITS_PREDICTION,
    BITS_QP,
    BITS_TYPE,
    CB,
    CB_DC,
    CHROMA_MODE,
    I_4X4,
    I_16X16,
    I_PCM,
    INTRA_MODE,
    LUMA_DC,
    OK,
    P_8X8,
    P_16X16,
    PATTERN,
    QP,
    TYPE,
    V_CONSTRAINED,
    V_IS_P,
    V_WIDTH,
    SyntaxState,
)

PCM_SAMPLES = 384
PCM_PATTERN = 47  # every block of I_PCM counts as coded


@compiled
def parse_intra_4x4_modes(
    data: NDArray[np.uint8],
    cursor: NDArray[np.int64],
    values: NDArray[np.int64],
    state: SyntaxState,
    macroblock: int,
) -> None:
    """Sixteen Intra4x4PredMode values (clause 8.3.1.1)."""
    width = values[V_WIDTH]
    x0, y0 = 4 * (macroblock % width), 4 * (macroblock // width)
    left = neighbour_macroblock(state, width, macroblock, -1, 0)
    above = neighbour_macroblock(state, width, macroblock, 0, -1)
    # A missing neighbour, or an Inter one that must not be used, makes both of them count as DC.
    left_usable = left >= 0 and not (values[V_CONSTRAINED] and state.info[left, TYPE] >= P_16X16)
    above_usable = above >= 0 and not (values[V_CONSTRAINED] and state.info[above, TYPE] >= P_16X16)
    for index in range(16):
        bx = (index & 1) | ((index >> 1) & 2)
        by = ((index >> 1) & 1) | ((index >> 2) & 2)
        mode = 2
        if (bx > 0 or left_usable) and (by > 0 or above_usable):
            mode = min(state.intra_mode[y0 + by, x0 + bx - 1], state.intra_mode[y0 + by - 1, x0 + bx])
        if not read_bits(data, cursor, 1):
            remaining = read_bits(data, cursor, 3)
            mode = remaining if remaining < mode else remaining + 1
        state.intra_mode[y0 + by, x0 + bx] = mode
        state.partition[y0 + by, x0 + bx] = 4 * by + bx


@compiled
def parse_pcm(
    data: NDArray[np.uint8],
    cursor: NDArray[np.int64],
    values: NDArray[np.int64],
    state: SyntaxState,
    macroblock: int,
) -> None:
    """I_PCM samples; they wait in the macroblock's levels until the picture's planes take them."""
    width = values[V_WIDTH]
    x0, y0 = macroblock % width, macroblock // width
    cursor[0] = (cursor[0] + 7) & ~7
    samples = state.levels[macroblock].reshape(-1)
    for index in range(PCM_SAMPLES):
        samples[index] = read_bits(data, cursor, 8)
    state.info[macroblock, QP] = 0
    state.info[macroblock, PATTERN] = PCM_PATTERN
    # Clause 9.2.1: neighbours count sixteen coefficients in every block of I_PCM.
    state.nonzero[4 * y0 : 4 * y0 + 4, 4 * x0 : 4 * x0 + 4] = 16
    state.nonzero_chroma[:, 2 * y0 : 2 * y0 + 2, 2 * x0 : 2 * x0 + 2] = 16


@compiled
def parse_residual(
    data: NDArray[np.uint8],
    cursor: NDArray[np.int64],
    values: NDArray[np.int64],
    state: SyntaxState,
    macroblock: int,
) -> bool:
    """residual() of 4:2:0 (clause 7.3.5.3); False for codes that do not exist."""
    width = values[V_WIDTH]
    x0, y0 = macroblock % width, macroblock // width
    pattern = state.info[macroblock, PATTERN]
    levels = state.levels[macroblock]
    begin = cursor[0]
    first = 0
    if state.info[macroblock, TYPE] == I_16X16:
        first = 1
        context = luma_context(state, width, macroblock, 0, 0)
        if read_block(data, cursor, context, 0, 16, levels[LUMA_DC]) < 0:
            return False
    for index in range(16):
        if not pattern & (1 << (index >> 2)):
            continue
        bx = (index & 1) | ((index >> 1) & 2)
        by = ((index >> 1) & 1) | ((index >> 2) & 2)
        context = luma_context(state, width, macroblock, bx, by)
        total = read_block(data, cursor, context, first, 16 - first, levels[4 * by + bx])
        if total < 0:
            return False
        state.nonzero[4 * y0 + by, 4 * x0 + bx] = total
    state.bits[BITS_LUMA] += cursor[0] - begin
    begin = cursor[0]
    if pattern & 0x30:
        for plane in range(2):
            if read_block(data, cursor, CHROMA_DC_CONTEXT, 0, 4, levels[CB_DC + plane]) < 0:
                return False
    if pattern & 0x20:
        for index in range(8):
            plane, bx, by = index >> 2, index & 1, (index >> 1) & 1
            context = chroma_context(state, width, macroblock, plane, bx, by)
            total = read_block(data, cursor, context, 1, 15, levels[CB + index])
            if total < 0:
                return False
            state.nonzero_chroma[plane, 2 * y0 + by, 2 * x0 + bx] = total
    state.bits[BITS_CHROMA] += cursor[0] - begin
    return True


@compiled
def parse_intra_prediction(
    data: NDArray[np.uint8],
    cursor: NDArray[np.int64],
    values: NDArray[np.int64],
    state: SyntaxState,
    macroblock: int,
    code: int,
) -> bool:
    """mb_pred() of Intra macroblocks; ``code`` is mb_type counted from I_NxN (Table 7-11)."""
    info = state.info[macroblock]
    if code == 0:
        info[TYPE] = I_4X4
        parse_intra_4x4_modes(data, cursor, values, state, macroblock)
    else:
        info[TYPE] = I_16X16
        info[INTRA_MODE] = (code - 1) & 3
        info[PATTERN] = (((code - 1) >> 2) % 3) << 4 | (15 if code > 12 else 0)
    mode = read_unsigned(data, cursor)
    info[CHROMA_MODE] = mode & 3
    return mode <= 3


@compiled
def parse_macroblock(  # noqa: PLR0911, PLR0912
    data: NDArray[np.uint8],
    cursor: NDArray[np.int64],
    values: NDArray[np.int64],
    slots: NDArray[np.int8],
    state: SyntaxState,
    macroblock: int,
    qp: NDArray[np.int64],
) -> int:
    """macroblock_layer(); ``qp`` (1,) is QP_Y of the macroblock before and after. Returns OK or a fault."""
    info = state.info[macroblock]
    begin = cursor[0]
    code = read_unsigned(data, cursor)
    state.bits[BITS_TYPE] += cursor[0] - begin
    begin = cursor[0]
    intra = True
    if values[V_IS_P]:
        intra = code >= 5
        if intra:
            code -= 5
    if intra:
        if code > 25:
            return BAD_SYNTAX
        if code == 25:
            info[TYPE] = I_PCM
            parse_pcm(data, cursor, values, state, macroblock)
            state.bits[BITS_PCM] += cursor[0] - begin
            return OK
        if not parse_intra_prediction(data, cursor, values, state, macroblock, code):
            return BAD_SYNTAX
        state.bits[BITS_PREDICTION] += cursor[0] - begin
    else:
        info[TYPE] = min(P_16X16 + code, P_8X8)
        fault = parse_partitions(data, cursor, values, slots, state, macroblock, code)
        if fault != OK:
            return fault
    begin = cursor[0]
    if info[TYPE] != I_16X16:
        code = read_unsigned(data, cursor)
        if code > 47:
            return BAD_SYNTAX
        info[PATTERN] = INTRA_CODED_BLOCK_PATTERN[code] if intra else INTER_CODED_BLOCK_PATTERN[code]
    state.bits[BITS_PATTERN] += cursor[0] - begin
    if info[PATTERN] or info[TYPE] == I_16X16:
        begin = cursor[0]
        delta = read_signed(data, cursor)
        if delta < -26 or delta > 25:
            return BAD_SYNTAX
        qp[0] = (qp[0] + delta + 52) % 52
        state.bits[BITS_QP] += cursor[0] - begin
        info[QP] = qp[0]
        if not parse_residual(data, cursor, values, state, macroblock):
            return BAD_COEFFICIENTS
    info[QP] = qp[0]
    return OK
