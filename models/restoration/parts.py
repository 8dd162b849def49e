"""What the restorers are built of."""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.restoration.restorer import VOICE_SHAPE

SLOPE = 0.1  # of leaky rectifiers
LANDMARKS = 68
# The outlines whose points are drawn on one map each (iBUG-68 order)
OUTLINES = ((0, 17), (17, 22), (22, 27), (27, 36), (36, 42), (42, 48), (48, 60), (60, 68))


def rectified(x: Tensor) -> Tensor:
    """Leaky rectifier."""
    return F.leaky_relu(x, SLOPE)


class ResidualBlock(nn.Module):
    """x + conv(rectified(conv(x))), without normalisation."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W), kept."""
        kept: Tensor = x + self.second(rectified(self.first(x)))
        return kept


class UpsamplingBlock(nn.Module):
    """Twice the size by nearest neighbours, then a residual block that changes the number of channels."""

    def __init__(self, channels: int, out: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, out, 3, padding=1)
        self.second = nn.Conv2d(out, out, 3, padding=1)
        self.shortcut = nn.Conv2d(channels, out, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) → (B, out, 2H, 2W)."""
        up = F.interpolate(x, scale_factor=2.0, mode="nearest")
        grown: Tensor = rectified(self.shortcut(up) + self.second(rectified(self.first(up))))
        return grown


class Hearing(nn.Module):
    """The voice's steps through a three-layer bidirectional LSTM (Zhang & Wu, 3.2)."""

    def __init__(self, hidden: int, layers: int = 3) -> None:
        super().__init__()
        self.features = 2 * hidden
        self.lstm = nn.LSTM(VOICE_SHAPE[1], hidden, layers, batch_first=True, bidirectional=True)

    def forward(self, voice: Tensor) -> Tensor:
        """MFCC (B, 21, 13) → (B, 21, 2·hidden)."""
        heard: Tensor = self.lstm(voice)[0]
        return heard


class VoiceMaps(nn.Module):
    """A-subnet: what was heard, as maps of the picture: a linear layer and upsampling residual blocks."""

    def __init__(self, features: int, start: tuple[int, int], channels: tuple[int, ...]) -> None:
        """``start``: rows and columns of the first maps; ``channels``: of them and after each doubling."""
        super().__init__()
        self.shape = (channels[0], *start)
        self.linear = nn.Linear(VOICE_SHAPE[0] * features, channels[0] * start[0] * start[1])
        self.blocks = nn.Sequential(*(UpsamplingBlock(a, b) for a, b in pairwise(channels)))

    def forward(self, heard: Tensor) -> Tensor:
        """(B, 21, features) → (B, channels[-1], rows, columns)."""
        maps: Tensor = self.blocks(rectified(self.linear(heard.flatten(1))).reshape(-1, *self.shape))
        return maps


def landmark_maps(
    points: Tensor, height: int, width: int, origin: Tensor, scale: float, sigma: float
) -> Tensor:
    """The landmarks (B, 68, 2) as Gaussian dots: (B, 8, height, width), one map for each outline, 0 to about 1.

    points: x, y in pixels; NaN is drawn nowhere. A map's cell (0, 0) is cell ``origin`` (B, 2: x, y) of the whole
    picture's maps; a cell has ``scale`` pixels, ``sigma`` is in cells.
    """
    known = torch.isfinite(points).all(-1, keepdim=True)
    places = torch.where(known, (torch.nan_to_num(points) + 0.5) / scale - 0.5, torch.full_like(points, -1e4))
    places = places - origin[:, None]
    along = torch.arange(max(height, width), device=points.device, dtype=points.dtype)
    dots = torch.exp(-((along - places[..., None]) ** 2) / (2 * sigma**2))  # (B, 68, 2, cells)
    across, down = dots[:, :, 0, :width], dots[:, :, 1, :height]
    return torch.stack([down[:, a:b].transpose(1, 2) @ across[:, a:b] for a, b in OUTLINES], 1).clamp(max=1.5)


class SpatialAttention(nn.Module):
    """How much another branch's features matter at each place (equation 5): σ(7×7 convolution of both)."""

    def __init__(self, own: int, other: int) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(own + other, 1, 7, padding=3)

    def forward(self, own: Tensor, other: Tensor) -> Tensor:
        """``other``, weighted."""
        return other * torch.sigmoid(self.convolution(torch.cat((own, other), 1)))


class UNet(nn.Module):
    """Encoder and decoder with skips; halves and doubles by strided convolution and pixel shuffle."""

    def __init__(self, channels: tuple[int, ...], blocks: tuple[int, ...]) -> None:
        super().__init__()
        pairs = tuple(pairwise(channels))
        self.down = nn.ModuleList(nn.Conv2d(a, b, 3, stride=2, padding=1) for a, b in pairs)
        self.inner = nn.ModuleList(
            nn.Sequential(*(ResidualBlock(c) for _ in range(n)))
            for c, n in zip(channels[1:], blocks[1:], strict=True)
        )
        self.up = nn.ModuleList(nn.Conv2d(b, 4 * a, 1) for a, b in pairs)
        self.merge = nn.ModuleList(nn.Conv2d(2 * a, a, 1) for a, _ in pairs)
        self.outer = nn.ModuleList(
            nn.Sequential(*(ResidualBlock(c) for _ in range(n)))
            for c, n in zip(channels[:-1], blocks[:-1], strict=True)
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, channels[0], h, w), kept; h and w divide by two as often as there are levels below the first."""
        skips = []
        for down, inner in zip(self.down, self.inner, strict=True):
            skips.append(x)
            x = inner(rectified(down(x)))
        for level in reversed(range(len(skips))):
            grown = F.pixel_shuffle(self.up[level](x), 2)
            x = self.outer[level](rectified(self.merge[level](torch.cat((skips[level], grown), 1))))
        return x
