"""The arrays that the compiled parts share: one picture's syntax elements, its planes, and a slice's parameters."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

# Macroblock types (Tables 7-11 and 7-13, without the parameters that Intra_16x16 packs into mb_type)
I_4X4, I_16X16, I_PCM, P_16X16, P_16X8, P_8X16, P_8X8, P_SKIP = range(8)

# Columns of SyntaxState.info
SLICE, TYPE, QP, PATTERN, INTRA_MODE, CHROMA_MODE, FILTER, ALPHA, BETA, INFO_COLUMNS = range(10)
NO_SLICE = -1

# Rows of SyntaxState.levels: 16 luma blocks in raster order, 4 of Cb, 4 of Cr, then the DC blocks
CB, CR, LUMA_DC, CB_DC, CR_DC, LEVEL_BLOCKS = 16, 20, 24, 25, 26, 27
COEFFICIENT_BLOCKS = 24

# SyntaxState.bits: where the bits of a picture went
(
    BITS_HEADER,
    BITS_TYPE,
    BITS_PREDICTION,
    BITS_MOTION,
    BITS_PATTERN,
    BITS_QP,
    BITS_LUMA,
    BITS_CHROMA,
    BITS_PCM,
    BIT_GROUPS,
) = range(10)

# SliceValues, the integers of a slice that the compiled parts need
(
    V_FIRST,
    V_IS_P,
    V_NUMBER,
    V_QP,
    V_REFERENCES,
    V_CHROMA_OFFSET,
    V_CONSTRAINED,
    V_WIDTH,
    V_MACROBLOCKS,
    V_FILTER,
    V_ALPHA,
    V_BETA,
    SLICE_VALUES,
) = range(13)

# What parsing or reconstructing a slice may answer
OK, BAD_SYNTAX, BAD_COEFFICIENTS, BAD_REFERENCE, BAD_OVERRUN, BAD_OVERLAP, BAD_INTRA = range(7)
FAULTS = {
    BAD_SYNTAX: "a macroblock breaks the syntax",
    BAD_COEFFICIENTS: "a coefficient code is not one of the standard's",
    BAD_REFERENCE: "a macroblock refers to a picture that is missing",
    BAD_OVERRUN: "a slice ends within a macroblock",
    BAD_OVERLAP: "a slice covers macroblocks of another one, or runs over the end of the picture",
    BAD_INTRA: "a macroblock is predicted from neighbours that it does not have",
}


class SyntaxState(NamedTuple):
    """What the bits of one picture say, filled while slices are parsed. N macroblocks, h × w of them."""

    info: NDArray[np.int32]  # (N, INFO_COLUMNS)
    motion: NDArray[np.int16]  # (4h, 4w, 2): x, y in quarter samples
    reference: NDArray[np.int8]  # (4h, 4w): index into the slice's list, -1 in Intra
    reference_slot: NDArray[np.int8]  # (4h, 4w): which stored picture that is
    intra_mode: NDArray[np.int8]  # (4h, 4w): Intra4x4PredMode, 2 elsewhere
    partition: NDArray[np.uint8]  # (4h, 4w): raster index of the block at the partition's upper left
    nonzero: NDArray[np.uint8]  # (4h, 4w): total_coeff of luma
    nonzero_chroma: NDArray[np.uint8]  # (2, 2h, 2w)
    levels: NDArray[np.int16]  # (N, LEVEL_BLOCKS, 16): frequencies in raster order
    coefficients: NDArray[np.int32]  # (N, COEFFICIENT_BLOCKS, 16)
    bits: NDArray[np.int64]  # (BIT_GROUPS,)


class Planes(NamedTuple):
    """Luma (H, W) and chroma (H/2, W/2), of uint8 samples or int16 differences."""

    y: NDArray[Any]
    u: NDArray[Any]
    v: NDArray[Any]


class Scratch(NamedTuple):
    """Room that sample prediction works in, kept from macroblock to macroblock."""

    window: NDArray[np.int32]  # (21, 21)
    middle: NDArray[np.int32]  # (21, 16)
    first: NDArray[np.int32]  # (16, 16)
    second: NDArray[np.int32]  # (16, 16)
    block: NDArray[np.int32]  # (16,)


def new_syntax_state(width: int, height: int) -> SyntaxState:
    """Empty state of a picture of ``width`` × ``height`` macroblocks."""
    count = width * height
    info = np.zeros((count, INFO_COLUMNS), np.int32)
    info[:, SLICE] = NO_SLICE
    return SyntaxState(
        info,
        np.zeros((4 * height, 4 * width, 2), np.int16),
        np.full((4 * height, 4 * width), -1, np.int8),
        np.full((4 * height, 4 * width), -1, np.int8),
        np.full((4 * height, 4 * width), 2, np.int8),
        np.zeros((4 * height, 4 * width), np.uint8),
        np.zeros((4 * height, 4 * width), np.uint8),
        np.zeros((2, 2 * height, 2 * width), np.uint8),
        np.zeros((count, LEVEL_BLOCKS, 16), np.int16),
        np.zeros((count, COEFFICIENT_BLOCKS, 16), np.int32),
        np.zeros(BIT_GROUPS, np.int64),
    )


def new_planes(width: int, height: int, dtype: Any) -> Planes:
    """Zero planes of a picture of ``width`` × ``height`` macroblocks."""
    return Planes(
        np.zeros((16 * height, 16 * width), dtype),
        np.zeros((8 * height, 8 * width), dtype),
        np.zeros((8 * height, 8 * width), dtype),
    )


def new_scratch() -> Scratch:
    """Working room for one reader."""
    return Scratch(
        np.zeros((21, 21), np.int32),
        np.zeros((21, 16), np.int32),
        np.zeros((16, 16), np.int32),
        np.zeros((16, 16), np.int32),
        np.zeros(16, np.int32),
    )
