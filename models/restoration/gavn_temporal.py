"""GAVN's inter-frame temporal module: pictures around one, aligned to it in small and fused by attention."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.restoration.deformable import TAPS, deformable_convolution
from models.restoration.parts import ResidualBlock, rectified
from models.warping import single_precision

LEVELS = 3
REACH = 8.0  # largest offset that a level adds, in pixels of that level
KINDS = 5  # FS, FA, AF, BA, BS


class Pyramid(NamedTuple):
    """Features of pictures at 1/4, 1/8 and 1/16 of their size, (N, C, h, w) each."""

    quarter: Tensor
    eighth: Tensor
    sixteenth: Tensor


class Step(NamedTuple):
    """One alignment: to picture ``own``, of picture ``other`` or, where ``chained``, of what was aligned to that."""

    kind: str
    own: int
    other: int
    chained: bool


@dataclass(frozen=True)
class TemporalDimensions:
    """Channels and depths of the temporal module."""

    deblur: int  # channels of the pre-deblur module
    deblur_blocks: int
    features: int  # channels of the pyramid
    groups: int  # of deformable offsets
    taps: tuple[
        int, int, int
    ]  # of the deformable convolutions at 1/4, 1/8, 1/16: 9, or 1 where that is too slow


class PreDeblur(nn.Module):
    """Strided convolutions and residual blocks, then a pyramid: nothing is aligned before it is somewhat clean."""

    def __init__(self, channels: int, dimensions: TemporalDimensions) -> None:
        super().__init__()
        d, f = dimensions.deblur, dimensions.features
        # On pictures packed at 2×2: together a stride of 4, and a reach of 12 pixels.
        self.reduce = nn.Conv2d(channels, d, 6, 2, 2)
        self.blocks = nn.Sequential(*(ResidualBlock(d) for _ in range(dimensions.deblur_blocks)))
        self.quarter = nn.Conv2d(d, f, 3, padding=1)
        self.eighth = nn.Conv2d(f, f, 3, 2, 1)
        self.sixteenth = nn.Conv2d(f, f, 3, 2, 1)

    def forward(self, pictures: Tensor) -> Pyramid:
        """(N, C, S/2, S/2) → F of each."""
        quarter = rectified(self.quarter(self.blocks(rectified(self.reduce(pictures)))))
        eighth = rectified(self.eighth(quarter))
        return Pyramid(quarter, eighth, rectified(self.sixteenth(eighth)))


class AlignLevel(nn.Module):
    """Deformable convolution at one level of the pyramid; its offsets begin with those of the level below."""

    def __init__(self, features: int, groups: int, taps: int, finer: bool) -> None:
        super().__init__()
        if taps not in (1, TAPS):
            raise ValueError(f"a deformable convolution has 1 or {TAPS} taps, not {taps}")
        self.groups, self.taps = groups, taps
        hidden = features if taps == TAPS else features // 2
        self.compare = nn.Conv2d(2 * features, hidden, 3, padding=1)
        self.offsets = nn.Conv2d(hidden, groups * taps * 3, 3, padding=1)
        kernel = 3 if taps == TAPS else 1
        self.weight = nn.Parameter(torch.empty(features, features, kernel, kernel))
        nn.init.kaiming_uniform_(self.weight, a=5**0.5)
        self.bias = nn.Parameter(torch.zeros(features))
        self.merge = nn.Conv2d(2 * features, features, 1) if finer else None

    def forward(
        self, own: Tensor, other: Tensor, flow: Tensor | None, below: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        """(aligned ``other``, mean offset (B, 2, h, w) float32); ``flow``, ``below``: the same of the level below."""
        batch, _, height, width = own.shape
        told = rectified(self.compare(torch.cat((own, other), 1)))
        found = self.offsets(told).float().reshape(batch, self.groups, self.taps, 3, height, width)
        offsets = REACH * torch.tanh(found[:, :, :, :2] / REACH)
        if flow is not None:
            up = 2 * F.interpolate(flow, scale_factor=2.0, mode="bilinear", align_corners=False)
            offsets = offsets + up[:, None, None]
        mask = torch.sigmoid(found[:, :, :, 2])
        with single_precision(own.device):  # places need more than eight bits
            aligned = self._convolve(other.float(), offsets, mask).to(other.dtype)
        if self.merge is not None and below is not None:
            below = F.interpolate(below, scale_factor=2.0, mode="bilinear", align_corners=False)
            aligned = self.merge(torch.cat((aligned, below), 1))
        return aligned, offsets.mean((1, 2))

    def _convolve(self, other: Tensor, offsets: Tensor, mask: Tensor) -> Tensor:
        if self.taps == TAPS:
            return deformable_convolution(other, offsets, mask, self.weight, self.bias)
        return F.conv2d(moved(other, offsets[:, :, 0], mask[:, :, 0]), self.weight, self.bias)


class Alignment(nn.Module):
    """Align(F_j, F_i): from coarse to fine, as EDVR's pyramid does it; one for all directions and distances."""

    def __init__(self, dimensions: TemporalDimensions) -> None:
        super().__init__()
        f, g = dimensions.features, dimensions.groups
        quarter, eighth, sixteenth = dimensions.taps
        self.sixteenth = AlignLevel(f, g, sixteenth, finer=False)
        self.eighth = AlignLevel(f, g, eighth, finer=True)
        self.quarter = AlignLevel(f, g, quarter, finer=True)

    def forward(self, own: Pyramid, other: Pyramid) -> Pyramid:
        """``other`` as it looks from ``own``."""
        sixteenth, flow = self.sixteenth(own.sixteenth, other.sixteenth, None, None)
        eighth, flow = self.eighth(own.eighth, other.eighth, flow, sixteenth)
        quarter, _ = self.quarter(own.quarter, other.quarter, flow, eighth)
        return Pyramid(quarter, eighth, sixteenth)


class TemporalModule(nn.Module):
    """Features of all pictures of a window → temporal features T_j of some of them (equations 4 to 10)."""

    def __init__(self, channels: int, out: int, dimensions: TemporalDimensions) -> None:
        """``channels``: of a packed picture; ``out``: of T."""
        super().__init__()
        f = dimensions.features
        self.deblur = PreDeblur(channels, dimensions)
        self.align = Alignment(dimensions)
        self.embed_aligned = nn.Conv2d(f, f, 1)
        self.embed_own = nn.Conv2d(f, f, 1)
        self.fuse = nn.Conv2d(KINDS * f, out, 1)

    def forward(
        self, features: Sequence[Pyramid], targets: Sequence[int], skip_frames: bool = True
    ) -> Tensor:
        """T (B · targets, C, S/4, S/4), target by target, from features of each picture of the window, batches of B.

        Without ``skip_frames`` what is aligned to a picture itself stands for what is aligned over two pictures.
        """
        aligned = self._aligned(features, targets, skip_frames)
        fused = []
        for j in targets:
            own = aligned["AF", j]
            others = [aligned.get((kind, j), own) for kind in ("FS", "FA", "AF", "BA", "BS")]
            fused.append(self._attend(own, others))
        return rectified(self.fuse(torch.cat(fused)))

    def _aligned(
        self, features: Sequence[Pyramid], targets: Sequence[int], skip_frames: bool
    ) -> dict[tuple[str, int], Tensor]:
        done: dict[tuple[str, int], Pyramid] = {}
        for steps in alignment_plan(len(features), tuple(targets), skip_frames):
            own = joined([features[s.own] for s in steps])
            other = joined([done[s.kind, s.other] if s.chained else features[s.other] for s in steps])
            pieces = zip(*(level.chunk(len(steps)) for level in self.align(own, other)), strict=True)
            done |= {(s.kind, s.own): Pyramid(*piece) for s, piece in zip(steps, pieces, strict=True)}
        return {node: pyramid.quarter for node, pyramid in done.items()}

    def _attend(self, own: Tensor, others: Sequence[Tensor]) -> Tensor:
        """Equation 9: what resembles the picture's own features counts. (Printed with AF before the sign ⊙, where only
        Y brings anything from other pictures; EDVR has Y.)"""
        query = self.embed_own(own)
        keys = self.embed_aligned(torch.cat(list(others))).chunk(len(others))
        return torch.cat(
            [
                y * torch.sigmoid((key * query).sum(1, keepdim=True))
                for y, key in zip(others, keys, strict=True)
            ],
            1,
        )


def alignment_plan(window: int, targets: tuple[int, ...], skip_frames: bool = True) -> list[list[Step]]:
    """Which alignments the temporal features of ``targets`` need, in rounds that can be computed at once.

    Targets are numbered from 0, the window's first picture; each needs two on either side (equations 4 to 8).
    ValueError for others.
    """
    if not targets or min(targets) < 2 or max(targets) > window - 3:
        raise ValueError(
            f"a window of {window} pictures cannot restore {targets}: each needs two on either side"
        )
    rounds: dict[tuple[str, int], tuple[int, Step]] = {}

    def need(kind: str, own: int) -> int:
        """Its round, after those that it follows from."""
        if (kind, own) not in rounds:
            distance = {"FA": -1, "BA": 1, "FS": -2, "BS": 2, "AF": 0}[kind]
            other = own + distance
            # A chain begins where there is nothing to have been aligned to its first picture.
            chained = distance != 0 and 0 <= other + distance < window
            rounds[kind, own] = (need(kind, other) + 1 if chained else 0, Step(kind, own, other, chained))
        return rounds[kind, own][0]

    kinds = ("FS", "FA", "AF", "BA", "BS") if skip_frames else ("FA", "AF", "BA")
    last = max(need(kind, j) for j in targets for kind in kinds)
    return [[step for turn, step in rounds.values() if turn == number] for number in range(last + 1)]


def joined(pyramids: Sequence[Pyramid]) -> Pyramid:
    """One batch of all."""
    return Pyramid(*(torch.cat(level) for level in zip(*pyramids, strict=True)))


def moved(features: Tensor, offsets: Tensor, mask: Tensor) -> Tensor:
    """Features (B, C, H, W) from where offsets (B, G, 2, H, W; x, y in pixels) say, times mask (B, G, H, W)."""
    batch, channels, height, width = features.shape
    groups = offsets.shape[1]
    y, x = torch.meshgrid(
        torch.arange(height, device=features.device),
        torch.arange(width, device=features.device),
        indexing="ij",
    )
    size = torch.tensor([width, height], device=features.device, dtype=offsets.dtype)
    grid = (2 * (torch.stack((x, y)) + offsets).permute(0, 1, 3, 4, 2) + 1) / size - 1
    taken = F.grid_sample(
        features.reshape(batch * groups, channels // groups, height, width),
        grid.reshape(batch * groups, height, width, 2),
        mode="bilinear", padding_mode="border", align_corners=False,
    )  # fmt: skip
    return (taken * mask.reshape(batch * groups, 1, height, width)).reshape(batch, channels, height, width)
