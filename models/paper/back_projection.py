"""Iterative up and down projection (Haris et al., Deep Back-Projection Networks, CVPR 2018, section 3).

A map is enlarged, made small again and compared with where it came from; what was lost is enlarged too and added. Every
unit sees the maps of all units before it (D-DBPN). Kernels and counts are those that DBPN publishes for ×2, ×4 and ×8.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from models.paper.layers import keep_size

UP_PROJECTIONS = 7
KERNELS = {2: 6, 4: 8, 8: 12}  # by scale; the padding is always 2
PADDING = 2


SLOPE = 0.25  # of PReLU below zero, to begin with


def enlarge(channels: int, scale: int) -> nn.Sequential:
    """(N, C, s, s) → (N, C, scale · s, scale · s)."""
    return nn.Sequential(
        nn.ConvTranspose2d(channels, channels, KERNELS[scale], scale, PADDING), nn.PReLU(init=SLOPE)
    )


def shrink(channels: int, scale: int) -> nn.Sequential:
    """(N, C, scale · s, scale · s) → (N, C, s, s)."""
    return nn.Sequential(nn.Conv2d(channels, channels, KERNELS[scale], scale, PADDING), nn.PReLU(init=SLOPE))


def merge(maps: int, channels: int) -> nn.Module:
    """(N, maps · C, ...) → (N, C, ...), as a dense unit begins; nothing for a single map."""
    if maps == 1:
        return nn.Identity()
    return nn.Sequential(nn.Conv2d(maps * channels, channels, 1), nn.PReLU(init=SLOPE))


class UpProjection(nn.Module):
    """The maps of the units before, small (N, maps · C, s, s) → (N, C, scale · s, scale · s)."""

    def __init__(self, maps: int, channels: int, scale: int) -> None:
        super().__init__()
        self.merge = merge(maps, channels)
        self.up, self.back, self.correct = (
            enlarge(channels, scale), shrink(channels, scale), enlarge(channels, scale),
        )  # fmt: skip
        keep_size(self.merge, SLOPE)
        keep_size(self.up, SLOPE)

    def forward(self, small: Tensor) -> Tensor:
        small = self.merge(small)  # L^(t−1)
        large = self.up(small)  # H0
        corrected: Tensor = large + self.correct(self.back(large) - small)  # H0 + H1
        return corrected


class DownProjection(nn.Module):
    """The maps of the units before, large (N, maps · C, scale · s, scale · s) → (N, C, s, s)."""

    def __init__(self, maps: int, channels: int, scale: int) -> None:
        super().__init__()
        self.merge = merge(maps, channels)
        self.down, self.back, self.correct = (
            shrink(channels, scale), enlarge(channels, scale), shrink(channels, scale),
        )  # fmt: skip
        keep_size(self.merge, SLOPE)
        keep_size(self.down, SLOPE)

    def forward(self, large: Tensor) -> Tensor:
        large = self.merge(large)  # H^t
        small = self.down(large)  # L0
        corrected: Tensor = small + self.correct(self.back(small) - large)  # L0 + L1
        return corrected


class BackProjection(nn.Module):
    """(N, C, s, s) → (N, 7 · C, scale · s, scale · s): seven up projections, six down projections between them."""

    def __init__(self, channels: int, scale: int) -> None:
        super().__init__()
        # The first unit of each kind, and the second up projection, see one map only, as in the published network.
        self.ups = nn.ModuleList(UpProjection(max(1, t), channels, scale) for t in range(UP_PROJECTIONS))
        self.downs = nn.ModuleList(DownProjection(t + 1, channels, scale) for t in range(UP_PROJECTIONS - 1))

    def forward(self, x: Tensor) -> Tensor:
        large: Tensor = self.ups[0](x)
        small: Tensor | None = None
        for down, up in zip(self.downs, list(self.ups)[1:], strict=True):
            newest = down(large)
            small = newest if small is None else torch.cat((newest, small), 1)
            large = torch.cat((up(small), large), 1)
        return large
