"""The codec's trained numbers, read once from the file that models/training/lowres_tables.py writes."""

from __future__ import annotations

import functools
import importlib.resources
import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from callcodec.wire.contexts import LEVELS, MAX_UNARY, ScaleTables
from callcodec.wire.motion import MODES

TABLES_FILE = "lowres_tables.npz"
SIZES = (8, 16, 32)
# Stored levels are those at quality 0 plus this, so that small ones need no sign.
BASE_OFFSET = 32

Arrays = dict[str, NDArray[np.generic]]


@dataclass(frozen=True)
class SizeTables:
    """Of one picture size. mean: (3 S S,) what an intra frame is predicted from, in the weighted space.

    matrix[mode]: the trained transform at 8x8 (mode 0: intra, 1: inter), None above. order[mode]: in which
    order the coefficients are coded; base[mode][quality]: their scale levels in that order, those of the
    motion modes first in mode 1.
    """

    mean: NDArray[np.int64]
    matrix: NDArray[np.int64] | None
    order: tuple[NDArray[np.int64], NDArray[np.int64]]
    base: tuple[list[list[int]], list[list[int]]]
    scales: tuple[ScaleTables, ScaleTables]


@functools.cache
def load_tables() -> dict[int, SizeTables]:
    """The shipped tables by picture size."""
    data = importlib.resources.files("callcodec.wire").joinpath(TABLES_FILE).read_bytes()
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        return {size: size_tables(dict(arrays), size) for size in SIZES}


def size_tables(arrays: Arrays, size: int) -> SizeTables:
    """The tables of one size, made of the file's arrays, which FORMAT.md lists."""
    ratio = size // 8
    mean = arrays["mean"].astype(np.int64).reshape(3, 8, 8).repeat(ratio, axis=1).repeat(ratio, axis=2)
    octaves = arrays[f"base{size}"].astype(np.int64)
    motion, levels = octaves[:, :MODES], octaves[:, MODES:]
    if size == 8:
        matrix = arrays["matrix"].astype(np.int64)
        orders = [np.arange(3 * size * size)] * 2
    else:
        matrix = None
        orders = [np.argsort(-row, kind="stable") for row in levels]
    rows = (levels[0][orders[0]], np.concatenate((motion[1], levels[1][orders[1]])))
    base = (_at_all_qualities(rows[0]), _at_all_qualities(rows[1]))
    scales = (_scale_tables(arrays, size, 0), _scale_tables(arrays, size, 1))
    return SizeTables(mean.reshape(-1), matrix, (orders[0], orders[1]), base, scales)


def _at_all_qualities(stored: NDArray[np.int64]) -> list[list[int]]:
    return [np.clip(stored - BASE_OFFSET + quality, 0, LEVELS - 1).tolist() for quality in range(16)]


def _scale_tables(arrays: Arrays, size: int, mode: int) -> ScaleTables:
    probability = arrays[f"probability{size}"][mode].astype(int).tolist()
    return ScaleTables(
        expected=arrays["expected"].astype(int).tolist(),
        correction=arrays[f"correction{size}"][mode].astype(int).tolist(),
        probability=probability,
        cost=[costs(row) for row in probability],
        bias=arrays[f"bias{size}"][mode].astype(int).tolist(),
    )


def costs(probability: list[int]) -> list[int]:
    """256ths of a bit that each magnitude takes, the sign included."""
    each, reached = [], 0
    for magnitude in range(MAX_UNARY):
        more = probability[magnitude]
        each.append(reached + _bits(65536 - more) + (256 if magnitude else 0))
        reached += _bits(more)
    return [*each, reached + 256]


def _bits(probability: int) -> int:
    """-256 log2(probability / 65536) rounded up, in integers, so that encoders agree on every machine."""
    return 256 * 16 - (probability**256).bit_length() + 1
