"""Scaling and the 4×4 transforms, with the direct-current paths of Intra_16x16 and chroma (clause 8.5)."""

import numpy as np
from numpy.typing import NDArray

from callcodec.h264.compiled import compiled, integer
from callcodec.h264.state import CB, CB_DC, I_16X16, LUMA_DC, PATTERN, QP, TYPE, SyntaxState

# normAdjust4x4 (8.5.9) by qP % 6: at even-even, odd-odd and the other frequencies
NORM_ADJUST = np.array(
    [[10, 16, 13], [11, 18, 14], [13, 20, 16], [14, 23, 18], [16, 25, 20], [18, 29, 23]], np.int64
)
FREQUENCY_CLASS = np.array([0, 2, 0, 2, 2, 1, 2, 1, 0, 2, 0, 2, 2, 1, 2, 1], np.int64)
# Table 8-15: QP_C by qPI from 30
CHROMA_QP = np.array([29, 30, 31, 32, 32, 33, 34, 34, 35, 35, 36, 36, 37, 37, 37, 38, 38, 38, 39, 39, 39, 39])


@compiled
def chroma_qp(luma_qp: int, offset: int) -> int:
    """QP_C from QP_Y and chroma_qp_index_offset (clause 8.5.8)."""
    index = min(max(luma_qp + offset, 0), 51)
    return index if index < 30 else CHROMA_QP[index - 30]


@compiled
def scale_block(levels: NDArray[np.int16], qp: int, first: int, coefficients: NDArray[np.int32]) -> None:
    """Dequantise (16,) levels from frequency ``first`` on (8.5.12.1, flat scaling)."""
    shift = qp // 6
    for index in range(first, 16):
        if levels[index]:
            scale = NORM_ADJUST[qp % 6, FREQUENCY_CLASS[index]]
            coefficients[index] = (integer(levels[index]) * scale) << shift


@compiled
def hadamard(values: NDArray[np.int32]) -> None:
    """The 4×4 transform of Intra_16x16 luma DC, in place (8.5.10)."""
    for step, stride in ((1, 4), (4, 1)):
        for line in range(4):
            base = line * stride
            a, b = integer(values[base]), integer(values[base + step])
            c, d = integer(values[base + 2 * step]), integer(values[base + 3 * step])
            values[base] = a + b + c + d
            values[base + step] = a + b - c - d
            values[base + 2 * step] = a - b - c + d
            values[base + 3 * step] = a - b + c - d


@compiled
def scale_luma_dc(state: SyntaxState, macroblock: int, work: NDArray[np.int32]) -> None:
    """Transform and dequantise Intra_16x16 luma DC into frequency 0 of its sixteen blocks (8.5.10)."""
    qp = integer(state.info[macroblock, QP])
    levels = state.levels[macroblock, LUMA_DC]
    for index in range(16):
        work[index] = levels[index]
    hadamard(work)
    scale = 16 * NORM_ADJUST[qp % 6, 0]
    for index in range(16):
        value = integer(work[index]) * scale
        if qp >= 36:
            value <<= qp // 6 - 6
        else:
            value = (value + (1 << (5 - qp // 6))) >> (6 - qp // 6)
        state.coefficients[macroblock, index, 0] = value


@compiled
def scale_chroma_dc(state: SyntaxState, macroblock: int, plane: int, qp: int) -> None:
    """Transform and dequantise the 2×2 chroma DC of Cb (0) or Cr (1) (8.5.11)."""
    levels = state.levels[macroblock, CB_DC + plane]
    a, b, c, d = integer(levels[0]), integer(levels[1]), integer(levels[2]), integer(levels[3])
    scale = NORM_ADJUST[qp % 6, 0] << (qp // 6)
    target = state.coefficients[macroblock]
    base = CB + 4 * plane
    target[base, 0] = ((a + b + c + d) * scale) >> 1
    target[base + 1, 0] = ((a - b + c - d) * scale) >> 1
    target[base + 2, 0] = ((a + b - c - d) * scale) >> 1
    target[base + 3, 0] = ((a - b - c + d) * scale) >> 1


@compiled
def scale_macroblock(
    state: SyntaxState, macroblock: int, chroma_offset: int, work: NDArray[np.int32]
) -> None:
    """Dequantise all levels of a macroblock into its coefficients."""
    qp = integer(state.info[macroblock, QP])
    pattern = state.info[macroblock, PATTERN]
    levels, coefficients = state.levels[macroblock], state.coefficients[macroblock]
    first = 0
    if state.info[macroblock, TYPE] == I_16X16:
        first = 1
        scale_luma_dc(state, macroblock, work)
    if pattern & 15:
        for block in range(16):
            scale_block(levels[block], qp, first, coefficients[block])
    if pattern & 0x30:
        qp_c = chroma_qp(qp, chroma_offset)
        for plane in range(2):
            scale_chroma_dc(state, macroblock, plane, qp_c)
        if pattern & 0x20:
            for block in range(CB, CB + 8):
                scale_block(levels[block], qp_c, 1, coefficients[block])


@compiled
def inverse_transform(coefficients: NDArray[np.int32], residue: NDArray[np.int32]) -> bool:
    """4×4 residue (16,), rounded, of (16,) coefficients (8.5.12.2); False, and nothing done, where all are zero."""
    coded = False
    for index in range(16):
        if coefficients[index]:
            coded = True
            break
    if not coded:
        return False
    for row in range(0, 16, 4):
        a, b = integer(coefficients[row]), integer(coefficients[row + 1])
        c, d = integer(coefficients[row + 2]), integer(coefficients[row + 3])
        e, f, g, h = a + c, a - c, (b >> 1) - d, b + (d >> 1)
        residue[row], residue[row + 1], residue[row + 2], residue[row + 3] = e + h, f + g, f - g, e - h
    for column in range(4):
        a, b = integer(residue[column]), integer(residue[column + 4])
        c, d = integer(residue[column + 8]), integer(residue[column + 12])
        e, f, g, h = a + c, a - c, (b >> 1) - d, b + (d >> 1)
        residue[column] = (e + h + 32) >> 6
        residue[column + 4] = (f + g + 32) >> 6
        residue[column + 8] = (f - g + 32) >> 6
        residue[column + 12] = (e - h + 32) >> 6
    return True
