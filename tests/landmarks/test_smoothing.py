"""Smoothing: a still face stands still, and nothing that moves is late."""

import numpy as np
import pytest

from models.landmark_smoothing import LandmarkSmoother
from tests.landmarks.faces import mean_shape

RANDOM = np.random.default_rng(0)


def test_the_tremble_of_a_still_face_is_halved_at_least() -> None:
    smoother = LandmarkSmoother(still_px=0.7)
    noisy = [mean_shape() + RANDOM.normal(0, 0.25, (68, 2)).astype(np.float32) for _ in range(100)]
    shown = np.stack([smoother.smooth(points) for points in noisy])
    assert np.diff(shown[20:], axis=0).std() < 0.5 * np.diff(np.stack(noisy)[20:], axis=0).std()


def test_a_blink_is_shown_in_the_picture_in_which_it_happens() -> None:
    smoother = LandmarkSmoother()
    for _ in range(20):
        smoother.smooth(mean_shape())
    closed = mean_shape()
    closed[37:39, 1] += 5
    shown = smoother.smooth(closed)
    assert np.abs(shown - closed).max() < 0.15


def test_points_that_were_lost_start_afresh() -> None:
    smoother = LandmarkSmoother()
    smoother.smooth(np.full((68, 2), np.nan, np.float32))
    assert np.array_equal(smoother.smooth(mean_shape()), mean_shape())
    smoother.reset()
    assert np.array_equal(smoother.smooth(mean_shape() + 0.1), mean_shape() + np.float32(0.1))


def test_a_gain_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="least gain"):
        LandmarkSmoother(least_gain=0)
