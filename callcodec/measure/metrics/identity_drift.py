"""Does the face remain whose it is? Features of the shown face against the original's, over the clip.

No network that recognises people ships with callcodec, so features are those that ``compact`` itself sees in an
identity image, at its deepest level: they tell colours, hair and outlines of people apart, not siblings.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from callcodec.measure.metrics.regions import box_around
from models.training.perceptual import OwnFeatures

SIDE = 128
Embed = Callable[[NDArray[np.uint8]], NDArray[np.float32]]


class IdentityDrift(NamedTuple):
    """``distance``: mean, 0 (equal) to 2; ``drift``: of the last third of the clip less that of the first."""

    distance: float
    drift: float | None


def own_embedding() -> Embed:
    """The mean over the face of the deepest features, of unit length. Raises WeightsError without ``compact``."""
    network = OwnFeatures().requires_grad_(False).eval()

    def embed(face: NDArray[np.uint8]) -> NDArray[np.float32]:
        picture = torch.from_numpy(np.ascontiguousarray(face)).permute(2, 0, 1)[None] / 255
        with torch.inference_mode():
            mean = network(picture)[-1].mean((2, 3))[0]
        return np.asarray(torch.nn.functional.normalize(mean, dim=0).numpy(), np.float32)

    return embed


def identity_drift(
    shown: Sequence[NDArray[np.uint8]],
    original: Sequence[NDArray[np.uint8]],
    landmarks: NDArray[np.float32],
    embed: Embed,
) -> IdentityDrift | None:
    """1 − cosine of faces, cut out where the original's (n, 68, 2) landmarks are; None where no face is known."""
    distances = []
    for mine, true, points in zip(shown, original, landmarks, strict=True):
        box = box_around(points, true.shape[0])
        if box is None:
            continue
        faces = [
            np.asarray(cv2.resize(p[box.y0 : box.y1, box.x0 : box.x1], (SIDE, SIDE)), np.uint8)
            for p in (mine, true)
        ]
        distances.append(1 - float(embed(faces[0]) @ embed(faces[1])))
    if not distances:
        return None
    third = len(distances) // 3
    drift = float(np.mean(distances[-third:]) - np.mean(distances[:third])) if third else None
    return IdentityDrift(float(np.mean(distances)), drift)
