"""Picture metrics against references and values worked out by hand."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.signal import convolve2d
from torchmetrics.functional.image import (
    multiscale_structural_similarity_index_measure,
    structural_similarity_index_measure,
)

from callcodec.measure.metrics.flicker import flicker
from callcodec.measure.metrics.gradients import gradient_magnitude_similarity_deviation
from callcodec.measure.metrics.regions import Box, box_around, region_errors
from callcodec.measure.metrics.structure import similarity


def pair(seed: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """A smooth 256×256 picture and the same with noise and another brightness."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:256, :256] / 256
    waves = np.stack([np.sin(9 * x + k) + np.cos(7 * y * (k + 1)) for k in range(3)], -1)
    original = 128 + 50 * waves
    shown = original * 0.9 + 8 + random.normal(0, 12, original.shape)
    return shown.clip(0, 255).astype(np.uint8), original.clip(0, 255).astype(np.uint8)


def tensor(picture: NDArray[np.uint8]) -> torch.Tensor:
    return torch.from_numpy(picture).permute(2, 0, 1)[None].float()


def as_float(value: torch.Tensor | tuple[torch.Tensor, ...]) -> float:
    return float(value if isinstance(value, torch.Tensor) else value[0])


@pytest.mark.parametrize("seed", [0, 1])
def test_ssim_and_ms_ssim_are_those_of_torchmetrics(seed: int) -> None:
    shown, original = pair(seed)
    found = similarity(shown, original)
    ssim = structural_similarity_index_measure(tensor(shown), tensor(original), data_range=255.0)
    ms_ssim = multiscale_structural_similarity_index_measure(
        tensor(shown), tensor(original), data_range=255.0
    )
    assert found == pytest.approx((as_float(ssim), as_float(ms_ssim)), abs=2e-5)


def test_a_copy_is_perfectly_similar() -> None:
    _, original = pair(0)
    assert similarity(original, original) == pytest.approx((1.0, 1.0), abs=1e-6)
    assert gradient_magnitude_similarity_deviation(original, original) == 0.0


def test_pictures_too_small_for_five_scales_are_refused() -> None:
    small = np.zeros((175, 256, 3), np.uint8)
    with pytest.raises(ValueError, match="at least 176"):
        similarity(small, small)


def test_gmsd_is_that_of_its_authors_code() -> None:
    """Their MATLAB, line by line: conv2(…, 'same'), every second pixel, Prewitt, c = 170, std2."""
    shown, original = pair(2)

    def gradient(rgb: NDArray[np.uint8]) -> NDArray[np.float64]:
        grey = np.rint(rgb.astype(np.float64) @ np.array((0.2989, 0.5870, 0.1140)))
        # MATLAB's "same" begins one further on than scipy's where the kernel is even.
        mean = convolve2d(grey, np.ones((2, 2)) / 4, mode="full")[1::2, 1::2][:128, :128]
        prewitt = np.array(((1, 0, -1),) * 3) / 3
        return np.asarray(np.hypot(convolve2d(mean, prewitt, "same"), convolve2d(mean, prewitt.T, "same")))

    one, other = gradient(shown), gradient(original)
    expected = np.std((2 * one * other + 170) / (one**2 + other**2 + 170), ddof=1)
    assert gradient_magnitude_similarity_deviation(shown, original) == pytest.approx(expected, rel=1e-4)


def test_gmsd_sees_lost_edges_and_no_other_brightness() -> None:
    _, original = pair(3)
    dimmed = (original.astype(np.int16).clip(20, 235) - 20).astype(np.uint8)
    bright = (dimmed + 10).astype(np.uint8)
    flat = np.full_like(original, 128)
    assert gradient_magnitude_similarity_deviation(bright, dimmed) < 0.01
    assert gradient_magnitude_similarity_deviation(flat, original) > 0.1


def test_errors_of_mouth_and_face_are_counted_inside_their_boxes_alone() -> None:
    landmarks = np.full((68, 2), 100, np.float32)
    landmarks[:48] += np.linspace(-80, 80, 48)[:, None]
    landmarks[48:] += np.linspace(-10, 10, 20)[:, None]
    original = np.zeros((256, 256, 3), np.uint8)
    shown = original.copy()
    mouth = box_around(landmarks[48:], 256)
    assert mouth == Box(88, 88, 112, 112)
    shown[88:112, 88:112] = 10
    errors = region_errors(shown, original, landmarks)
    assert errors.mouth == 100
    assert errors.face == pytest.approx(100 * 24**2 / 192**2)
    assert errors.picture == pytest.approx(100 * 24**2 / 256**2)


def test_a_face_that_was_not_found_has_no_region() -> None:
    original = np.zeros((256, 256, 3), np.uint8)
    errors = region_errors(original + 2, original, np.full((68, 2), np.nan, np.float32))
    assert errors == (4.0, None, None)


def test_flicker_is_change_that_the_original_does_not_have() -> None:
    dark, light = np.full((4, 4, 3), 50, np.uint8), np.full((4, 4, 3), 60, np.uint8)
    assert flicker(light, dark, light, dark) == 0
    assert flicker(light + 7, dark + 7, light, dark) == 0  # wrong, but steadily so
    assert flicker(dark, dark, light, dark) == 10  # a still lacks the original's change
    assert flicker(light, dark, dark, dark) == 10  # and this one invents it
