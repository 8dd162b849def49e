"""Fits the emotion estimator to labelled clips, and says how often it is right about a person left out."""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

from models.checkpoint import weights_folder
from models.emotion_estimator import EVERY, WINDOW, EmotionModel, Floats, upright
from models.training.cache import ClipCache, DataError, open_cache
from models.training.emotion_labels import UNKNOWN, emotion_state
from models.training.shapes import clip_shapes

COMPONENTS = 12
SHRINKAGE = 0.1  # of the covariance towards a multiple of the unit matrix
WANTED_PRECISION = 0.8  # of what is said about people left out
THRESHOLDS = 1 - np.geomspace(0.5, 0.001, 40)
LEAST_EMOTIONS = 4  # of a person, so that the mean over all of them is a baseline


@dataclass(frozen=True)
class Windows:
    """Two-second windows. difference: (N, F) from the person's mean. state: (N,). person: (N,)."""

    difference: Floats
    state: NDArray[np.int64]
    person: NDArray[np.str_]


@dataclass(frozen=True)
class HeldOut:
    """accuracy: of all windows. precision: of those it speaks about, at ``threshold``. abstained: of the others."""

    accuracy: float
    precision: float
    abstained: float
    threshold: float


def labelled_windows(cache: ClipCache) -> Windows:
    """The windows of everybody who shows several emotions. Raises DataError where nobody does."""
    shapes: dict[str, list[tuple[int, Floats]]] = {}
    for clip, points in zip(cache.clips, clip_shapes(cache), strict=True):
        if clip.emotion:
            found = upright(points[np.isfinite(points).all((1, 2))])
            # An intensity that the corpus knows is not told apart: the normal state stands for both.
            shapes.setdefault(clip.person, []).append((emotion_state(clip.emotion.partition(":")[0]), found))
    rows: list[tuple[Floats, int, str]] = []
    for person, clips in shapes.items():
        if len({state for state, _ in clips}) < LEAST_EMOTIONS:
            continue
        own = np.mean([found.mean(0) for _, found in clips], axis=0)
        for state, found in clips:
            if state != UNKNOWN:
                starts = range(0, len(found) - WINDOW + 1, EVERY)
                rows += [(found[k : k + WINDOW].mean(0) - own, state, person) for k in starts]
    if len({person for *_, person in rows}) < 2:
        raise DataError("an emotion estimator needs two people or more who show several emotions each")
    return Windows(*(np.array(column) for column in zip(*rows, strict=True)))


def fit(windows: Windows, threshold: float = 0.0) -> EmotionModel:
    """The discriminant of these windows."""
    _, values, vectors = np.linalg.svd(windows.difference, full_matrices=False)
    components = vectors[:COMPONENTS].T / values[0] * np.sqrt(len(windows.difference))
    found = windows.difference @ components
    states = np.unique(windows.state)
    means = np.stack([found[windows.state == state].mean(0) for state in states])
    left = found - means[np.searchsorted(states, windows.state)]
    size = len(found)
    ridge = SHRINKAGE * float((found**2).sum()) / size / components.shape[1]
    covariance = left.T @ left / size + ridge * np.eye(components.shape[1])
    return EmotionModel(states, components, means, np.linalg.inv(covariance), threshold)


def leave_one_person_out(windows: Windows) -> HeldOut:
    """Each person is judged by a model of the others; the threshold is the lowest that is right often enough."""
    right, sure = [], []
    for person in np.unique(windows.person):
        inside = windows.person != person
        model = fit(Windows(windows.difference[inside], windows.state[inside], windows.person[inside]))
        for difference, state in zip(windows.difference[~inside], windows.state[~inside], strict=True):
            probabilities = model.probabilities(difference)
            right.append(model.states[probabilities.argmax()] == state)
            sure.append(float(probabilities.max()))
    hit, confidence = np.array(right), np.array(sure)
    for threshold in THRESHOLDS:
        spoken = confidence >= threshold
        if spoken.any() and hit[spoken].mean() >= WANTED_PRECISION:
            break
    precision = float(hit[spoken].mean()) if spoken.any() else float("nan")
    return HeldOut(float(hit.mean()), precision, float(1 - spoken.mean()), float(threshold))


def save(model: EmotionModel, path: Path) -> None:
    """Write the weights and their hash."""
    arrays: dict[str, NDArray[Any]] = {
        "states": model.states,
        "components": model.components.astype(np.float16),
        "means": model.means.astype(np.float32),
        "precision": model.precision.astype(np.float32),
        "threshold": np.array([model.threshold], np.float32),
    }
    save_file(arrays, path)
    path.chmod(0o644)  # safetensors writes for its owner alone
    card = {"file": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    path.with_suffix(".json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> None:
    """Fit on the training clips and write models/weights/emotion.safetensors."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("data", type=Path, help="folder with train.tsv and train/")
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "callcodec")
    parser.add_argument("--out", type=Path, default=weights_folder() / "emotion.safetensors")
    options = parser.parse_args(arguments)
    windows = labelled_windows(open_cache(options.data, "train", options.cache))
    judged = leave_one_person_out(windows)
    save(fit(windows, judged.threshold), options.out)
    print(f"{len(windows.state)} windows of {len(np.unique(windows.person))} people; left out: {judged}")


if __name__ == "__main__":
    main()
