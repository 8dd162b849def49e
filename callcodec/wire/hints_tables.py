"""The hints codec's trained numbers, read once from the file that models/training/hints_fit.py writes."""

from __future__ import annotations

import functools
import importlib.resources
import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from callcodec.wire.contexts import LEVELS, ScaleTables
from callcodec.wire.tables import Arrays, costs

TABLES_FILE = "hints_tables.npz"
SHAPE_POINTS = 70
MODES = 16
MODE_FRACTION_BITS = 14
FRACTION = 16
STEP_COUNT = 8
LEVELS_PER_STEP = 2  # the steps lie half an octave apart, and a level is a quarter
BASE_OFFSET = 32
CADENCES = 2  # up to 5 frames a second, and more
AGES = 4  # of the reference: none, near, farther, far
COEFFICIENTS = ((16, 3, 2), (16, 1, 1))  # by cadence: modes, mouth, eyes; no openings at 25 frames a second


@dataclass(frozen=True)
class HintClass:
    """How hints are coded whose reference lies some time back.

    gain: (16,) in 256ths, of the reference's state. base[step]: scale levels of all coefficients in coding order.
    """

    gain: NDArray[np.int64]
    base: list[list[int]]
    scales: ScaleTables


@dataclass(frozen=True)
class HintTables:
    """modes: (16, 140) in 16384ths of a pixel per unit. analysis: (140, 16), for the encoder alone."""

    modes: NDArray[np.int64]
    analysis: NDArray[np.float64]
    classes: tuple[tuple[HintClass, ...], ...]

    def analyse(self, displacement: NDArray[np.float32]) -> NDArray[np.int64]:
        """(..., 70, 2) → (..., 16) in sixteenths of the modes' units."""
        flat = displacement.reshape(*displacement.shape[:-2], 2 * SHAPE_POINTS)
        return np.rint(flat.astype(np.float64) @ self.analysis * FRACTION).astype(np.int64)


@functools.cache
def load_hint_tables() -> HintTables:
    """The shipped tables."""
    data = importlib.resources.files("callcodec.wire").joinpath(TABLES_FILE).read_bytes()
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        return hint_tables(dict(arrays))


def hint_tables(arrays: Arrays) -> HintTables:
    """The tables made of the file's arrays, which FORMAT.md lists."""
    classes = tuple(
        tuple(_hint_class(arrays, cadence, age) for age in range(AGES)) for cadence in range(CADENCES)
    )
    return HintTables(arrays["modes"].astype(np.int64), arrays["analysis"].astype(np.float64), classes)


def _hint_class(arrays: Arrays, cadence: int, age: int) -> HintClass:
    count = sum(COEFFICIENTS[cadence])
    finest = arrays["base"][cadence, age, :count].astype(np.int64) - BASE_OFFSET
    probability = arrays["probability"][cadence, age].astype(int).tolist()
    return HintClass(
        gain=arrays["gain"][cadence, age].astype(np.int64),
        base=[np.clip(finest - LEVELS_PER_STEP * i, 0, LEVELS - 1).tolist() for i in range(STEP_COUNT)],
        scales=ScaleTables(
            expected=arrays["expected"].astype(int).tolist(),
            correction=arrays["correction"][cadence, age].astype(int).tolist(),
            probability=probability,
            cost=[costs(row) for row in probability],
            bias=arrays["bias"][cadence, age].astype(int).tolist(),
        ),
    )
