"""LPIPS and DISTS: networks whose weights others publish; used where they lie, and said to be missing where not.

Nothing is downloaded. The weights are looked for where torchvision keeps its own.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

PERCEPTUAL = ("lpips", "dists")
_FILES = {"lpips": "alexnet-owt-7be5be79.pth", "dists": "vgg16-397923af.pth"}
FID_REASON = (
    "it compares covariances of 2,048 features, which needs more different pictures than these clips have, and the "
    "weights of Inception, which do not come with any package"
)

PairMetric = Callable[[Sequence[NDArray[np.uint8]], Sequence[NDArray[np.uint8]]], float]
"""(shown, original), (H, W, 3) uint8 pictures, in pairs → mean; less is better."""


def missing(name: str) -> str | None:
    """Why the metric ``name`` is not available here, in words; None where it is. ValueError for another name."""
    if name not in PERCEPTUAL:
        raise ValueError(f"there is no perceptual metric {name!r}; there are {', '.join(PERCEPTUAL)}")
    if importlib.util.find_spec("torchvision") is None:
        return "the package torchvision is not installed"
    weights = Path(torch.hub.get_dir()) / "checkpoints" / _FILES[name]
    return None if weights.is_file() else f"the weights are not at {weights}"


def pair_metric(name: str) -> PairMetric | None:
    """LPIPS (AlexNet) or DISTS of pictures in pairs; None where it is not available."""
    if missing(name) is not None:
        return None
    import torchmetrics.functional.image as functional  # noqa: PLC0415 - slow to import, for those who have weights

    def lpips(shown: Tensor, original: Tensor) -> Tensor:
        found: Tensor = functional.learned_perceptual_image_patch_similarity(
            shown, original, net_type="alex", normalize=True
        )
        return found

    def dists(shown: Tensor, original: Tensor) -> Tensor:
        found: Tensor = functional.deep_image_structure_and_texture_similarity(
            shown, original, reduction="mean"
        )
        return found

    compare = lpips if name == "lpips" else dists

    def mean(shown: Sequence[NDArray[np.uint8]], original: Sequence[NDArray[np.uint8]]) -> float:
        with torch.inference_mode():
            values = [float(compare(_tensor(a), _tensor(b))) for a, b in zip(shown, original, strict=True)]
        return float(np.mean(values))

    return mean


def _tensor(picture: NDArray[np.uint8]) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(picture)).permute(2, 0, 1)[None] / 255
