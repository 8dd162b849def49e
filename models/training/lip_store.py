"""Lower faces of a split, upright and of one size, cut out once: reading whole pictures again would be far too slow."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from models.sync_network import CROP_SPAN, LIP_CROP, MOUTH_HEIGHT, lip_geometry, upright
from models.training.cache import ClipCache

WIDE_CROP = 80  # pixels: the network's crop of 48 and a margin to move it in
MARGIN = (WIDE_CROP - LIP_CROP) / 2
PIXELS_PER_UNIT = LIP_CROP / CROP_SPAN  # a unit is the distance between the eyes


class LipStore:
    """Random access to every picture's wide crop and geometry."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._crops = np.load(folder / "lip_crops.npy", mmap_mode="r")
        self.geometry: NDArray[np.float32] = np.load(folder / "lip_geometry.npy")  # (frames, 6), NaN: no face

    def __reduce__(self) -> tuple[type[LipStore], tuple[Path]]:
        """Another process opens the same files."""
        return LipStore, (self.folder,)

    def crop(self, number: int) -> NDArray[np.uint8]:
        """(80, 80), grey, of frame ``number`` of the cache; where no face was found, the nearest before it."""
        return np.asarray(self._crops[number])


def open_lips(cache: ClipCache) -> LipStore:
    """The store beside ``cache``'s files, made first if it is not there."""
    if not (cache.folder / "lip_geometry.npy").exists():
        _build(ClipCache(cache.folder))  # all of it, also where ``cache`` shows only some clips
    return LipStore(cache.folder)


def _build(cache: ClipCache) -> None:
    last = cache.clips[-1]
    frames = last.first_frame + last.frames
    crops = np.lib.format.open_memmap(
        cache.folder / "lip_crops.npy", mode="w+", dtype=np.uint8, shape=(frames, WIDE_CROP, WIDE_CROP)
    )
    geometry = np.full((frames, 6), np.nan, np.float32)
    for clip in cache.clips:
        newest = None
        for number in range(clip.first_frame, clip.first_frame + clip.frames):
            landmarks = cache.landmarks(number)
            if not np.isnan(landmarks).any():
                newest = wide_crop_to_picture(landmarks)
                geometry[number] = lip_geometry(torch.from_numpy(landmarks)).numpy()
            if newest is None:
                continue
            grey = cv2.cvtColor(cache.frame(number), cv2.COLOR_RGB2GRAY)
            crops[number] = cut(np.asarray(grey, np.uint8), newest, WIDE_CROP)
    crops.flush()
    np.save(cache.folder / "lip_geometry.npy", geometry)


def middle_of(wide: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(..., 80, 80) → (..., 48, 48), what the network sees of them when nothing is moved."""
    inside = slice(int(MARGIN), int(MARGIN) + LIP_CROP)
    return np.ascontiguousarray(wide[..., inside, inside])


def wide_crop_to_picture(landmarks: NDArray[np.float32]) -> NDArray[np.float64]:
    """(2, 3): from pixels of the wide crop to those of the picture with these landmarks (68, 2)."""
    affine = upright(torch.from_numpy(landmarks)).numpy().astype(np.float64)
    origin = np.array([0.5, MOUTH_HEIGHT]) * LIP_CROP + MARGIN - 0.5  # the mouth in the wide crop
    turn = affine[:, :2] / PIXELS_PER_UNIT
    return np.column_stack((turn, affine[:, 2] - turn @ origin))


def cut(grey: NDArray[np.uint8], affine: NDArray[np.float64], size: int) -> NDArray[np.uint8]:
    """(size, size) of ``grey``; ``affine`` leads from the result's pixels to those of ``grey``."""
    shrink = float(np.sqrt(abs(np.linalg.det(affine[:, :2]))))
    if shrink > 1.5:
        grey = np.asarray(cv2.GaussianBlur(grey, (0, 0), 0.4 * shrink), np.uint8)
    return np.asarray(
        cv2.warpAffine(grey, affine, (size, size), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
                       borderMode=cv2.BORDER_REPLICATE), np.uint8,
    )  # fmt: skip
