"""How likely each quantised coefficient is: a scale from trained tables, corrected by what has been seen.

A scale is the expected deviation of a coefficient in quantiser steps, in quarter octaves: level 24 is one
step. Where a packet's first coefficients are larger or smaller than the tables expect, all that follow are
likely to be so too: the ratio of the magnitudes seen to those expected, over the whole packet and over the
last few coefficients, picks a trained correction. Each level has its own trained probabilities of zero, one,
two, ...
"""

from __future__ import annotations

from dataclasses import dataclass

LEVELS = 64
UNIT_LEVEL = 24
MAX_UNARY = 14
RATIOS = 17
RECENT_RATIOS = 9
CONFIDENCES = 6
PRIOR = 32
MAGNITUDE_CAP = 12
RECENT_SHIFT = 3
# Levels this far above one step carry their low bits uncoded.
RAW_LEVEL = 36


def quarter_octaves(value: int) -> int:
    """floor(4 log2 value) for value >= 1, exactly."""
    return (value**4).bit_length() - 1


def raw_bits(level: int) -> int:
    """How many low bits of a magnitude are equally likely at this level."""
    return max(0, (level - RAW_LEVEL) // 4 + 1)


@dataclass(frozen=True)
class ScaleTables:
    """The trained numbers of one picture size and mode.

    expected: (LEVELS,) mean magnitude in 64ths. correction: [confidence][ratio][recent] in quarter octaves.
    probability: [level][i], i = 0 .. MAX_UNARY: 65536 times the probability that the magnitude exceeds i,
    given that it reaches i. cost: [level][magnitude 0 .. MAX_UNARY] in 256ths of a bit, the sign included,
    for the encoder. bias: [level][magnitude 1, 2, more]: how far, in 256ths of a step, the centre of mass
    lies below the middle.
    """

    expected: list[int]
    correction: list[list[list[int]]]
    probability: list[list[int]]
    cost: list[list[int]]
    bias: list[list[int]]


class Activity:
    """Magnitudes seen and expected in one packet."""

    def __init__(self, tables: ScaleTables) -> None:
        self._tables = tables
        self._seen = self._expected = self._recent_seen = self._recent_expected = 0

    def level(self, base: int) -> int:
        """The corrected scale level of the next coefficient, whose table value is `base`."""
        expected = quarter_octaves(self._expected + PRIOR)
        ratio = quarter_octaves(self._seen + PRIOR) - expected
        recent = quarter_octaves(self._recent_seen + PRIOR) - quarter_octaves(self._recent_expected + PRIOR)
        confidence = min((expected - 20) // 4, CONFIDENCES - 1)
        row = self._tables.correction[confidence][min(max(ratio + RATIOS // 2, 0), RATIOS - 1)]
        correction = row[min(max((recent >> 1) + RECENT_RATIOS // 2, 0), RECENT_RATIOS - 1)]
        return min(max(base + correction, 0), LEVELS - 1)

    def observe(self, base: int, magnitude: int) -> None:
        """Note the magnitude of the coefficient whose table value was `base`."""
        expected = self._tables.expected[min(max(base, 0), LEVELS - 1)]
        seen = min(magnitude, MAGNITUDE_CAP) << 6
        self._seen += seen
        self._expected += expected
        self._recent_seen += seen - (self._recent_seen >> RECENT_SHIFT)
        self._recent_expected += expected - (self._recent_expected >> RECENT_SHIFT)
