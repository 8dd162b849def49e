"""Key points, local affine motion and warping (Siarohin et al., First Order Motion Model, section 3.1).

Coordinates are x, y in −1..1 with −1 and 1 the outer edges of the picture (grid_sample, align_corners=False).
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F


class KeyPoints(NamedTuple):
    """K points with their local affine frames."""

    position: Tensor  # (B, K, 2)
    jacobian: Tensor  # (B, K, 2, 2)


def identity_grid(size: int, like: Tensor) -> Tensor:
    """(size, size, 2): every pixel's own coordinates, where and as precise as ``like`` is."""
    return _grid(size, like.device, like.dtype)


@lru_cache(maxsize=32)
def _grid(size: int, device: torch.device, dtype: torch.dtype) -> Tensor:
    with torch.inference_mode(False):
        axis = (torch.arange(size, device=device, dtype=dtype) * 2 + 1) / size - 1
        y, x = torch.meshgrid(axis, axis, indexing="ij")
        return torch.stack((x, y), dim=-1)


def single_precision(device: torch.device) -> AbstractContextManager[object]:
    """Leaves autocast, which the meta device does not know."""
    return nullcontext() if device.type == "meta" else torch.autocast(device.type, enabled=False)


def soft_key_points(heat: Tensor, jacobian: Tensor) -> KeyPoints:
    """Expected position and affine frame under each heat map.

    heat: (B, K, S, S) logits; jacobian: (B, 4K, S, S), unbounded. Entries stay within 0.4 of the unit matrix,
    so the frame can always be inverted (determinant ≥ 0.2).
    """
    batch, points, size, _ = heat.shape
    probability = heat.float().flatten(2).softmax(dim=-1)  # (B, K, S·S)
    with single_precision(heat.device):  # half precision cannot name a pixel
        position = probability @ identity_grid(size, probability).reshape(-1, 2)
    entries = (jacobian.float().reshape(batch, points, 4, -1) * probability[:, :, None]).sum(-1)
    unit = torch.eye(2, device=heat.device)
    return KeyPoints(position, unit + 0.4 * torch.tanh(entries).reshape(batch, points, 2, 2))


def invert(matrix: Tensor) -> Tensor:
    """Inverse of (..., 2, 2), in closed form."""
    a, b, c, d = matrix[..., 0, 0], matrix[..., 0, 1], matrix[..., 1, 0], matrix[..., 1, 1]
    determinant = a * d - b * c
    adjugate = torch.stack((torch.stack((d, -b), -1), torch.stack((-c, a), -1)), -2)
    return adjugate / determinant[..., None, None]


def local_motions(source: KeyPoints, driving: KeyPoints, size: int) -> Tensor:
    """(B, K + 1, size, size, 2): where each pixel comes from as each point moves; the first stands still.

    T_k(z) = p_source + J_source J_driving⁻¹ (z − p_driving), equation 4.
    """
    grid = identity_grid(size, source.position)
    offset = grid.reshape(1, 1, -1, 2) - driving.position[:, :, None]
    with single_precision(offset.device):
        affine = source.jacobian @ invert(driving.jacobian)
        moved = offset @ affine.transpose(-1, -2) + source.position[:, :, None]
    still = grid.reshape(1, 1, -1, 2).expand(moved.shape[0], 1, -1, 2)
    return torch.cat((still, moved), dim=1).reshape(moved.shape[0], -1, size, size, 2)


def heat_difference(source: KeyPoints, driving: KeyPoints, size: int, variance: float = 0.01) -> Tensor:
    """(B, K, size, size): a Gaussian at each driving point less one at its source point, equation 6."""
    grid = identity_grid(size, source.position)

    def bump(position: Tensor) -> Tensor:
        squared = ((grid - position[:, :, None, None]) ** 2).sum(-1)
        return torch.exp(squared * (-0.5 / variance))

    return bump(driving.position) - bump(source.position)


def resize_flow(flow: Tensor, size: int) -> Tensor:
    """(B, s, s, 2) absolute coordinates → (B, size, size, 2)."""
    grid = identity_grid(flow.shape[1], flow)
    displacement = (flow - grid).permute(0, 3, 1, 2)
    larger = F.interpolate(displacement, size=(size, size), mode="bilinear", align_corners=False)
    return larger.permute(0, 2, 3, 1) + identity_grid(size, flow)


def warp(features: Tensor, flow: Tensor) -> Tensor:
    """Fetch (B, C, S, S) features from where ``flow`` (B, S', S', 2) says; beyond the edge it is repeated."""
    moved = F.grid_sample(features, flow, mode="bilinear", padding_mode="border", align_corners=False)
    return moved.contiguous(memory_format=torch.channels_last)  # as the convolutions want it
