"""Fits the context model of the low-resolution codec to what it coded: levels, corrections, probabilities.

Everything here repeats callcodec.wire.contexts for many packets at once, and counts costs in bits.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from callcodec.wire.contexts import (
    CONFIDENCES,
    LEVELS,
    MAGNITUDE_CAP,
    MAX_UNARY,
    PRIOR,
    RATIOS,
    RECENT_RATIOS,
    RECENT_SHIFT,
    UNIT_LEVEL,
    quarter_octaves,
    raw_bits,
)
from callcodec.wire.tables import BASE_OFFSET

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ROUNDS = 3
_RAW = np.array([raw_bits(level) for level in range(LEVELS)])
_CELLS = (CONFIDENCES, RATIOS, RECENT_RATIOS)


@dataclass
class Observations:
    """What was coded at one quality: values in sixteenths and magnitudes, (n, K). step: in sixteenths."""

    quality: int
    step: int
    values: Ints
    magnitudes: Ints


@dataclass
class Model:
    """The fitted numbers of one size and mode.

    base: (K,) level of each coefficient at quality 0, in coding order. probability: (LEVELS, MAX_UNARY).
    correction: (CONFIDENCES, RATIOS, RECENT_RATIOS). bias: (LEVELS, 3).
    """

    base: Ints
    probability: Floats
    correction: Ints
    bias: Floats


def initial_model(base: Ints) -> Model:
    """A model that knows nothing but the scales of the coefficients."""
    return Model(base, laplace_probability(), np.zeros(_CELLS, np.int64), np.zeros((LEVELS, 3)))


def laplace_probability() -> Floats:
    """Probabilities of Laplacian coefficients under a quantiser whose zero is wide: (LEVELS, MAX_UNARY)."""
    decay = np.sqrt(2) / 2 ** ((np.arange(LEVELS) - UNIT_LEVEL) / 4)
    width = 1 << _RAW
    first = np.exp(-decay * np.maximum(width - 0.4, 0.3))
    following = np.exp(-decay * width)
    return np.column_stack([first] + [following] * (MAX_UNARY - 1))


def expected_magnitudes() -> Ints:
    """Mean magnitude of such coefficients in 64ths, by level: what activity is measured against."""
    decay = np.sqrt(2) / 2 ** ((np.arange(LEVELS) - UNIT_LEVEL) / 4)
    mean = np.exp(-0.6 * decay) / (1 - np.exp(-decay))
    return np.asarray(np.clip(np.rint(64 * mean), 0, 64 * MAGNITUDE_CAP), np.int64)


def bits_table(probability: Floats) -> Floats:
    """(LEVELS, MAX_UNARY + 1): bits of each unary part, the sign included; about three more for an escape."""
    more = np.clip(probability, 24 / 65536, 1 - 24 / 65536)
    bits = np.concatenate((np.zeros((LEVELS, 1)), -np.log2(more).cumsum(1)), axis=1)
    bits[:, :-1] -= np.log2(1 - more)
    bits[:, 1:] += 1
    bits[:, -1] += 3
    return bits


def context_cells(magnitudes: Ints, base: Ints) -> Ints:
    """(n, K) index of the correction that each coefficient's context selects; `base` at the quality coded."""
    expected = expected_magnitudes()[base]
    seen = np.minimum(magnitudes, MAGNITUDE_CAP) << 6
    before = np.cumsum(seen, axis=1) - seen
    expected_before = np.cumsum(expected) - expected
    recent, recent_expected = np.zeros_like(seen), np.zeros_like(expected)
    for k in range(1, len(base)):
        last, last_expected = recent[:, k - 1], recent_expected[k - 1]
        recent[:, k] = last + seen[:, k - 1] - (last >> RECENT_SHIFT)
        recent_expected[k] = last_expected + expected[k - 1] - (last_expected >> RECENT_SHIFT)
    reach = _octaves(expected_before)
    ratio = np.clip(_octaves(before) - reach + RATIOS // 2, 0, RATIOS - 1)
    recent_ratio = (_octaves(recent) - _octaves(recent_expected) >> 1) + RECENT_RATIOS // 2
    confidence = np.minimum((reach - 20) // 4, CONFIDENCES - 1)
    column = np.clip(recent_ratio, 0, RECENT_RATIOS - 1)
    return np.asarray((confidence * RATIOS + ratio) * RECENT_RATIOS + column, np.int64)


def fit(model: Model, seen: list[Observations], plane_shape: tuple[int, ...] | None, order: Ints) -> float:
    """Fit `model` in place; bits a packet afterwards. plane_shape and order let like frequencies share."""
    for _ in range(ROUNDS):
        _fit_base(model, seen, plane_shape, order)
        _fit_correction(model, seen)
        _fit_probability(model, seen)
    _fit_bias(model, seen)
    bits = bits_table(model.probability)
    costs = [_bits(bits, _levels(model, item), item.magnitudes).sum() / len(item.values) for item in seen]
    return float(np.mean(costs))


@functools.cache
def _octave_table() -> Ints:
    return np.array([quarter_octaves(max(number, 1)) for number in range(1 << 16)], np.int64)


def _octaves(value: Ints) -> Ints:
    """quarter_octaves of value + PRIOR, from a table, as fourth powers would not fit into 64 bits."""
    table = _octave_table()
    return np.asarray(table[np.minimum(value + PRIOR, len(table) - 1)], np.int64)


def _levels(model: Model, item: Observations) -> Ints:
    base = _base_at(model, item)
    correction = model.correction.reshape(-1)[context_cells(item.magnitudes, base)]
    return np.asarray(np.clip(base + correction, 0, LEVELS - 1), np.int64)


def _base_at(model: Model, item: Observations) -> Ints:
    return np.asarray(np.clip(model.base + item.quality, 0, LEVELS - 1), np.int64)


def _bits(bits: Floats, levels: Ints, magnitudes: Ints) -> Floats:
    raw = _RAW[levels]
    return np.asarray(bits[levels, np.minimum(magnitudes >> raw, MAX_UNARY)] + raw, np.float64)


def _fit_base(
    model: Model, seen: list[Observations], plane_shape: tuple[int, ...] | None, order: Ints
) -> None:
    """Move each coefficient's level to where its magnitudes cost least."""
    bits = bits_table(model.probability)
    shifts = np.arange(-4, 5)
    costs = np.zeros((len(shifts), len(model.base)))
    for item in seen:
        levels = _levels(model, item)
        for i, shift in enumerate(shifts):
            costs[i] += _bits(bits, np.clip(levels + shift, 0, LEVELS - 1), item.magnitudes).sum(0)
    if plane_shape:
        motion = len(model.base) - len(order)
        natural = np.empty((len(shifts), len(order)))
        natural[:, order] = costs[:, motion:]
        natural = natural.reshape(len(shifts), *plane_shape)
        natural = _blurred(_blurred(natural, 2), 3).reshape(len(shifts), -1)
        costs[:, motion:] = natural[:, order]
    costs += 0.2 * np.abs(shifts)[:, None]
    model.base = np.clip(model.base + shifts[costs.argmin(0)], -BASE_OFFSET, LEVELS - 1)


def _fit_correction(model: Model, seen: list[Observations]) -> None:
    """The level shift that costs least in each context; rare contexts lean on a prior and on neighbours."""
    bits = bits_table(model.probability)
    shifts = np.arange(-12, 13)
    costs = np.zeros((len(shifts), model.correction.size))
    for item in seen:
        base = _base_at(model, item)
        cells = context_cells(item.magnitudes, base).reshape(-1)
        for i, shift in enumerate(shifts):
            levels = np.broadcast_to(np.clip(base + shift, 0, LEVELS - 1), item.magnitudes.shape)
            cost = _bits(bits, levels, item.magnitudes).reshape(-1)
            costs[i] += np.bincount(cells, cost, minlength=model.correction.size)
    spread = costs.reshape(len(shifts), *_CELLS)
    for axis in (1, 2, 3):
        spread = _blurred(spread, axis)
    trust = np.array([0.4, 0.6, 0.8, 1, 1, 1])[:, None, None]
    ratio = np.arange(RATIOS)[:, None] - RATIOS // 2
    recent = np.arange(RECENT_RATIOS)[None, :] - RECENT_RATIOS // 2
    prior = np.clip(0.4 * (ratio + recent) * trust, -12, 12)
    spread = spread + 0.2 * (shifts[:, None, None, None] - prior) ** 2
    model.correction = np.asarray(shifts[spread.argmin(0)], np.int64)


def _fit_probability(model: Model, seen: list[Observations]) -> None:
    """Count, let levels of one width share, and lean on the Laplacian where little was seen."""
    counts = np.zeros((LEVELS, MAX_UNARY + 1))
    for item in seen:
        levels = _levels(model, item)
        unary = np.minimum(item.magnitudes >> _RAW[levels], MAX_UNARY)
        cells = (levels * (MAX_UNARY + 1) + unary).reshape(-1)
        counts += np.bincount(cells, minlength=counts.size).reshape(counts.shape)
    shared = np.zeros_like(counts)
    for level in range(LEVELS):
        for other, weight in zip(range(level - 2, level + 3), (0.05, 0.3, 1, 0.3, 0.05), strict=True):
            if 0 <= other < LEVELS and _RAW[other] == _RAW[level]:
                shared[level] += weight * counts[other]
    reached = shared[:, ::-1].cumsum(1)[:, ::-1]
    model.probability = (reached[:, 1:] + 10 * laplace_probability()) / (reached[:, :-1] + 10)


def _fit_bias(model: Model, seen: list[Observations]) -> None:
    """How far the values of each magnitude lie below its middle, on average."""
    total, count = np.zeros((LEVELS, 3)), np.zeros((LEVELS, 3))
    for item in seen:
        levels = _levels(model, item)
        below = 256 * (item.magnitudes - np.abs(item.values) / item.step)
        for i, chosen in enumerate((item.magnitudes == 1, item.magnitudes == 2, item.magnitudes > 2)):
            total[:, i] += np.bincount(levels[chosen], below[chosen], minlength=LEVELS)
            count[:, i] += np.bincount(levels[chosen], minlength=LEVELS)
    total, count = _blurred(total, 0), _blurred(count, 0)
    model.bias = np.clip(total / (count + 15), -100, 100)


def _blurred(array: Floats, axis: int) -> Floats:
    """Add a quarter of either neighbour along `axis`."""
    padded = np.pad(array, [(1, 1) if i == axis else (0, 0) for i in range(array.ndim)])
    length = array.shape[axis]
    before = np.take(padded, range(length), axis)
    after = np.take(padded, range(2, length + 2), axis)
    return np.asarray(array + 0.25 * (before + after), np.float64)
