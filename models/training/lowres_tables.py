"""Trains the static tables of the low-resolution codec, and measures the codec with them.

Without arguments it trains on ../shared/clips/train and writes callcodec/wire/lowres_tables.npz; with
--evaluate it prints rate and quality on val/ as JSON. Rounds alternate between coding the train clips with
the tables so far, each frame predicted from a decoded one as in a call, and fitting the tables to what was
coded. Only train/ is fitted; val/ is only measured.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from callcodec.wire import lowres
from callcodec.wire.coefficients import CoefficientEncoder
from callcodec.wire.contexts import UNIT_LEVEL, ScaleTables
from callcodec.wire.motion import MODES, UNIT, motion_modes
from callcodec.wire.tables import BASE_OFFSET, SIZES, TABLES_FILE, Arrays, size_tables
from models.training.lowres_data import SLOTS_PER_FRAME, load_pictures, train_sequences
from models.training.lowres_fit import Model, Observations, expected_magnitudes, fit, initial_model
from models.training.lowres_rate import measure

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

CLIPS = Path("../shared/clips")
OUTPUT = Path("callcodec/wire") / TABLES_FILE
REFERENCE_DISTANCE = 2
QUALITIES_FITTED = {8: (2, 5, 8, 12), 16: (4, 10), 32: (4, 10)}
SEQUENCES_FITTED = {8: 400, 16: 60, 32: 25}
ROWS_FITTED = {8: 4500, 16: 900, 32: 250}
TRANSFORM_QUALITIES = (5, 8)
TRANSFORM_SEQUENCES = 800
ROUNDS = 2


class RecordingEncoder(CoefficientEncoder):
    """Keeps what it was given and what it chose."""

    def __init__(self, tables: ScaleTables, quality: lowres.Quality, mode: int) -> None:
        """tables: of that mode (0 intra, 1 inter)."""
        super().__init__(tables, quality.step, quality.lagrangians[mode])
        self.values: list[int] = []
        self.magnitudes: list[int] = []

    def code(self, base: Sequence[int], values: Sequence[int]) -> list[int]:
        """Code and keep the signed values."""
        self.values += values
        return super().code(base, values)

    def choose(self, level: int, value: int) -> tuple[int, int]:
        """Choose and keep the magnitude."""
        chosen = super().choose(level, value)
        self.magnitudes.append(chosen[0])
        return chosen


def record(
    arrays: Arrays, size: int, sequences: list[NDArray[np.uint8]], qualities: Sequence[int], rows: int
) -> list[list[Observations]]:
    """Code the sequences in a closed loop; at most `rows` frames of each mode and quality: [mode][quality]."""
    tables = size_tables(arrays, size)
    seen: list[list[Observations]] = [[], []]
    for quality in qualities:
        point = lowres.QUALITIES[quality]
        coders: list[list[RecordingEncoder]] = [[], []]
        for pictures in sequences:
            decoded: list[lowres.LowResFrame] = []
            for t, rgb in enumerate(pictures):
                reference = decoded[t - REFERENCE_DISTANCE] if t >= REFERENCE_DISTANCE else None
                mode = int(reference is not None)
                coder = RecordingEncoder(tables.scales[mode], point, mode)
                decoded.append(lowres.code_picture(coder, tables, rgb, quality, reference))
                coders[mode].append(coder)
        for mode in (0, 1):
            kept = np.random.default_rng(quality).permutation(len(coders[mode]))[:rows]
            values = np.array([coders[mode][i].values for i in kept], np.int64)
            magnitudes = np.array([coders[mode][i].magnitudes for i in kept], np.int64)
            seen[mode].append(Observations(quality, point.step, values, magnitudes))
    return seen


def first_transforms(sequences: list[NDArray[np.uint8]]) -> tuple[Ints, list[Floats], list[Ints]]:
    """Open loop: (mean face, transforms by mode, first levels by mode) at 8x8."""
    vectors = [np.stack([lowres.weighted_vector(rgb) for rgb in pictures]) for pictures in sequences]
    mean = np.rint(np.concatenate(vectors).mean(0)).astype(np.int64)
    intra = np.concatenate(vectors) - mean
    rng = np.random.default_rng(0)
    residuals, amounts = [], []
    step = lowres.QUALITIES[4].step
    for rows in vectors:
        for t in range(REFERENCE_DISTANCE, len(rows)):
            noise = np.rint(rng.normal(0, step / 5, rows.shape[1]))
            reference = rows[t - REFERENCE_DISTANCE] + np.asarray(noise, np.int64)
            residual: Floats = np.asarray(rows[t] - reference, np.float64)
            along = []
            for mode in motion_modes(reference, 8) / UNIT:
                amount = residual @ mode
                residual = residual - step * np.rint(amount / step) * mode
                along.append(amount)
            residuals.append(residual)
            amounts.append(along)
    matrices, levels = [], []
    no_motion = np.ones((1, MODES))
    whole = np.asarray(intra, np.float64)
    for left, motion in ((whole, no_motion), (np.array(residuals), np.array(amounts))):
        matrix = principal_axes(left)
        matrices.append(matrix)
        levels.append(levels_of(np.concatenate((np.abs(motion).mean(0), np.abs(left @ matrix.T).mean(0)))))
    return mean, matrices, levels


def principal_axes(rows: Floats) -> Floats:
    """Karhunen-Loeve transform of rows (n, K), strongest axis first."""
    _, axes = np.linalg.eigh(rows.T @ rows)
    return np.asarray(axes[:, ::-1].T, np.float64)


def levels_of(mean_magnitude: Floats) -> Ints:
    """Scale levels at quality 0 of coefficients whose mean magnitude in sixteenths is given."""
    octaves = 4 * np.log2(np.maximum(1.2 * mean_magnitude, 0.5) / lowres.QUALITIES[0].step)
    return np.asarray(np.clip(np.rint(octaves) + UNIT_LEVEL, 3 - BASE_OFFSET, 60), np.int64)


def first_levels(size: int) -> list[Ints]:
    """A guess for the cosine transform: power falls with frequency, and chroma has little."""
    v, u = np.mgrid[:size, :size]
    plane = 1600 * (size / 8) / (1 + np.hypot(u, v)) ** 1.5
    intra = np.concatenate([(plane * share).reshape(-1) for share in (1, 0.15, 0.15)])
    return [levels_of(np.concatenate((np.full(MODES, 100.0), intra * share))) for share in (1, 0.15)]


def train(clips: Path, cache: Path | None) -> Arrays:
    """All arrays of the tables file, fitted to the train clips."""
    sequences = train_sequences(clips, 8, cache)
    mean, matrices, levels = first_transforms(sequences)
    arrays: Arrays = {"mean": mean.astype(np.int16), "expected": expected_magnitudes().astype(np.uint16)}
    for size in SIZES:
        if size > 8:
            sequences = train_sequences(clips, size, cache)
            levels = first_levels(size)
        models = [initial_model(level) for level in levels]
        _store(arrays, size, models, matrices)
        if size == 8:
            seen = record(arrays, 8, sequences[:TRANSFORM_SEQUENCES], TRANSFORM_QUALITIES, rows=20_000)
            matrices[1], models[1].base = _closed_loop_transform(matrices[1], seen[1])
        for number in range(ROUNDS):
            _store(arrays, size, models, matrices)
            chosen = sequences[: SEQUENCES_FITTED[size]]
            seen = record(arrays, size, chosen, QUALITIES_FITTED[size], ROWS_FITTED[size])
            for mode in (0, 1):
                bits = _fit(arrays, size, mode, models[mode], seen[mode])
                print(f"{size}x{size} round {number} mode {mode}: {bits / 8:.2f} bytes", file=sys.stderr)
        _store(arrays, size, models, matrices)
    return arrays


def _closed_loop_transform(matrix: Floats, seen: Sequence[Observations]) -> tuple[Floats, Ints]:
    """The transform of what is left to code when references are decoded frames, and its first levels."""
    values = np.concatenate([item.values for item in seen]).astype(np.float64)
    rows = values[:, MODES:] @ matrix
    axes = principal_axes(rows)
    return axes, levels_of(np.concatenate((np.abs(values[:, :MODES]).mean(0), np.abs(rows @ axes.T).mean(0))))


def _fit(arrays: Arrays, size: int, mode: int, model: Model, seen: list[Observations]) -> float:
    """Fit a model whose levels are in natural order, motion first, to observations in coding order."""
    order = size_tables(arrays, size).order[mode]
    natural = model.base
    model.base = natural[MODES:][order]
    if mode == 1:
        model.base = np.concatenate((natural[:MODES], model.base))
    bits = fit(model, seen, None if size == 8 else (3, size, size), order)
    fitted = natural.copy()
    fitted[MODES:][order] = model.base[-len(order) :]
    if mode == 1:
        fitted[:MODES] = model.base[:MODES]
    model.base = fitted
    return bits


def _store(arrays: Arrays, size: int, models: Sequence[Model], matrices: Sequence[Floats]) -> None:
    """Round the models of a size into the file's arrays."""
    if size == 8:
        arrays["matrix"] = np.rint(np.stack(matrices) * (1 << 14)).astype(np.int16)
    probability = np.stack([model.probability for model in models])
    arrays[f"base{size}"] = np.stack([model.base + BASE_OFFSET for model in models]).astype(np.uint8)
    arrays[f"probability{size}"] = np.clip(np.rint(probability * 65536), 24, 65536 - 24).astype(np.uint16)
    arrays[f"correction{size}"] = np.stack([model.correction for model in models]).astype(np.int8)
    arrays[f"bias{size}"] = np.rint(np.stack([model.bias for model in models])).astype(np.int8)


def evaluate(clips: Path, size: int, cache: Path | None) -> list[dict[str, float]]:
    """The rate-quality table of val/."""
    pictures = list(load_pictures(clips, "val", size, cache))
    if size == 8:
        pictures = [rows[::SLOTS_PER_FRAME] for rows in pictures]
    return [dataclasses.asdict(measure(pictures, quality)) for quality in range(len(lowres.QUALITIES))]


def main(arguments: Sequence[str] | None = None) -> None:
    """Train, or evaluate, as the command line says."""
    parser = argparse.ArgumentParser(description="train or measure the tables of the low-resolution codec")
    parser.add_argument("--clips", type=Path, default=CLIPS, help="folder with train/ and val/")
    parser.add_argument("--cache", type=Path, help="folder that keeps the small pictures between runs")
    parser.add_argument("--evaluate", action="store_true", help="print rate and quality on val/ as JSON")
    parser.add_argument("--size", type=int, choices=SIZES, default=8, help="picture size to evaluate")
    parser.add_argument("--out", type=Path, default=OUTPUT, help="tables to write")
    options = parser.parse_args(arguments)
    if options.evaluate:
        print(json.dumps(evaluate(options.clips, options.size, options.cache), indent=1))
        return
    arrays = train(options.clips, options.cache)
    np.savez_compressed(options.out, **arrays)  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
