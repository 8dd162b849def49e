"""Residual blocks coded with CAVLC (clauses 7.3.5.3.2 and 9.2)."""

import numpy as np
from numpy.typing import NDArray

from callcodec.h264.bits import leading_zeros, peek, read_bits
from callcodec.h264.cavlc_tables import CHROMA_TOTAL_ZEROS, COEFF_TOKEN, RUN_BEFORE, TOTAL_ZEROS
from callcodec.h264.compiled import compiled, integer

CHROMA_DC_CONTEXT = -1
LONGEST_LEVEL_PREFIX = 15  # clause 9.2.2.1: larger ones belong to High profiles
# Figure 8-8 (a): raster index of the k-th coefficient of the zig-zag scan
ZIGZAG = np.array([0, 1, 4, 8, 5, 2, 3, 6, 9, 12, 13, 10, 7, 11, 14, 15], np.int64)


@compiled
def read_coeff_token(data: NDArray[np.uint8], cursor: NDArray[np.int64], context: int) -> int:
    """TotalCoeff << 2 | TrailingOnes by nC = ``context`` (clause 9.2.1); -1 for a code that does not exist."""
    window = peek(data, cursor[0])
    if context >= 8:
        cursor[0] += 6
        code = window >> 26
        return 0 if code == 3 else (((code >> 2) + 1) << 2) | (code & 3)
    row = 3 if context == CHROMA_DC_CONTEXT else (0 if context < 2 else (1 if context < 4 else 2))
    zeros = leading_zeros(window, 15)
    entry = COEFF_TOKEN[row, zeros * 8 + ((window >> (28 - zeros)) & 7)]
    if entry == 0:
        return -1
    cursor[0] += entry >> 8
    return integer(entry & 255)


@compiled
def read_level(data: NDArray[np.uint8], cursor: NDArray[np.int64], suffix_length: int, is_first: bool) -> int:
    """One level, clause 9.2.2.1; ``is_first`` where fewer than three trailing ones make ±1 impossible. 0 if wrong."""
    prefix = leading_zeros(peek(data, cursor[0]), LONGEST_LEVEL_PREFIX + 1)
    if prefix > LONGEST_LEVEL_PREFIX:
        return 0
    cursor[0] += prefix + 1
    code = prefix << suffix_length
    size = suffix_length
    if prefix == 14 and suffix_length == 0:
        size = 4
    elif prefix == 15:
        size = 12
        if suffix_length == 0:
            code += 15
    if size:
        code += read_bits(data, cursor, size)
    if is_first:
        code += 2
    return -((code + 1) >> 1) if code & 1 else (code + 2) >> 1


@compiled
def read_block(  # noqa: PLR0912
    data: NDArray[np.uint8],
    cursor: NDArray[np.int64],
    context: int,
    first: int,
    count: int,
    block: NDArray[np.int16],
) -> int:
    """Read coefficients ``first`` to ``first + count - 1`` in scan order into ``block`` (16,), raster order.

    Returns total_coeff, or -1 for codes that no conforming stream has. Chroma DC (``count`` 4) stays in parsing order.
    """
    token = read_coeff_token(data, cursor, context)
    total, ones = token >> 2, token & 3
    if token < 0 or total > count:
        return -1
    if total == 0:
        return 0
    levels = np.empty(16, np.int64)
    suffix_length = 1 if total > 10 and ones < 3 else 0
    for index in range(total):
        if index < ones:
            levels[index] = 1 - 2 * read_bits(data, cursor, 1)
            continue
        level = read_level(data, cursor, suffix_length, index == ones and ones < 3)
        if level == 0:
            return -1
        levels[index] = level
        if suffix_length == 0:
            suffix_length = 1
        if abs(level) > (3 << (suffix_length - 1)) and suffix_length < 6:
            suffix_length += 1
    zeros = 0
    if total < count:
        if count == 4:
            entry = CHROMA_TOTAL_ZEROS[total - 1, peek(data, cursor[0]) >> 29]
        else:
            entry = TOTAL_ZEROS[total - 1, peek(data, cursor[0]) >> 23]
        zeros = entry & 255
        cursor[0] += entry >> 8
        # Fifteen-coefficient blocks share the codes of sixteen, some of which would place a coefficient outside.
        if entry == 0 or zeros + total > count:
            return -1
    position = first + zeros + total - 1
    for index in range(total):
        block[position if count == 4 else ZIGZAG[position]] = levels[index]
        position -= 1
        if zeros > 0 and index < total - 1:
            entry = RUN_BEFORE[min(zeros, 7) - 1, peek(data, cursor[0]) >> 21]
            run = entry & 255
            cursor[0] += entry >> 8
            if entry == 0 or run > zeros:
                return -1
            zeros -= run
            position -= run
    return total
