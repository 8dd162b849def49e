"""Interpolators by name; a new one is one entry here."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from models.checkpoint import load_network, shipped_weights
from models.interpolation import (
    CausalDimensions,
    CausalPrediction,
    FrameInterpolation,
    InterpolationDimensions,
)
from receiver.interpolation import Interpolator, MotionAdaptiveInterpolator
from receiver.network_interpolation import CausalInterpolator, NetworkInterpolator

INTERPOLATION_WEIGHTS, CAUSAL_WEIGHTS = "interpolation", "interpolation_causal"


def create_interpolator(
    name: str, frame_interval_s: float, voice: Callable[[float, float], NDArray[np.int16]]
) -> Interpolator:
    """The interpolator ``name``, for frames that come every ``frame_interval_s``.

    ``voice``: 16 kHz PCM between two media times, zeros where none was heard. Raises ValueError for an unknown name,
    WeightsError (a ValueError) for weights that cannot be used.
    """
    if name == "adaptive":
        return MotionAdaptiveInterpolator(frame_interval_s)
    if name == "network":
        return NetworkInterpolator(frame_interval_s, load_interpolation())
    if name == "causal":
        return CausalInterpolator(frame_interval_s, load_prediction(), load_interpolation(), voice)
    raise ValueError(f"there is no interpolation {name!r}; there are adaptive, network and causal")


def load_interpolation() -> FrameInterpolation:
    """The shipped network that interpolates. Raises WeightsError."""
    path = shipped_weights(INTERPOLATION_WEIGHTS)
    return load_network(path, INTERPOLATION_WEIGHTS, FrameInterpolation, InterpolationDimensions)


def load_prediction() -> CausalPrediction:
    """The shipped network that predicts. Raises WeightsError."""
    return load_network(shipped_weights(CAUSAL_WEIGHTS), CAUSAL_WEIGHTS, CausalPrediction, CausalDimensions)
