"""A drawn face that moves, as clips and as streams: tests of restoration need one and no person."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from callcodec.media.compression import encode_i420
from models.restoration.restorer import FacePicture
from models.training.cache import CacheWriter, ClipCache, DecodedClip
from models.training.restoration.mdvd_data import face_pictures, read
from tests.faces import frontal_shape


def drawn_face(time: int, mouth: float = 0.0) -> NDArray[np.uint8]:
    """(256, 256, 3) RGB: textured, and 2 pixels further to the right with every picture."""
    noise = np.random.default_rng(5).normal(0, 12, (256, 256, 3))
    picture = np.clip(cv2.GaussianBlur(noise, (0, 0), 1.5) * 3 + (90, 120, 150), 0, 255)
    points = (frontal_shape() + np.array([2 * time, 0])).astype(np.int32)
    cv2.fillConvexPoly(picture, cv2.convexHull(points[:27]), (205, 160, 130))
    for part in (points[36:42], points[42:48], points[48:60] + np.array([0, round(6 * mouth)])):
        cv2.fillPoly(picture, [part], (120, 40, 50))
    return np.asarray(picture.round(), np.uint8)


def i420(frames: Sequence[NDArray[np.uint8]]) -> list[NDArray[np.uint8]]:
    """RGB pictures as encoders take them."""
    return [np.asarray(cv2.cvtColor(frame, cv2.COLOR_RGB2YUV_I420), np.uint8) for frame in frames]


def stream(count: int = 8, kbps: float = 40.0) -> tuple[list[FacePicture], list[FacePicture]]:
    """(originals, H.264 at that rate with all that the stream says)."""
    original = i420([drawn_face(k) for k in range(count)])
    return face_pictures(np.stack(original)), read(encode_i420(original, kbps=kbps))


def drawn_cache(folder: Path, source_px: int = 512, clips: int = 2, frames: int = 14) -> ClipCache:
    """A cache of drawn clips with landmarks and a humming voice."""
    with CacheWriter(folder, "drawn") as writer:
        for number in range(clips):
            pictures = tuple(drawn_face(k % 6, k % 3 / 3) for k in range(frames))
            points = np.stack([frontal_shape()[:68] + np.array([2 * (k % 6), 0]) for k in range(frames)])
            mel = np.random.default_rng(number).uniform(-1, 1, (80, 4 * frames))
            writer.add(
                DecodedClip(f"drawn_{number}", f"person_{number}", "yes", "drawn", pictures,
                            points.astype(np.float16), mel.astype(np.float16), "happy:1", source_px)
            )  # fmt: skip
    return ClipCache(folder)
