"""A face's shape between two moments at which it is known: straight lines, and openings that are told.

What is told is how far an opening lies off the straight line between those of the two known shapes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from callcodec.face.shape import Shape, eye_openings, mouth_opening, with_openings

Deviations = NDArray[np.float32]


def openings(shapes: Shape) -> NDArray[np.float32]:
    """(..., 70, 2) → (2, ...): mouth opening and mean eye opening."""
    return np.stack((mouth_opening(shapes), eye_openings(shapes).mean(-1)))


def deviations(between: NDArray[np.float32], first: Shape, last: Shape) -> Deviations:
    """Openings (2, n) at n even steps between two shapes → how far they lie off the line between them, (2, n)."""
    count = between.shape[1]
    phases = np.arange(1, count + 1) / (count + 1)
    ends = openings(np.stack((first, last)))
    return np.asarray(between - ends[:, :1] * (1 - phases) - ends[:, 1:] * phases, np.float32)


def shape_between(first: Shape, last: Shape, phase: float, told: Deviations | None) -> Shape:
    """The shape at ``phase`` 0..1 of the way; ``told``: (2, n) of ``deviations``, or None where nothing is known."""
    shape = ((1 - phase) * first + phase * last).astype(np.float32)
    if told is None or not told.shape[1] or not 0 < phase < 1:
        return shape
    ends = openings(np.stack((first, last)))
    known = np.pad(told, ((0, 0), (1, 1)))
    at = phase * (told.shape[1] + 1)
    before = int(at)
    off = (1 - (at - before)) * known[:, before] + (at - before) * known[:, before + 1]
    mouth, eyes = (1 - phase) * ends[:, 0] + phase * ends[:, 1] + off
    return with_openings(shape, float(mouth), float(eyes))
