"""The codec's trained numbers, read once from the file that models/training/lowres_tables.py writes."""

from __future__ import annotations

import functools
import importlib.resources
import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from callcodec.wire.contexts import LEVELS, MAX_UNARY, UNIT_LEVEL, ScaleTables, quarter_octaves

TABLES_FILE = "lowres_tables.npz"
SIZES = (8, 16, 32)


@dataclass(frozen=True)
class SizeTables:
    """Of one picture size. mean: (3 S S,) what an intra frame is predicted from, in the weighted space.

    matrix[mode]: the trained transform at 8x8 (mode 0: intra, 1: inter), None above. order[mode]: in which order the
    coefficients are coded; base[mode][quality]: their scale levels in that order, those of the motion modes first in mode 1.
    """

    mean: NDArray[np.int64]
    matrix: NDArray[np.int64] | None
    order: tuple[NDArray[np.int64], NDArray[np.int64]]
    base: tuple[list[list[int]], list[list[int]]]
    scales: tuple[ScaleTables, ScaleTables]


@functools.cache
def load_tables(steps: tuple[int, ...]) -> dict[int, SizeTables]:
    """The tables by picture size, for qualities with these quantiser steps in sixteenths."""
    data = importlib.resources.files("callcodec.wire").joinpath(TABLES_FILE).read_bytes()
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        return tables_from_arrays(dict(arrays), steps)


def tables_from_arrays(arrays: dict[str, NDArray[np.generic]], steps: tuple[int, ...]) -> dict[int, SizeTables]:
    """The tables made of the file's arrays, which FORMAT.md lists."""
    scales = (_scale_tables(arrays, 0), _scale_tables(arrays, 1))
    mean8 = arrays["mean"].astype(np.int64).reshape(3, 8, 8)
    tables = {}
    for size in SIZES:
        mean = mean8.repeat(size // 8, axis=1).repeat(size // 8, axis=2).reshape(-1)
        if size == 8:
            levels = arrays["base8"].astype(np.int64)
            order = (np.arange(192), np.arange(192))
            base = (levels[0, :, 4:].tolist(), levels[1].tolist())
            tables[size] = SizeTables(mean, arrays["matrix"].astype(np.int64), order, base, scales)
            continue
        octaves = arrays[f"base{size}"].astype(np.int64)
        orders = [np.argsort(-octaves[mode, 4:], kind="stable") for mode in (0, 1)]
        sorted_octaves = (octaves[0, 4:][orders[0]], np.concatenate((octaves[1, :4], octaves[1, 4:][orders[1]])))
        shifts = [UNIT_LEVEL - quarter_octaves(step) for step in steps]
        bases = [[np.clip(row + shift, 0, LEVELS - 1).tolist() for shift in shifts] for row in sorted_octaves]
        tables[size] = SizeTables(mean, None, (orders[0], orders[1]), (bases[0], bases[1]), scales)
    return tables


def _scale_tables(arrays: dict[str, NDArray[np.generic]], mode: int) -> ScaleTables:
    probability = arrays["probability"][mode].astype(int).tolist()
    return ScaleTables(
        expected=arrays["expected"][mode].astype(int).tolist(),
        correction=arrays["correction"][mode].astype(int).tolist(),
        probability=probability,
        cost=[_costs(row) for row in probability],
        bias=arrays["bias"][mode].astype(int).tolist(),
    )


def _costs(probability: list[int]) -> list[int]:
    """256ths of a bit that each magnitude takes, the sign included."""
    costs, reached = [], 0
    for magnitude in range(MAX_UNARY):
        more = probability[magnitude]
        costs.append(reached + _bits(65536 - more) + (256 if magnitude else 0))
        reached += _bits(more)
    return [*costs, reached + 256]


def _bits(probability: int) -> int:
    """-256 log2(probability / 65536), exactly rounded up; integers, so that encoders agree on every machine."""
    return 256 * 16 - (probability**256).bit_length() + 1
