"""How fast a reconstructor is."""

from __future__ import annotations

import statistics
import time

import numpy as np

from models.reconstructor import PICTURE, Reconstructor

WARM_UP_FRAMES = 20


def benchmark(reconstructor: Reconstructor, frames: int = 500) -> float:
    """Median seconds a picture over ``frames`` random inputs, identity cached, with torch's threads."""
    random = np.random.default_rng(0)
    reconstructor.set_identity(random.integers(0, 256, (PICTURE, PICTURE, 3)).astype(np.uint8))
    lowres = random.random((5, 3, 8, 8)).astype(np.float32)
    mel = random.uniform(-1, 1, (80, 20)).astype(np.float32)
    seconds = []
    for _ in range(WARM_UP_FRAMES + frames):
        started = time.perf_counter()
        reconstructor.reconstruct(lowres, mel)[0, 0, 0].item()  # a value, so that a GPU has finished
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds[WARM_UP_FRAMES:])
