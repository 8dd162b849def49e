"""How natural pictures of faces look without an original: NIQE's statistics, fitted on our own sharp training clips.

After Mittal, Soundararajan and Bovik, "Making a 'Completely Blind' Image Quality Analyzer", IEEE Signal Processing
Letters 2013. Figures are not NIQE's: its model is of photographs in patches of 96 pixels, this one of faces in 256×256
pictures in patches of 64. They tell two restorations of the same pictures apart, no more.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.special import gamma

PATCH = 64  # pixels at the first scale, 32 at the second
SCALES = 2
WINDOW, DEVIATION = 7, 7 / 6  # of the local mean (section II.A)
SHARP_SHARE = 0.75  # of the sharpest patch's contrast, from which patches of a picture are part of the model
SHAPES = np.arange(0.2, 10.001, 0.001)  # of the generalised Gaussian, to look moments up
FEATURES = 18 * SCALES
TABLE = "naturalness.npz"

Array = NDArray[np.float64]


@dataclass(frozen=True)
class PatchModel:
    """A multivariate Gaussian of patches' features."""

    mean: Array  # (36,)
    covariance: Array  # (36, 36)

    @staticmethod
    def of(features: Array) -> PatchModel:
        """Fitted on features (n, 36) but those of flat patches, which are NaN. ValueError where too few are left."""
        known = features[np.isfinite(features).all(1)]
        if len(known) < 2:
            raise ValueError("naturalness needs at least two patches that are not flat")
        return PatchModel(known.mean(0), np.cov(known, rowvar=False))

    def distance(self, other: PatchModel) -> float:
        """Equation 10."""
        difference = self.mean - other.mean
        inverse = np.linalg.pinv((self.covariance + other.covariance) / 2)
        return float(np.sqrt(max(float(difference @ inverse @ difference), 0.0)))


def naturalness_distance(lumas: Iterable[NDArray[np.uint8]]) -> float:
    """Of a clip's pictures (256, 256), luma, together; 0 would be as natural as sharp faces, larger is less so."""
    return PatchModel.of(np.concatenate([patch_features(luma)[0] for luma in lumas])).distance(
        natural_faces()
    )


@cache
def natural_faces() -> PatchModel:
    """The model that comes with the package, see callcodec/measure/naturalness_fit.py."""
    with resources.files("callcodec.measure.metrics").joinpath(TABLE).open("rb") as file:
        table = np.load(file)
        return PatchModel(table["mean"].astype(np.float64), table["covariance"].astype(np.float64))


def patch_features(luma: NDArray[np.uint8]) -> tuple[Array, Array]:
    """(features (n, 36) of the patches of a picture, their mean local contrast (n,)). ValueError for small ones."""
    if min(luma.shape) < PATCH:
        raise ValueError(f"naturalness is of pictures of at least {PATCH} pixels, not {luma.shape}")
    picture, patch = luma.astype(np.float64), PATCH
    scales, contrast = [], np.zeros(0)
    for scale in range(SCALES):
        normalised, deviation = normalise(picture)
        scales.append(np.stack([_of_patch(block) for block in blocks(normalised, patch)]))
        if scale == 0:
            contrast = blocks(deviation, patch).mean((1, 2))
        halved = cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        picture = np.asarray(halved, np.float64)
        patch //= 2
    return np.concatenate(scales, 1), contrast


def normalise(picture: Array) -> tuple[Array, Array]:
    """(coefficients less their local mean over their local deviation, that deviation): equations 1 to 3."""
    mean = cv2.GaussianBlur(picture, (WINDOW, WINDOW), DEVIATION)
    square = cv2.GaussianBlur(picture * picture, (WINDOW, WINDOW), DEVIATION)
    deviation = np.sqrt(np.maximum(square - mean * mean, 0))
    return np.asarray((picture - mean) / (deviation + 1)), np.asarray(deviation)


def blocks(picture: Array, side: int) -> Array:
    """(n, side, side): as many as fit."""
    rows, columns = picture.shape[0] // side, picture.shape[1] // side
    cut = picture[: rows * side, : columns * side].reshape(rows, side, columns, side)
    return np.asarray(cut.transpose(0, 2, 1, 3).reshape(-1, side, side))


def _of_patch(block: Array) -> Array:
    """(18,): shape and width of the coefficients, and of their products along four directions (equations 4 to 8)."""
    shape, left, right = asymmetric_gaussian(block)
    features = [shape, (left + right) / 2]
    for down, across in ((0, 1), (1, 0), (1, 1), (1, -1)):
        product = block * np.roll(block, (-down, -across), (0, 1))
        shape, left, right = asymmetric_gaussian(product)
        mean = (right - left) * gamma(2 / shape) / gamma(1 / shape)
        features += [shape, mean, left, right]
    return np.array(features)


def asymmetric_gaussian(values: Array) -> tuple[float, float, float]:
    """(shape, left and right scale) of the asymmetric generalised Gaussian with these moments; NaN where flat."""
    below, above = values[values < 0], values[values > 0]
    if not below.size or not above.size:
        return np.nan, np.nan, np.nan
    left, right = np.sqrt(np.mean(below**2)), np.sqrt(np.mean(above**2))
    ratio = left / right
    found = np.mean(np.abs(values)) ** 2 / np.mean(values**2)
    found *= (ratio**3 + 1) * (ratio + 1) / (ratio**2 + 1) ** 2
    shapes, moments = _moments()
    shape = float(shapes[np.searchsorted(moments, found).clip(0, len(shapes) - 1)])
    scale = float(np.sqrt(gamma(1 / shape) / gamma(3 / shape)))
    return shape, float(left) * scale, float(right) * scale


@cache
def _moments() -> tuple[Array, Array]:
    """(shapes, Γ(2/α)² / (Γ(1/α) Γ(3/α)) of each), both growing."""
    return SHAPES, gamma(2 / SHAPES) ** 2 / (gamma(1 / SHAPES) * gamma(3 / SHAPES))
