"""Small 4:2:0 pictures as tensors, and their bicubic enlargement by four, which ×4 restorers add to."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from models.restoration.packing import pack, plane_tensor
from models.restoration.restorer import FacePlanes

FACTOR = 4
FOLDED = 6  # channels: four of luma in raster order, Cb, Cr


def fold(planes: FacePlanes) -> Tensor:
    """(1, 6, S/2, S/2) float32 in 0..1: 2×2 luma and the chroma that goes with them."""
    y, u, v = (plane_tensor(plane) for plane in (planes.y, planes.u, planes.v))
    return torch.cat((F.pixel_unshuffle(y, 2), u, v), 1)


def unfold(folded: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """(B, 6, h, w) → luma (B, 1, 2h, 2w), Cb and Cr (B, 1, h, w)."""
    luma, u, v = torch.split(folded, [4, 1, 1], 1)
    return F.pixel_shuffle(luma, 2), u, v


def level(folded: Tensor) -> Tensor:
    """(B, 6, h, w) → (B, 3, 2h, 2w): luma and chroma at luma's size."""
    y, u, v = unfold(folded)
    chroma = F.interpolate(torch.cat((u, v), 1), scale_factor=2.0, mode="bilinear", align_corners=False)
    return torch.cat((y, chroma), 1)


def enlarged(folded: Tensor) -> Tensor:
    """(B, 6, h, w) → packed (B, 24, 2h, 2w): every plane four times as large by bicubic interpolation, not clamped."""
    y, u, v = (
        F.interpolate(plane, scale_factor=float(FACTOR), mode="bicubic", align_corners=False)
        for plane in unfold(folded)
    )
    return pack(y, u, v)
