"""Low-resolution pictures as the receiver will have them: coded at 5 FPS, interpolated in time."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

KEY_EVERY_FRAMES = 5  # 5 FPS of 25


@lru_cache(maxsize=4)
def _dct(size: int) -> NDArray[np.float64]:
    """Orthonormal DCT-II matrix."""
    k, n = np.mgrid[:size, :size]
    matrix = np.cos(np.pi * (2 * n + 1) * k / (2 * size)) * np.sqrt(2 / size)
    matrix[0] /= np.sqrt(2)
    return np.asarray(matrix)


def _quantise(plane: NDArray[np.float64], step: float, lattice: NDArray[np.float64]) -> NDArray[np.float64]:
    """Uniform quantisation of the DCT of (T, S, S) planes.

    Closed-loop prediction keeps every reconstruction on reference + step · ℤ, so a run of pictures shares one
    lattice: its offset is the same for all of them and what stands still keeps its error.
    """
    basis = _dct(plane.shape[-1])
    coefficients = basis @ plane @ basis.T
    coded = (np.round(coefficients / step - lattice) + lattice) * step
    return np.asarray(basis.T @ coded @ basis)


def coded_pictures(
    rgb: NDArray[np.float64], luma_step: float, chroma_step: float, random: np.random.Generator
) -> NDArray[np.float64]:
    """What a receiver decodes of (T, 8, 8, 3) RGB in 0..255: YCbCr 4:2:0, quantised DCT; clipped."""
    red, green, blue = np.moveaxis(rgb, -1, 0)
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    chroma = np.stack(((blue - luma) * 0.564, (red - luma) * 0.713))
    count, size = len(rgb), rgb.shape[1]
    halved = chroma.reshape(2, count, size // 2, 2, size // 2, 2).mean((3, 5))
    luma = _quantise(luma, luma_step, random.uniform(-0.5, 0.5, (size, size)))
    blue_difference, red_difference = (
        _quantise(plane, chroma_step, random.uniform(-0.5, 0.5, plane.shape[1:])) for plane in halved
    )
    cb, cr = (_double(plane) for plane in (blue_difference, red_difference))
    blue, red = luma + cb / 0.564, luma + cr / 0.713
    green = (luma - 0.299 * red - 0.114 * blue) / 0.587
    return np.clip(np.stack((red, green, blue), -1), 0, 255)


def _double(plane: NDArray[np.float64]) -> NDArray[np.float64]:
    """(T, s, s) → (T, 2s, 2s), bilinear, as chroma sited between pixels is brought back."""
    for axis in (1, 2):
        before = np.take(plane, np.maximum(np.arange(plane.shape[axis]) - 1, 0), axis)
        after = np.take(plane, np.minimum(np.arange(plane.shape[axis]) + 1, plane.shape[axis] - 1), axis)
        pair = np.stack((0.75 * plane + 0.25 * before, 0.75 * plane + 0.25 * after), axis + 1)
        shape = list(plane.shape)
        shape[axis] *= 2
        plane = pair.reshape(shape)
    return plane


def key_frames_around(first: int, last: int, phase: int, frames: int) -> list[int]:
    """Numbers of the sent pictures that are needed to show ``first``..``last`` of a clip of ``frames``.

    The first picture of a grid stands for everything before it, the last one for everything after.
    """
    start = (first - phase) // KEY_EVERY_FRAMES * KEY_EVERY_FRAMES + phase
    stop = -(-(last - phase) // KEY_EVERY_FRAMES) * KEY_EVERY_FRAMES + phase
    return [min(max(n, 0), frames - 1) for n in range(start, stop + 1, KEY_EVERY_FRAMES)]


def interpolate(keys: NDArray[np.float64], first: int, last: int, phase: int) -> NDArray[np.float64]:
    """Linear in time: pictures ``first``..``last`` (n, ...) from those of ``key_frames_around`` (T, ...)."""
    start = (first - phase) // KEY_EVERY_FRAMES * KEY_EVERY_FRAMES + phase
    out = []
    for number in range(first, last + 1):
        before, step = divmod(number - start, KEY_EVERY_FRAMES)
        share = step / KEY_EVERY_FRAMES
        after = min(before + 1, len(keys) - 1)
        out.append((1 - share) * keys[before] + share * keys[after])
    return np.stack(out)
