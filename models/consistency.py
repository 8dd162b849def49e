"""Low-resolution consistency: what a network proposes must average to the 8×8 picture that was received."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional as F


def downsample(picture: Tensor, size: int) -> Tensor:
    """(..., 3, S, S) → (..., 3, size, size): the exact mean of blocks, as the sender makes it."""
    leading = picture.shape[:-3]
    blocks = F.avg_pool2d(picture.reshape(-1, *picture.shape[-3:]), picture.shape[-1] // size)
    return blocks.reshape(*leading, *blocks.shape[-3:])


def upsample(lowres: Tensor, size: int) -> Tensor:
    """(..., 3, s, s) → (..., 3, size, size), bicubic, not clamped.

    The same as F.interpolate(mode="bicubic", align_corners=False), as two small matrix products: far faster.
    """
    matrix = _bicubic_matrix(lowres.shape[-1], size).to(lowres.device)
    with torch.autocast(lowres.device.type, enabled=False):
        return matrix @ lowres.float() @ matrix.T


@lru_cache(maxsize=16)
def _bicubic_matrix(small: int, large: int) -> Tensor:
    """(large, small): what each row of the larger picture takes from each row of the smaller one."""
    with torch.inference_mode(False):
        rows = torch.eye(small)[None, None].expand(1, 1, small, small)
        wide = F.interpolate(rows, size=(large, small), mode="bicubic", align_corners=False)
        return wide[0, 0]


def correct(
    y: Tensor, lowres: Tensor, weight: float, iterations: int = 1, chroma_weight: float | None = None
) -> Tensor:
    """Move ``y`` towards what was received: y += w · upsample(lr − downsample(y)), clamped to 0..1.

    y: (B, 3, S, S) or (3, S, S), RGB; lowres: the same with s × s pixels, s dividing S; weight: 0 (ignore) to 1 (trust
    fully). The wire spends its bits on luma, so chroma may be trusted less (``chroma_weight``; as luma if None).
    """
    chroma_weight = weight if chroma_weight is None else chroma_weight
    for _ in range(iterations):
        missing = lowres - downsample(y, lowres.shape[-1])
        grey = luma(missing)
        missing = weight * grey + chroma_weight * (missing - grey)
        y = (y + upsample(missing, y.shape[-1])).clamp(0.0, 1.0)
    return y


def luma(rgb: Tensor) -> Tensor:
    """(..., 3, h, w) → (..., 1, h, w): BT.601 luma."""
    red, green, blue = rgb.unbind(-3)
    return (0.299 * red + 0.587 * green + 0.114 * blue).unsqueeze(-3)


def consistency_error(y: Tensor, lowres: Tensor) -> float:
    """RMS (0..1) of lowres − downsample(y): large when identity image and frames do not belong together."""
    return float(torch.sqrt(torch.mean((lowres - downsample(y, lowres.shape[-1])) ** 2)))
