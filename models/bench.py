"""How fast a reconstructor, or anything else, is."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import numpy as np

from models.reconstructor import PICTURE, Reconstructor

WARM_UP_CALLS = 20
ROUNDS = 5


def seconds_a_call(call: Callable[[], object], calls: int) -> float:
    """Median seconds of a call in the fastest of ``ROUNDS`` rounds, ``calls`` in all, after a warm-up.

    Two threads that wait for each other lose far more than their share to any other process, so the undisturbed
    round is the machine's speed, and a median over everything would be the neighbours'.
    """
    for _ in range(min(WARM_UP_CALLS, calls)):
        call()
    medians = []
    for _ in range(min(ROUNDS, calls)):
        seconds = []
        for _ in range(-(-calls // ROUNDS)):
            started = time.perf_counter()
            call()
            seconds.append(time.perf_counter() - started)
        medians.append(statistics.median(seconds))
    return min(medians)


def benchmark(reconstructor: Reconstructor, frames: int = 500) -> float:
    """Seconds a picture over ``frames`` of them (``seconds_a_call``), identity cached, with torch's threads."""
    random = np.random.default_rng(0)
    reconstructor.set_identity(random.integers(0, 256, (PICTURE, PICTURE, 3)).astype(np.uint8))
    lowres = random.random((5, 3, 8, 8)).astype(np.float32)
    mel = random.uniform(-1, 1, (80, 20)).astype(np.float32)

    def picture() -> float:
        return float(reconstructor.reconstruct(lowres, mel)[0, 0, 0])  # a value, so that a GPU has finished

    return seconds_a_call(picture, frames)
