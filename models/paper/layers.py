"""Blocks that the parts of `paper` share.

Where FOMM and the encoders' models normalise over the batch, groups of channels are normalised here (Wu & He 2018):
as many parameters, but a picture does not depend on those beside it, of which five are nearly the same, and one
process gives what two give.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.paper.dimensions import PaperDimensions

GROUPS = 32


def normalisation(channels: int) -> nn.GroupNorm:
    """Of at most 32 groups."""
    return nn.GroupNorm(math.gcd(GROUPS, channels), channels)


def keep_size(layers: nn.Module, slope: float = 0.0) -> None:
    """Draw 2D convolutions anew, so that what passes them and a (P)ReLU stays as large as it was (He et al. 2015).

    ``slope``: of the PReLU below zero. Torch's own choice leaves nothing of a signal after a dozen of them.
    """
    for layer in layers.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            taps = layer.kernel_size[0] * layer.kernel_size[1]
            if isinstance(layer, nn.ConvTranspose2d):  # of its taps, one in stride² meets a pixel
                taps //= layer.stride[0] * layer.stride[1]
            nn.init.normal_(layer.weight, std=(2 / ((1 + slope**2) * layer.in_channels * taps)) ** 0.5)


class Residual1d(nn.Module):
    """(N, C, L) → (N, C', L / stride): x + conv(relu(norm(conv(relu(norm(x))))))."""

    def __init__(self, channels: int, out: int, stride: int = 1) -> None:
        super().__init__()
        self.norm_1, self.norm_2 = normalisation(channels), normalisation(out)
        self.first = nn.Conv1d(channels, out, 3, stride=stride, padding=1)
        self.second = nn.Conv1d(out, out, 3, padding=1)
        # As far apart as the strided convolution's taps, so that both see the same steps.
        self.skip = nn.Conv1d(channels, out, 1, stride=stride) if (channels, stride) != (out, 1) else None

    def forward(self, x: Tensor) -> Tensor:
        change: Tensor = self.second(F.relu(self.norm_2(self.first(F.relu(self.norm_1(x))))))
        return change + (x if self.skip is None else self.skip(x))


class Residual3d(nn.Module):
    """(N, C, T, S, S) → (N, C', T, S, S), as ``Residual1d``."""

    def __init__(self, channels: int, out: int) -> None:
        super().__init__()
        self.norm_1, self.norm_2 = normalisation(channels), normalisation(out)
        self.first = nn.Conv3d(channels, out, 3, padding=1)
        self.second = nn.Conv3d(out, out, 3, padding=1)
        self.skip = nn.Conv3d(channels, out, 1) if channels != out else None

    def forward(self, x: Tensor) -> Tensor:
        change: Tensor = self.second(F.relu(self.norm_2(self.first(F.relu(self.norm_1(x))))))
        return change + (x if self.skip is None else self.skip(x))


class Residual2d(nn.Module):
    """(N, C, S, S) → the same: the block of FOMM's bottleneck."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm_1, self.norm_2 = normalisation(channels), normalisation(channels)
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        change: Tensor = self.second(F.relu(self.norm_2(self.first(F.relu(self.norm_1(x))))))
        return x + change


class Block2d(nn.Module):
    """relu(norm(conv(x))), before it doubled (``factor`` 2) or after it halved (``factor`` 0.5)."""

    def __init__(self, channels: int, out: int, kernel: int = 3, factor: float = 1.0) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, out, kernel, padding=kernel // 2)
        self.norm = normalisation(out)
        self.factor = factor

    def forward(self, x: Tensor) -> Tensor:
        if self.factor > 1:
            x = F.interpolate(x, scale_factor=self.factor)
        x = F.relu(self.norm(self.conv(x)))
        return F.avg_pool2d(x, 2) if self.factor < 1 else x


class Hourglass(nn.Module):
    """(N, C, S, S) → (N, ``out``, S, S): five halvings and back, each size handed across (FOMM, section 3.1)."""

    DEPTH = 5

    def __init__(self, d: PaperDimensions, channels: int, expansion: int, largest: int = 1024) -> None:
        super().__init__()
        at = [channels] + [d.channels(min(largest, expansion * 2**i)) for i in range(1, self.DEPTH + 1)]
        self.down = nn.ModuleList(Block2d(at[i], at[i + 1], factor=0.5) for i in range(self.DEPTH))
        self.up = nn.ModuleList()
        self.out = channels
        below = at[self.DEPTH]
        for i in reversed(range(self.DEPTH)):
            raised = d.channels(min(largest, expansion * 2**i))
            self.up.append(Block2d(below, raised, factor=2.0))
            below = raised + at[i]
        self.out = below

    def forward(self, x: Tensor) -> Tensor:
        handed = []
        for down in self.down:
            handed.append(x)
            x = down(x)
        for up in self.up:
            x = torch.cat((up(x), handed.pop()), 1)
        return x
