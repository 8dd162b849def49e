"""Deformable convolution (Zhu et al., "Deformable ConvNets v2", CVPR 2019), in plain torch."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.warping import single_precision

TAPS = 9  # of a 3×3 kernel, in raster order
TOGETHER = (
    4  # pictures: what is sampled for more leaves the processor's cache, and takes more than twice as long
)


def deformable_convolution(
    features: Tensor, offsets: Tensor, mask: Tensor, weight: Tensor, bias: Tensor | None = None
) -> Tensor:
    """3×3 convolution with a tap moved by its own offset at every place; outside the features there is zero.

    features: (B, C, H, W); offsets: (B, G, 9, 2, H, W), x and y in pixels, for each of G groups of C / G channels;
    mask: (B, G, 9, H, W), a factor for each tap; weight: (O, C, 3, 3). Returns (B, O, H, W).
    """
    if features.device.type == "cpu" and len(features) > TOGETHER:
        parts = (torch.split(t, TOGETHER) for t in (features, offsets, mask))
        return torch.cat(
            [deformable_convolution(f, o, m, weight, bias) for f, o, m in zip(*parts, strict=True)]
        )
    batch, channels, height, width = features.shape
    groups = offsets.shape[1]
    places = torch.meshgrid(
        torch.arange(height, device=features.device),
        torch.arange(width, device=features.device),
        indexing="ij",
    )
    own = torch.stack((places[1], places[0])).to(offsets.dtype)  # (2, H, W)
    steps = torch.arange(-1, 2, device=features.device, dtype=offsets.dtype)
    taps = torch.stack((steps.repeat(3), steps.repeat_interleave(3)), 1)  # (9, 2)
    sampled_at = own + taps[:, :, None, None] + offsets
    size = torch.tensor([width, height], device=features.device, dtype=offsets.dtype)
    grid = (2 * sampled_at + 1) / size[:, None, None] - 1
    grid = grid.permute(0, 1, 2, 4, 5, 3).reshape(batch * groups, TAPS * height, width, 2)
    grouped = features.reshape(batch * groups, channels // groups, height, width)
    taken = F.grid_sample(
        grouped, grid.to(features.dtype), mode="bilinear", padding_mode="zeros", align_corners=False
    )
    taken = taken.reshape(batch, groups, channels // groups, TAPS, height, width) * mask[:, :, None]
    taken = taken.reshape(batch, channels * TAPS, height, width)
    return F.conv2d(taken, weight.reshape(len(weight), channels * TAPS, 1, 1), bias)


class DeformableAlignment(nn.Module):
    """Features of another picture, taken from where the motion says and a network corrects (Zhang & Wu, eqs. 3, 4).

    Offsets follow from both pictures' features **and** the motion; they are corrections of that motion, so that
    the network begins with what the stream knows. Without motion (zeros) it is the alignment of EDVR.
    """

    def __init__(self, channels: int, hidden: int, groups: int, reach: float = 8.0) -> None:
        """``reach``: the largest correction in pixels of the features."""
        super().__init__()
        self.groups, self.reach = groups, reach
        self.first = nn.Conv2d(2 * channels + 2, hidden, 3, padding=1)
        self.second = nn.Conv2d(hidden, groups * TAPS * 3, 3, padding=1)
        nn.init.zeros_(self.second.weight)
        nn.init.zeros_(self.second.bias)  # type: ignore[arg-type]
        self.weight = nn.Parameter(torch.empty(channels, channels, 3, 3))
        nn.init.kaiming_uniform_(self.weight, a=5**0.5)
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, other: Tensor, own: Tensor, motion: Tensor) -> Tensor:
        """other, own: (B, C, H, W); motion: (B, 2, H, W), x and y in pixels of these features."""
        batch, _, height, width = own.shape
        told = F.leaky_relu(self.first(torch.cat((own, other, motion), 1)), 0.1)
        found = self.second(told).float().reshape(batch, self.groups, TAPS, 3, height, width)
        correction = self.reach * torch.tanh(found[:, :, :, :2] / self.reach)
        offsets = motion.float()[:, None, None] + correction
        with single_precision(own.device):
            return deformable_convolution(
                other.float(), offsets, torch.sigmoid(found[:, :, :, 2]), self.weight, self.bias
            )
