"""What a reconstruction is trained on."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from models.consistency import downsample, upsample
from models.expression import expression_of

EXPRESSION_SPREAD = (0.15, 0.1, 0.06)  # of the three ratios over speech


def gradient_loss(y: Tensor, target: Tensor, scales: int = 3) -> Tensor:
    """L1 between horizontal and vertical differences at full, half and quarter size."""
    total = y.new_zeros(())
    for scale in range(scales):
        if scale:
            y, target = F.avg_pool2d(y, 2), F.avg_pool2d(target, 2)
        across = (y[..., 1:] - y[..., :-1]) - (target[..., 1:] - target[..., :-1])
        down = (y[..., 1:, :] - y[..., :-1, :]) - (target[..., 1:, :] - target[..., :-1, :])
        total = total + across.abs().mean() + down.abs().mean()
    return total


def pyramid_loss(y: Tensor, target: Tensor, scales: int = 3) -> Tensor:
    """L1 at full, half and quarter size, averaged."""
    total = (y - target).abs().mean()
    for _ in range(scales - 1):
        y, target = F.avg_pool2d(y, 2), F.avg_pool2d(target, 2)
        total = total + (y - target).abs().mean()
    return total / scales


def texture_loss(y: Tensor, target: Tensor, patch: int = 16) -> Tensor:
    """L1 between how much contrast there is in overlapping patches: blur is seen even where nothing is in its place."""

    def contrast(picture: Tensor) -> Tensor:
        across = (picture[..., :-1, 1:] - picture[..., :-1, :-1]).abs()
        down = (picture[..., 1:, :-1] - picture[..., :-1, :-1]).abs()
        return F.avg_pool2d((across + down).mean(1, keepdim=True), patch, patch // 2)

    return (contrast(y) - contrast(target)).abs().mean()


def detail(picture: Tensor) -> Tensor:
    """What a 16×16 version of (B, C, S, S) lacks: where painting it costs, detail comes from the identity image."""
    return picture - upsample(downsample(picture, 16), picture.shape[-1])


def region_masks(regions: Tensor, size: int) -> Tensor:
    """Boxes (B, R, 4) x0, y0, x1, y1 in pixels → (B, 1, size, size), 1 inside any of them."""
    axis = torch.arange(size, device=regions.device, dtype=regions.dtype) + 0.5
    x0, y0, x1, y1 = (edge[..., None] for edge in regions.unbind(-1))
    inside_x = (axis >= x0) & (axis < x1)  # (B, R, size)
    inside_y = (axis >= y0) & (axis < y1)
    return (inside_y[..., :, None] & inside_x[..., None, :]).any(1, keepdim=True).to(regions.dtype)


def region_loss(y: Tensor, target: Tensor, regions: Tensor) -> tuple[Tensor, Tensor]:
    """(L2, L1) inside lips and eyes (B, R, 4); zero where a batch has none (Hegde et al., section 3.4)."""
    mask = region_masks(regions, y.shape[-1])
    pixels = mask.sum() * y.shape[1] + 1.0
    error = (y - target) * mask
    return (error**2).sum() / pixels, error.abs().sum() / pixels


def expression_loss(told: Tensor, true_shape: Tensor) -> Tensor:
    """Huber loss of mouth opening, mouth width and lid opening (B, 3); true_shape: (B, 70, 2), NaN where unknown."""
    known = torch.isfinite(true_shape).flatten(1).all(1)
    if not known.any():
        return told.sum() * 0.0
    error = (told.float()[known] - expression_of(true_shape[known])) / told.new_tensor(EXPRESSION_SPREAD)
    return F.huber_loss(error, torch.zeros_like(error))
