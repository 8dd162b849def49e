"""Pictures before deblocking: prediction plus residue, macroblock by macroblock (clauses 8.3 to 8.5)."""

import numpy as np
from numpy.typing import NDArray

from callcodec.h264.compiled import compiled, integer
from callcodec.h264.inter import predict_chroma_block, predict_luma
from callcodec.h264.intra import predict_16x16, predict_chroma
from callcodec.h264.intra4x4 import predict_4x4
from callcodec.h264.neighbours import block_available, neighbour_macroblock
from callcodec.h264.state import (
    BAD_INTRA,
    CB,
    CHROMA_MODE,
    I_4X4,
    I_16X16,
    I_PCM,
    INTRA_MODE,
    OK,
    P_16X16,
    PATTERN,
    TYPE,
    V_CHROMA_OFFSET,
    V_CONSTRAINED,
    V_FIRST,
    V_WIDTH,
    Planes,
    Scratch,
    SyntaxState,
)
from callcodec.h264.transform import inverse_transform, scale_macroblock

LARGEST_RESIDUE = 32767


@compiled
def add_block(
    coefficients: NDArray[np.int32],
    x: int,
    y: int,
    prediction: NDArray[np.uint8],
    residue: NDArray[np.int16],
    out: NDArray[np.uint8],
    work: NDArray[np.int32],
) -> None:
    """u = Clip1(pred + r) of a 4×4 block (clause 8.5.14); keeps r."""
    if not inverse_transform(coefficients, work):
        for row in range(4):
            for column in range(4):
                out[y + row, x + column] = prediction[y + row, x + column]
        return
    for row in range(4):
        for column in range(4):
            value = min(max(integer(work[4 * row + column]), -LARGEST_RESIDUE), LARGEST_RESIDUE)
            residue[y + row, x + column] = value
            out[y + row, x + column] = min(max(prediction[y + row, x + column] + value, 0), 255)


@compiled
def usable(state: SyntaxState, values: NDArray[np.int64], macroblock: int, dx: int, dy: int) -> bool:
    """Whether a neighbouring macroblock may serve Intra prediction (constrained_intra_pred_flag)."""
    neighbour = neighbour_macroblock(state, values[V_WIDTH], macroblock, dx, dy)
    if neighbour < 0:
        return False
    return not (values[V_CONSTRAINED] and state.info[neighbour, TYPE] >= P_16X16)


@compiled
def reconstruct_pcm(
    state: SyntaxState, macroblock: int, x: int, y: int, residue: Planes, out: Planes
) -> None:
    """I_PCM: the samples count as residue over a prediction of zero."""
    samples = state.levels[macroblock].reshape(-1)
    for row in range(16):
        for column in range(16):
            value = samples[16 * row + column]
            residue.y[y + row, x + column] = value
            out.y[y + row, x + column] = value
    for row in range(8):
        for column in range(8):
            at = 256 + 8 * row + column
            residue.u[y // 2 + row, x // 2 + column] = samples[at]
            out.u[y // 2 + row, x // 2 + column] = samples[at]
            residue.v[y // 2 + row, x // 2 + column] = samples[at + 64]
            out.v[y // 2 + row, x // 2 + column] = samples[at + 64]
    samples[:] = 0


@compiled
def reconstruct_intra_4x4(
    state: SyntaxState,
    values: NDArray[np.int64],
    macroblock: int,
    x: int,
    y: int,
    prediction: NDArray[np.uint8],
    residue: NDArray[np.int16],
    out: NDArray[np.uint8],
    work: NDArray[np.int32],
) -> bool:
    """Luma of I_4x4: each block is predicted from those before it."""
    width = values[V_WIDTH]
    left, above = usable(state, values, macroblock, -1, 0), usable(state, values, macroblock, 0, -1)
    corner, right = usable(state, values, macroblock, -1, -1), usable(state, values, macroblock, 1, -1)
    for index in range(16):
        bx = (index & 1) | ((index >> 1) & 2)
        by = ((index >> 1) & 1) | ((index >> 2) & 2)
        has_left, has_above = bx > 0 or left, by > 0 or above
        has_corner = (bx > 0 or (left if by > 0 else corner)) and (by > 0 or (above if bx > 0 else corner))
        if by == 0:
            has_right = right if bx == 3 else above
        else:
            has_right = block_available(state, width, macroblock, bx, by, bx + 1, by - 1)
        px, py = x + 4 * bx, y + 4 * by
        mode = state.intra_mode[py // 4, px // 4]
        if not predict_4x4(out, px, py, mode, has_left, has_above, has_right, has_corner, prediction):
            return False
        block = state.coefficients[macroblock, 4 * by + bx]
        add_block(block, px, py, prediction, residue, out, work)
    return True


@compiled
def predict_inter(
    state: SyntaxState, x: int, y: int, references: Planes, prediction: Planes, scratch: Scratch
) -> None:
    """Motion-compensate every partition of a macroblock."""
    x4, y4 = x // 4, y // 4
    for by in range(4):
        for bx in range(4):
            name = 4 * by + bx
            if state.partition[y4 + by, x4 + bx] != name:
                continue
            wide = high = 1
            while bx + wide < 4 and state.partition[y4 + by, x4 + bx + wide] == name:
                wide += 1
            while by + high < 4 and state.partition[y4 + by + high, x4 + bx] == name:
                high += 1
            slot = state.reference_slot[y4 + by, x4 + bx]
            mx = integer(state.motion[y4 + by, x4 + bx, 0])
            my = integer(state.motion[y4 + by, x4 + bx, 1])
            px, py = x + 4 * bx, y + 4 * by
            predict_luma(references.y[slot], px, py, 4 * wide, 4 * high, mx, my, scratch, prediction.y)
            px, py, wide, high = px // 2, py // 2, 2 * wide, 2 * high
            predict_chroma_block(references.u[slot], px, py, wide, high, mx, my, scratch, prediction.u)
            predict_chroma_block(references.v[slot], px, py, wide, high, mx, my, scratch, prediction.v)


@compiled
def copy_macroblock(x: int, y: int, source: Planes, out: Planes) -> None:
    """Copy a macroblock that has no residue."""
    for row in range(y, y + 16):
        for column in range(x, x + 16):
            out.y[row, column] = source.y[row, column]
    for row in range(y // 2, y // 2 + 8):
        for column in range(x // 2, x // 2 + 8):
            out.u[row, column] = source.u[row, column]
            out.v[row, column] = source.v[row, column]


@compiled
def reconstruct_macroblock(  # noqa: PLR0912
    state: SyntaxState,
    values: NDArray[np.int64],
    macroblock: int,
    references: Planes,
    prediction: Planes,
    residue: Planes,
    out: Planes,
    scratch: Scratch,
) -> bool:
    """One macroblock; False where it is predicted from what does not exist."""
    width = values[V_WIDTH]
    x, y = 16 * (macroblock % width), 16 * (macroblock // width)
    kind = state.info[macroblock, TYPE]
    if kind == I_PCM:
        reconstruct_pcm(state, macroblock, x, y, residue, out)
        return True
    coded = state.info[macroblock, PATTERN] != 0 or kind == I_16X16
    if coded:
        scale_macroblock(state, macroblock, values[V_CHROMA_OFFSET], scratch.block)
    if kind >= P_16X16:
        predict_inter(state, x, y, references, prediction, scratch)
        if not coded:
            copy_macroblock(x, y, prediction, out)
            return True
    else:
        left, above = usable(state, values, macroblock, -1, 0), usable(state, values, macroblock, 0, -1)
        corner = usable(state, values, macroblock, -1, -1)
        if kind == I_16X16:
            mode = state.info[macroblock, INTRA_MODE]
            if not predict_16x16(out.y, x, y, mode, left, above, corner, prediction.y):
                return False
        mode = state.info[macroblock, CHROMA_MODE]
        for plane, target in ((out.u, prediction.u), (out.v, prediction.v)):
            if not predict_chroma(plane, x // 2, y // 2, mode, left, above, corner, target):
                return False
    blocks = state.coefficients[macroblock]
    if kind == I_4X4:
        if not reconstruct_intra_4x4(
            state, values, macroblock, x, y, prediction.y, residue.y, out.y, scratch.block
        ):
            return False
    else:
        for index in range(16):
            px, py = x + 4 * (index & 3), y + 4 * (index >> 2)
            add_block(blocks[index], px, py, prediction.y, residue.y, out.y, scratch.block)
    for index in range(4):
        px, py = x // 2 + 4 * (index & 1), y // 2 + 4 * (index >> 1)
        add_block(blocks[CB + index], px, py, prediction.u, residue.u, out.u, scratch.block)
        add_block(blocks[CB + 4 + index], px, py, prediction.v, residue.v, out.v, scratch.block)
    return True


@compiled
def reconstruct_slice(
    values: NDArray[np.int64],
    following: NDArray[np.int32],
    count: int,
    state: SyntaxState,
    references: Planes,
    prediction: Planes,
    residue: Planes,
    out: Planes,
    scratch: Scratch,
) -> int:
    """The first ``count`` macroblocks of a parsed slice; ``references`` planes are (slots, H, W). OK or a fault."""
    macroblock = values[V_FIRST]
    for _ in range(count):
        if not reconstruct_macroblock(
            state, values, macroblock, references, prediction, residue, out, scratch
        ):
            return BAD_INTRA
        macroblock = following[macroblock]
    return OK
