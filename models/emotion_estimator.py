"""What emotion a face shows, told from how its shape differs from the face's own mean; it abstains unless it is sure.

A linear discriminant with shared covariance on two seconds of shapes. It knows seven of the eight emotions, at normal
intensity, from three people; its card says how often it is right about people that it never saw.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file

from models.checkpoint import WeightsError, shipped_weights

FEATURES = slice(17, 68)  # brows, nose, eyes and lips; the jaw's outline says little and jitters
RIGHT_EYE, LEFT_EYE = slice(36, 42), slice(42, 48)
WINDOW = 50  # shapes, two seconds at 25 a second
BASELINE_WINDOWS = 5  # seconds of talk, in windows, before a face's own mean is known
EVERY = 12  # shapes between two estimates

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class EmotionModel:
    """states: (C,) numbers of EmotionState. components: (F, K). means: (C, K). precision: (K, K). threshold: 0..1."""

    states: NDArray[np.int64]
    components: Floats
    means: Floats
    precision: Floats
    threshold: float

    def probabilities(self, difference: Floats) -> Floats:
        """(F,), a mean upright shape less the face's own → (C,)."""
        off = difference @ self.components - self.means
        exponent = -0.5 * np.einsum("ck,kl,cl->c", off, self.precision, off)
        weights = np.exp(exponent - exponent.max())
        return np.asarray(weights / weights.sum())


def load_emotion_model(path: Path | None = None) -> EmotionModel:
    """The shipped model, or the one in ``path``. Raises WeightsError."""
    path = path or shipped_weights("emotion")
    try:
        arrays = load_file(path)
        return EmotionModel(
            states=arrays["states"].astype(np.int64),
            components=arrays["components"].astype(np.float64),
            means=arrays["means"].astype(np.float64),
            precision=arrays["precision"].astype(np.float64),
            threshold=float(arrays["threshold"][0]),
        )
    except (SafetensorError, OSError, KeyError) as error:
        raise WeightsError(f"{path} holds no emotion model: {error}") from error


def upright(shapes: NDArray[np.float32]) -> Floats:
    """(T, 70, 2) in pixels → (T, F): brows to lips, seen from between the eyes, in distances of the eyes, upright."""
    right, left = shapes[:, RIGHT_EYE].mean(1), shapes[:, LEFT_EYE].mean(1)
    middle, across = (right + left) / 2, (left - right).astype(np.float64)
    squared = np.maximum((across**2).sum(-1), 1e-6)
    turn = np.stack((across, np.stack((-across[:, 1], across[:, 0]), -1)), 1) / squared[:, None, None]
    points = np.einsum("tij,tkj->tki", turn, shapes[:, FEATURES] - middle[:, None])
    return np.asarray(points.reshape(len(shapes), -1))


class EmotionEstimator:
    """Takes a face's shape 25 times a second and says its emotion now and then."""

    def __init__(self, model: EmotionModel | None = None) -> None:
        self._model = model or load_emotion_model()
        self._window: deque[Floats] = deque(maxlen=WINDOW)
        self._sum: Floats | None = None
        self._count = 0

    def push(self, shape: NDArray[np.float32]) -> int | None:
        """Take the next shape (70, 2), NaN where no face was found; returns 0..14 of EmotionState when it is sure.

        Never within the first ten seconds of a face: its own mean must be known first.
        """
        if not np.isfinite(shape).all():
            self._window.clear()
            return None
        features = upright(shape[None])[0]
        self._window.append(features)
        self._sum = features if self._sum is None else self._sum + features
        self._count += 1
        if self._count % EVERY or len(self._window) < WINDOW or self._count < WINDOW * BASELINE_WINDOWS:
            return None
        probabilities = self._model.probabilities(np.mean(self._window, axis=0) - self._sum / self._count)
        best = int(probabilities.argmax())
        return int(self._model.states[best]) if probabilities[best] >= self._model.threshold else None
