"""The figure without an original tells sharp faces from spoiled ones."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from callcodec.measure.metrics.naturalness import (
    FEATURES,
    PatchModel,
    asymmetric_gaussian,
    natural_faces,
    naturalness_distance,
    patch_features,
)
from callcodec.media.clip import open_clip
from tests.conftest import REPOSITORY


def textured(seed: int) -> NDArray[np.uint8]:
    """(256, 256): noise of a natural picture's spectrum, 1/f."""
    random = np.random.default_rng(seed)
    frequency = np.hypot(np.fft.fftfreq(256)[:, None], np.fft.rfftfreq(256)[None])
    spectrum = np.exp(2j * np.pi * random.random(frequency.shape)) / np.maximum(frequency, 1 / 256)
    picture = np.fft.irfft2(spectrum, (256, 256))
    return np.asarray(np.clip(128 + 40 * picture / picture.std(), 0, 255), np.uint8)


def test_the_shipped_model_is_that_of_many_faces() -> None:
    model = natural_faces()
    assert model.mean.shape == (FEATURES,)
    assert model.covariance.shape == (FEATURES, FEATURES)
    assert np.linalg.eigvalsh(model.covariance).min() > -1e-4


@pytest.mark.parametrize("kernel", [15, 25])
def test_blur_makes_a_face_less_natural(kernel: int) -> None:
    frames = list(open_clip(REPOSITORY / "callcodec" / "sample" / "astronaut.mp4").frames())[::25][:4]
    sharp = [np.asarray(cv2.cvtColor(frame.rgb, cv2.COLOR_RGB2GRAY), np.uint8) for frame in frames]
    soft = [np.asarray(cv2.GaussianBlur(luma, (kernel, kernel), 0), np.uint8) for luma in sharp]
    assert naturalness_distance(sharp) < 4
    assert naturalness_distance(soft) > naturalness_distance(sharp) + 2


def test_shape_and_scales_of_a_gaussian_are_found() -> None:
    shape, left, right = asymmetric_gaussian(np.random.default_rng(0).normal(0, 1, (400, 400)))
    assert shape == pytest.approx(2.0, abs=0.05)
    assert left == pytest.approx(right, rel=0.02)
    assert left == pytest.approx(np.sqrt(2), rel=0.03)  # exp(−|x/s|²) has deviation s/√2


def test_a_model_is_at_no_distance_from_itself() -> None:
    features = np.concatenate([patch_features(textured(k))[0] for k in range(4)])
    model = PatchModel.of(features)
    assert model.distance(model) == pytest.approx(0.0, abs=1e-9)


def test_flat_and_small_pictures_are_refused() -> None:
    with pytest.raises(ValueError, match="flat"):
        naturalness_distance([np.full((256, 256), 90, np.uint8)])
    with pytest.raises(ValueError, match="64 pixels"):
        patch_features(np.zeros((32, 256), np.uint8))
