"""Shapes of the faces in a cache of decoded clips: its landmarks, and irises, found once and kept."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from callcodec.face.iris import iris_centres
from callcodec.face.shape import SHAPE_POINTS
from models.training.cache import ClipCache
from models.training.data import LEFT_RIGHT

IRISES = "irises.npy"
MIRRORED = np.r_[LEFT_RIGHT, SHAPE_POINTS - 1, SHAPE_POINTS - 2]  # which point a mirrored face has there


def clip_shapes(cache: ClipCache) -> list[NDArray[np.float32]]:
    """(T, 70, 2) in pixels of each of the cache's clips, NaN where no face was found; irises are kept beside it."""
    kept = cache.folder / IRISES
    if not kept.is_file():
        np.save(
            kept, find_irises(ClipCache(cache.folder))
        )  # of all clips, also of those that are not seen here
    irises = np.load(kept, allow_pickle=False)
    shapes = []
    for clip in cache.clips:
        frames = range(clip.first_frame, clip.first_frame + clip.frames)
        points = np.stack([cache.landmarks(number) for number in frames])
        shapes.append(np.concatenate((points, irises[frames.start : frames.stop].astype(np.float32)), axis=1))
    return shapes


def find_irises(cache: ClipCache) -> NDArray[np.float16]:
    """(N, 2, 2) for every frame number of the cache: a few milliseconds a frame."""
    last = cache.clips[-1]
    found = np.full((last.first_frame + last.frames, 2, 2), np.nan, np.float16)
    for clip in cache.clips:
        for number in range(clip.first_frame, clip.first_frame + clip.frames):
            landmarks = cache.landmarks(number)
            if np.isfinite(landmarks).all():
                found[number] = iris_centres(cache.frame(number), landmarks)
    return found


def mirrored(shapes: NDArray[np.float32], width: float = 256.0) -> NDArray[np.float32]:
    """The shapes (..., 70, 2) of the mirrored pictures."""
    turned = shapes[..., MIRRORED, :].copy()
    turned[..., 0] = width - 1 - turned[..., 0]
    return turned
