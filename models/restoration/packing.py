"""Pictures as tensors on the grid of 4×4 blocks: where a codec quantises, and where convolutions are cheap."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from models.restoration.restorer import FacePlanes

BLOCK = 4
LUMA = BLOCK * BLOCK
CHROMA = (BLOCK // 2) ** 2
PACKED = LUMA + 2 * CHROMA  # channels: 16 of luma, 4 of Cb, 4 of Cr, each in raster order inside the block


def plane_tensor(plane: NDArray[np.uint8]) -> Tensor:
    """(H, W) uint8 → (1, 1, H, W) float32 in 0..1."""
    return torch.from_numpy(plane.astype(np.float32))[None, None] / 255.0


def pack(y: Tensor, u: Tensor, v: Tensor) -> Tensor:
    """Luma (B, 1, 4h, 4w), chroma (B, 1, 2h, 2w) → (B, 24, h, w)."""
    return torch.cat(
        (
            F.pixel_unshuffle(y, BLOCK),
            F.pixel_unshuffle(u, BLOCK // 2),
            F.pixel_unshuffle(v, BLOCK // 2),
        ),
        1,
    )


def unpack(packed: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """(B, 24, h, w) → luma (B, 1, 4h, 4w), Cb and Cr (B, 1, 2h, 2w)."""
    y, u, v = torch.split(packed, [LUMA, CHROMA, CHROMA], 1)
    return F.pixel_shuffle(y, BLOCK), F.pixel_shuffle(u, BLOCK // 2), F.pixel_shuffle(v, BLOCK // 2)


def pack_planes(planes: FacePlanes) -> Tensor:
    """(1, 24, S/4, S/4) float32 in 0..1."""
    return pack(*(plane_tensor(plane) for plane in (planes.y, planes.u, planes.v)))


def unpack_planes(packed: Tensor) -> FacePlanes:
    """The picture of (1, 24, h, w) in 0..1, rounded and clamped."""
    planes = (
        p[0, 0].mul(255.0).round().clamp(0, 255).to(torch.uint8).numpy() for p in unpack(packed.float())
    )
    return FacePlanes(*planes)


def planes_to_rgb(y: Tensor, u: Tensor, v: Tensor) -> Tensor:
    """Limited-range BT.601 in 0..1, chroma enlarged bilinearly → RGB (B, 3, H, W), not clamped."""
    cb, cr = (
        F.interpolate(c, scale_factor=2, mode="bilinear", align_corners=False) - 128 / 255 for c in (u, v)
    )
    luma = (y - 16 / 255) * (255 / 219)
    red, blue = luma + 1.402 * (255 / 224) * cr, luma + 1.772 * (255 / 224) * cb
    green = luma - (255 / 224) * (0.344136 * cb + 0.714136 * cr)
    return torch.cat((red, green, blue), 1)
