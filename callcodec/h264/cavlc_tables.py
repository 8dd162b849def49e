"""The variable-length codes of CAVLC as the standard prints them, and lookup tables made from them (clause 9.2)."""

import numpy as np
from numpy.typing import NDArray

# Table 9-5 for 0 <= nC < 2, 2 <= nC < 4, 4 <= nC < 8 and nC = -1, in the order of the table's rows:
# TotalCoeff 0, 1, 2..., and in each TrailingOnes from 0 to min(TotalCoeff, 3).
COEFF_TOKEN_CODES = (
    "1 000101 01 00000111 000100 001 000000111 00000110 0000101 00011 0000000111 000000110 00000101 000011 "
    "00000000111 0000000110 000000101 0000100 0000000001111 00000000110 0000000101 00000100 0000000001011 "
    "0000000001110 00000000101 000000100 0000000001000 0000000001010 0000000001101 0000000100 00000000001111 "
    "00000000001110 0000000001001 00000000100 00000000001011 00000000001010 00000000001101 0000000001100 "
    "000000000001111 000000000001110 00000000001001 00000000001100 000000000001011 000000000001010 "
    "000000000001101 00000000001000 0000000000001111 000000000000001 000000000001001 000000000001100 "
    "0000000000001011 0000000000001110 0000000000001101 000000000001000 0000000000000111 0000000000001010 "
    "0000000000001001 0000000000001100 0000000000000100 0000000000000110 0000000000000101 0000000000001000",
    "11 001011 10 000111 00111 011 0000111 001010 001001 0101 00000111 000110 000101 0100 00000100 0000110 "
    "0000101 00110 000000111 00000110 00000101 001000 00000001111 000000110 000000101 000100 00000001011 "
    "00000001110 00000001101 0000100 000000001111 00000001010 00000001001 000000100 000000001011 000000001110 "
    "000000001101 00000001100 000000001000 000000001010 000000001001 00000001000 0000000001111 0000000001110 "
    "0000000001101 000000001100 0000000001011 0000000001010 0000000001001 0000000001100 0000000000111 "
    "00000000001011 0000000000110 0000000001000 00000000001001 00000000001000 00000000001010 0000000000001 "
    "00000000000111 00000000000110 00000000000101 00000000000100",
    "1111 001111 1110 001011 01111 1101 001000 01100 01110 1100 0001111 01010 01011 1011 0001011 01000 01001 "
    "1010 0001001 001110 001101 1001 0001000 001010 001001 1000 00001111 0001110 0001101 01101 00001011 "
    "00001110 0001010 001100 000001111 00001010 00001101 0001100 000001011 000001110 00001001 00001100 "
    "000001000 000001010 000001101 00001000 0000001101 000000111 000001001 000001100 0000001001 0000001100 "
    "0000001011 0000001010 0000000101 0000001000 0000000111 0000000110 0000000001 0000000100 0000000011 "
    "0000000010",
    "01 000111 1 000100 000110 001 000011 0000011 0000010 000101 000010 00000011 00000010 0000000",
)
# Tables 9-7 and 9-8: one row for each tzVlcIndex from 1, codes for total_zeros from 0.
TOTAL_ZEROS_CODES = (
    "1 011 010 0011 0010 00011 00010 000011 000010 0000011 0000010 00000011 00000010 000000011 000000010 "
    "000000001",
    "111 110 101 100 011 0101 0100 0011 0010 00011 00010 000011 000010 000001 000000",
    "0101 111 110 101 0100 0011 100 011 0010 00011 00010 000001 00001 000000",
    "00011 111 0101 0100 110 101 100 0011 011 0010 00010 00001 00000",
    "0101 0100 0011 111 110 101 100 011 0010 00001 0001 00000",
    "000001 00001 111 110 101 100 011 010 0001 001 000000",
    "000001 00001 101 100 011 11 010 0001 001 000000",
    "000001 0001 00001 011 11 10 010 001 000000",
    "000001 000000 0001 11 10 001 01 00001",
    "00001 00000 001 11 10 01 0001",
    "0000 0001 001 010 1 011",
    "0000 0001 01 1 001",
    "000 001 1 01",
    "00 01 1",
    "0 1",
)
# Table 9-9 (a), chroma DC of 4:2:0.
CHROMA_TOTAL_ZEROS_CODES = (
    "1 01 001 000",
    "1 01 00",
    "1 0",
)
# Table 9-10: one row for each zerosLeft from 1, the last for zerosLeft > 6.
RUN_BEFORE_CODES = (
    "1 0",
    "1 01 00",
    "11 10 01 00",
    "11 10 01 001 000",
    "11 10 011 010 001 000",
    "11 000 001 011 010 101 100",
    "111 110 101 100 011 010 001 0001 00001 000001 0000001 00000001 000000001 0000000001 00000000001",
)

# Table 9-4 for 4:2:0: coded_block_pattern by codeNum, for Intra_4x4 and for Inter macroblocks.
# fmt: off
INTRA_CODED_BLOCK_PATTERN = np.array(
    [47, 31, 15, 0, 23, 27, 29, 30, 7, 11, 13, 14, 39, 43, 45, 46, 16, 3, 5, 10, 12, 19, 21, 26,
     28, 35, 37, 42, 44, 1, 2, 4, 8, 17, 18, 20, 24, 6, 9, 22, 25, 32, 33, 34, 36, 40, 38, 41],
    dtype=np.uint8,
)
INTER_CODED_BLOCK_PATTERN = np.array(
    [0, 16, 1, 2, 4, 8, 32, 3, 5, 10, 12, 15, 47, 7, 11, 13, 14, 6, 9, 31, 35, 37, 42, 44,
     33, 34, 36, 40, 39, 43, 45, 46, 17, 18, 20, 24, 19, 21, 26, 28, 23, 27, 29, 30, 22, 25, 38, 41],
    dtype=np.uint8,
)
# fmt: on

COEFF_TOKEN_ZEROS = 16  # no code of Table 9-5 has more leading zeros than 15
TOTAL_ZEROS_BITS = 9
RUN_BEFORE_BITS = 11


def _lookup(codes: str, bits: int) -> NDArray[np.uint16]:
    """(2**bits,): length << 8 | index of the code that the ``bits`` next bits begin with; 0 where there is none."""
    table = np.zeros(1 << bits, np.uint16)
    for index, code in enumerate(codes.split()):
        free = bits - len(code)
        first = int(code, 2) << free
        table[first : first + (1 << free)] = len(code) << 8 | index
    return table


def _coeff_token_lookup(codes: str) -> NDArray[np.uint16]:
    """(16 * 8,): length << 8 | TotalCoeff << 2 | TrailingOnes, by leading zeros (at most 15) and 3 bits after the 1.

    No code has more than three bits after its first 1, which keeps the table within a few cache lines.
    """
    meanings = [total << 2 | ones for total in range(17) for ones in range(min(total, 3) + 1)]
    table = np.zeros(COEFF_TOKEN_ZEROS * 8, np.uint16)
    for code, meaning in zip(codes.split(), meanings, strict=False):
        zeros = len(code) - len(code.lstrip("0"))
        if "1" not in code:  # nC = -1 has a code of seven zeros
            table[zeros * 8 :] = len(code) << 8 | meaning
            continue
        rest = code[zeros + 1 :]
        first = zeros * 8 + (int(rest, 2) << (3 - len(rest)) if rest else 0)
        table[first : first + (1 << (3 - len(rest)))] = len(code) << 8 | meaning
    return table


COEFF_TOKEN = np.stack([_coeff_token_lookup(codes) for codes in COEFF_TOKEN_CODES])
TOTAL_ZEROS = np.stack([_lookup(codes, TOTAL_ZEROS_BITS) for codes in TOTAL_ZEROS_CODES])
CHROMA_TOTAL_ZEROS = np.stack([_lookup(codes, 3) for codes in CHROMA_TOTAL_ZEROS_CODES])
RUN_BEFORE = np.stack([_lookup(codes, RUN_BEFORE_BITS) for codes in RUN_BEFORE_CODES])
