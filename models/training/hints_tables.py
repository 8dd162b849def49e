"""Trains the modes and the static tables of the hints codec, and measures it.

Without arguments it trains on ../shared/clips/train and writes callcodec/wire/hints_tables.npz; with --evaluate it
prints bits and errors on val/ as JSON. The modes are a weighted Karhunen-Loeve transform of how shapes differ from an
identity's; the tables are fitted, as those of the low-resolution codec, to what was coded with the tables so far.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from callcodec.face.expression import openings
from callcodec.wire.contexts import UNIT_LEVEL
from callcodec.wire.face_packet import RUNGS, Rung
from callcodec.wire.hints import EYE_COEFFICIENTS, EYE_SCALE, MOUTH_COEFFICIENTS, MOUTH_SCALE, STEPS, sines
from callcodec.wire.hints_tables import (
    AGES,
    BASE_OFFSET,
    CADENCES,
    COEFFICIENTS,
    FRACTION,
    LEVELS_PER_STEP,
    MODE_FRACTION_BITS,
    MODES,
    SHAPE_POINTS,
    TABLES_FILE,
    HintTables,
    hint_tables,
)
from callcodec.wire.tables import Arrays
from models.training.cache import open_cache
from models.training.hint_scores import measure_hints
from models.training.lowres_fit import Model, Observations, expected_magnitudes, fit, initial_model
from models.training.shapes import clip_shapes, mirrored

Shapes = NDArray[np.float32]
Floats = NDArray[np.float64]

CLIPS, CACHE = Path("../shared/clips"), Path.home() / ".cache" / "callcodec"
OUTPUT = Path("callcodec/wire") / TABLES_FILE
# What a point's error counts (squared): lips and lids are small and matter most, the jaw is large and matters least.
JAW, LIDS, OUTER_LIPS, INNER_LIPS, IRISES, OTHERS = 0.5, 7.0, 3.0, 4.0, 2.0, 1.0
CADENCE_RUNGS = (RUNGS[0], RUNGS[1])
# Frames back of the reference, by cadence and age; those of the last age stand for all farther ones.
DISTANCES: tuple[tuple[tuple[int, ...], ...], ...] = (
    ((0,), (1,), (2,), (3, 4, 6)),
    ((0,), (1,), (2, 3), (5, 8)),
)
STEPS_FITTED = (0, 2, 4)
PACKETS_FITTED = 3000
PACKETS_TOGETHER = 20
DEAD_ZONE = 0.1  # how much wider than a step the interval around zero is, to either side
MIN_FRAMES = 30


def point_weights() -> Floats:
    """(140,): the root of each coordinate's weight."""
    weights = np.full(SHAPE_POINTS, OTHERS)
    weights[:17], weights[36:48] = JAW, LIDS
    weights[48:60], weights[60:68], weights[68:] = OUTER_LIPS, INNER_LIPS, IRISES
    return np.asarray(np.sqrt(np.repeat(weights, 2)), np.float64)


def train_modes(clips: Sequence[Shapes]) -> tuple[Floats, Floats]:
    """(modes (16, 140), analysis (140, 16)) of how shapes differ from two identity pictures' of the same clip."""
    weights = point_weights()
    power = np.zeros((2 * SHAPE_POINTS, 2 * SHAPE_POINTS))
    for shapes in clips:
        for identity in identities(shapes):
            rows = (shapes[::3] - identity).reshape(-1, 2 * SHAPE_POINTS) * weights
            rows = rows[np.isfinite(rows).all(1)]
            power += rows.T @ rows
    axes = np.linalg.eigh(power)[1][:, ::-1][:, :MODES]
    return (axes / weights[:, None]).T, axes * weights[:, None]


def identities(shapes: Shapes) -> list[Shapes]:
    """Shapes that an identity picture of this clip may have had: one early, one in the middle."""
    found = np.flatnonzero(np.isfinite(shapes).all((1, 2)))
    return [shapes[found[min(10, len(found) - 1)]], shapes[found[len(found) // 2]]]


def coded(
    clips: Sequence[Shapes], tables: HintTables, cadence: int, age: int, step: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats, Floats]:
    """Quantise all clips in a closed loop whose references lie as far back as those of ``age``.

    Returns values and magnitudes (n, K) of packets of that age, and their wanted and reference states (n, 16). The
    quantiser's wide zero stands for the encoder's choice by cost, so that one pass over all clips at once is enough.
    """
    rung, gain = CADENCE_RUNGS[cadence], tables.classes[cadence][age].gain
    slots, modes = rung.slots_per_frame - 1, tables.modes / (FRACTION << MODE_FRACTION_BITS)
    stretches = [item for shapes in clips for item in stretches_of(shapes, rung)]
    identity = np.stack([identity for identity, _ in stretches])
    shapes = np.stack([rows for _, rows in stretches])  # (S, packets · slots + 1, 70, 2)
    wanted: Floats = tables.analyse(shapes[:, :: slots + 1] - identity[:, None]).astype(
        np.float64
    )  # (S, P, 16)
    parts: list[tuple[Floats, ...]] = []
    for distance in DISTANCES[cadence][age]:
        states: Floats = np.zeros_like(wanted)
        residuals, magnitudes = np.zeros_like(wanted), np.zeros_like(wanted)
        for k in range(wanted.shape[1]):
            named = states[:, k - distance] if 0 < distance <= k else np.zeros_like(states[:, 0])
            residuals[:, k] = wanted[:, k] - named * gain / 256
            magnitudes[:, k] = np.floor(np.abs(residuals[:, k]) / step + 0.5 - DEAD_ZONE)
            states[:, k] = wanted[:, k] - residuals[:, k] + np.sign(residuals[:, k]) * magnitudes[:, k] * step
        keys = identity[:, None] + (states @ modes).reshape(*states.shape[:2], SHAPE_POINTS, 2)
        told = off_the_line(openings(shapes), openings(keys.astype(np.float32)), slots)  # (S, P − 1, K − 16)
        first = max(distance, 1)
        values = np.concatenate((residuals[:, first:], told[:, first - 1 :]), -1)
        sizes = np.concatenate(
            (magnitudes[:, first:], np.floor(np.abs(told[:, first - 1 :]) / step + 0.5 - DEAD_ZONE)), -1
        )
        reference: Floats = states[:, : states.shape[1] - distance] if distance else np.zeros_like(states)
        rows = (values, sizes, wanted[:, first:], reference[:, first - distance :])
        parts.append(tuple(row.reshape(-1, row.shape[-1]) for row in rows))
    values, sizes, target, source = (np.concatenate(part) for part in zip(*parts, strict=True))
    return values.astype(np.int64), sizes.astype(np.int64), target, source


def stretches_of(shapes: Shapes, rung: Rung) -> Iterator[tuple[Shapes, Shapes]]:
    """(identity (70, 2), shapes (n, 70, 2)) of stretches of equal length in which a face is found throughout."""
    length = PACKETS_TOGETHER * rung.slots_per_frame + 1
    for identity in identities(shapes):
        for at in range(0, len(shapes) - length + 1, length):
            rows = shapes[at : at + length]
            if np.isfinite(rows).all():
                yield identity, rows


def off_the_line(exact: Shapes, keys: Shapes, slots: int) -> Floats:
    """Openings (2, S, n) and those of keys (2, S, P) → coefficients (S, P − 1, K) of what lies in between."""
    phases = np.arange(1, slots + 1) / (slots + 1)
    line = keys[:, :, :-1, None] * (1 - phases) + keys[:, :, 1:, None] * phases  # (2, S, P − 1, slots)
    inner = exact[:, :, :-1].reshape(*line.shape[:3], slots + 1)[..., 1:] - line
    mouth = inner[0] @ sines(slots, MOUTH_COEFFICIENTS).T * MOUTH_SCALE
    eyes = inner[1] @ sines(slots, EYE_COEFFICIENTS).T * EYE_SCALE
    return np.concatenate((mouth, eyes), -1)


def train(clips: Sequence[Shapes]) -> Arrays:
    """All arrays of the tables file."""
    modes, analysis = train_modes(clips)
    widest = max(sum(counts) for counts in COEFFICIENTS)
    arrays: Arrays = {
        "modes": np.rint(modes * (1 << MODE_FRACTION_BITS)).astype(np.int16),
        "analysis": analysis.astype(np.float32),
        "expected": expected_magnitudes().astype(np.uint16),
        "gain": np.full((CADENCES, AGES, MODES), 256, np.int16),
        "base": np.zeros((CADENCES, AGES, widest), np.uint8),
    }
    models = [[initial_model(np.full(sum(counts), 12)) for _ in range(AGES)] for counts in COEFFICIENTS]
    store(arrays, models)
    for cadence in range(CADENCES):
        for age in range(AGES):
            bits = train_class(clips, arrays, models[cadence][age], cadence, age)
            print(f"cadence {cadence} age {age}: {bits:.1f} bits", file=sys.stderr, flush=True)
    store(arrays, models)
    return arrays


def train_class(clips: Sequence[Shapes], arrays: Arrays, model: Model, cadence: int, age: int) -> float:
    """Fit gain and model of one class; bits a packet, over the steps fitted."""
    if age:
        _, _, target, source = coded(clips, hint_tables(arrays), cadence, age, STEPS[STEPS_FITTED[1]])
        slope = (source * target).sum(0) / np.maximum((source * source).sum(0), 1)
        arrays["gain"][cadence, age] = np.clip(np.rint(256 * slope), 0, 256)
    tables, seen = hint_tables(arrays), []
    for index in STEPS_FITTED:
        values, sizes, _, _ = coded(clips, tables, cadence, age, STEPS[index])
        kept = np.random.default_rng(index).permutation(len(values))[:PACKETS_FITTED]
        seen.append(Observations(-LEVELS_PER_STEP * index, STEPS[index], values[kept], sizes[kept]))
        if index == STEPS_FITTED[0]:
            model.base = first_levels(values / STEPS[index])
    return fit(model, seen, None, np.arange(len(model.base)))


def first_levels(in_steps: Floats) -> NDArray[np.int64]:
    """Scale levels of values (n, K) in steps, as their deviation suggests; tails are heavy, so a little below."""
    deviation = np.maximum(np.sqrt((in_steps**2).mean(0)), 0.01)
    return np.asarray(np.clip(np.rint(UNIT_LEVEL + 4 * np.log2(deviation) - 3), -8, 60), np.int64)


def store(arrays: Arrays, models: Sequence[Sequence[Model]]) -> None:
    """Round the models into the file's arrays."""
    for cadence, row in enumerate(models):
        for age, model in enumerate(row):
            arrays["base"][cadence, age, : len(model.base)] = np.clip(model.base + BASE_OFFSET, 0, 255)
    arrays["probability"] = np.array(
        [[np.clip(np.rint(m.probability * 65536), 24, 65536 - 24) for m in row] for row in models]
    ).astype(np.uint16)
    arrays["correction"] = np.array([[m.correction for m in row] for row in models]).astype(np.int8)
    arrays["bias"] = np.array([[np.rint(m.bias) for m in row] for row in models]).astype(np.int8)


def main(arguments: Sequence[str] | None = None) -> None:
    """Train, or evaluate, as the command line says."""
    parser = argparse.ArgumentParser(description="train or measure the tables of the hints codec")
    parser.add_argument("--clips", type=Path, default=CLIPS, help="folder with train/ and val/")
    parser.add_argument("--cache", type=Path, default=CACHE, help="folder of decoded clips")
    parser.add_argument("--evaluate", action="store_true", help="print bits and errors on val/ as JSON")
    parser.add_argument("--out", type=Path, default=OUTPUT, help="tables to write")
    options = parser.parse_args(arguments)
    split = "val" if options.evaluate else "train"
    shapes = clip_shapes(open_cache(options.clips, split, options.cache))
    if options.evaluate:
        print(json.dumps(measure_hints(shapes), indent=1))
        return
    usable = [rows for rows in shapes if np.isfinite(rows).all((1, 2)).sum() >= MIN_FRAMES]
    arrays = train([rows for clip in usable for rows in (clip, mirrored(clip))])
    np.savez_compressed(options.out, **arrays)  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
