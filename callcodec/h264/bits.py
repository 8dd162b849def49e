"""Bit reading for the compiled parts: peek, u(n), ue(v), se(v), te(v) (clauses 7.2, 9.1).

``data`` is the payload with PADDING zero bytes behind it. A position past the end reads zeros, so that no read leaves
the array; the macroblock loop compares the position with the end after every macroblock.
"""

import numpy as np
from numpy.typing import NDArray

from callcodec.h264.compiled import compiled, integer

PADDING = 8
INVALID = 1 << 32


@compiled
def peek(data: NDArray[np.uint8], position: int) -> int:
    """The 32 bits at ``position``."""
    first = min(position >> 3, len(data) - PADDING)
    window = (
        (integer(data[first]) << 32)
        | (integer(data[first + 1]) << 24)
        | (integer(data[first + 2]) << 16)
        | (integer(data[first + 3]) << 8)
        | integer(data[first + 4])
    )
    return (window >> (8 - (position & 7))) & 0xFFFFFFFF


@compiled
def leading_zeros(window: int, limit: int) -> int:
    """Zero bits before the first 1 of a 32-bit ``window``, at most ``limit``."""
    count = 0
    probe = 1 << 31
    while count < limit and not window & probe:
        probe >>= 1
        count += 1
    return count


@compiled
def read_bits(data: NDArray[np.uint8], cursor: NDArray[np.int64], count: int) -> int:
    """u(n) for 1 to 32 bits."""
    value = peek(data, cursor[0]) >> (32 - count)
    cursor[0] += count
    return value


@compiled
def read_unsigned(data: NDArray[np.uint8], cursor: NDArray[np.int64]) -> int:
    """ue(v); INVALID where 32 zeros stand."""
    window = peek(data, cursor[0])
    zeros = leading_zeros(window, 32)
    if zeros <= 15:
        length = 2 * zeros + 1
        cursor[0] += length
        return (window >> (32 - length)) - 1
    if zeros == 32:
        cursor[0] += 32
        return INVALID
    cursor[0] += zeros
    return read_bits(data, cursor, zeros + 1) - 1


@compiled
def read_signed(data: NDArray[np.uint8], cursor: NDArray[np.int64]) -> int:
    """se(v)."""
    code = read_unsigned(data, cursor)
    if code & 1:
        return (code + 1) >> 1
    return -(code >> 1)


@compiled
def read_truncated(data: NDArray[np.uint8], cursor: NDArray[np.int64], largest: int) -> int:
    """te(v) with x = ``largest`` (clause 9.1)."""
    if largest == 1:
        return 1 - read_bits(data, cursor, 1)
    return read_unsigned(data, cursor)
