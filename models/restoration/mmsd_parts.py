"""The branches of MMSD and how they come together (Guo, Zhang & Wu, sections 3.2 to 3.4)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.restoration.deformable import DeformableAlignment
from models.restoration.parts import ResidualBlock, rectified

EMOTIONS = 15  # states, see callcodec.wire.emotion
UNKNOWN_EMOTION = -1
# The action units whose intensity OpenFace estimates, in the order of its columns AU01_r … AU45_r
ACTION_UNITS = (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23, 25, 26, 45)


def one_hot(emotion: Tensor) -> Tensor:
    """States (B,), 0 to 14 or −1 → (B, 15); an unknown one is all zeros."""
    states = torch.arange(EMOTIONS, device=emotion.device)
    return (emotion[:, None] == states).float()


class VideoFeatures(nn.Module):
    """f_V: the neighbours' features, aligned by deformable convolution, joined with the picture's own; four blocks."""

    def __init__(
        self,
        seen: int,
        aligned: int,
        stride: int,
        groups: int,
        offsets: int,
        maps: int,
        blocks: int,
        pictures: int,
    ) -> None:
        """``seen``: channels of the picture's own features; ``aligned``: of those that are aligned."""
        super().__init__()
        self.stride = stride
        self.align = DeformableAlignment(aligned, offsets, groups)
        self.join = nn.Conv2d(pictures * aligned, 2 * maps, 1)
        self.up = nn.Conv2d(2 * maps, maps // 2 * stride**2, 1)
        self.out = nn.Conv2d(seen + maps // 2, maps, 3, padding=1)
        self.blocks = nn.Sequential(*(ResidualBlock(maps) for _ in range(blocks)))

    def forward(self, seen: Tensor, window: Tensor, deformed: bool) -> Tensor:
        """seen (B, seen, h, w), window (B, pictures, aligned, h/stride, w/stride), the own picture in the middle.

        Not ``deformed``: the kernels stay where they are. Returns (B, maps, h, w).
        """
        middle = window.shape[1] // 2
        own = window[:, middle]
        others = torch.cat((window[:, :middle], window[:, middle + 1 :]), 1)
        count = others.shape[1]
        flat = others.flatten(0, 1)
        if deformed:
            repeated = own[:, None].expand(-1, count, -1, -1, -1).flatten(0, 1)
            still = torch.zeros_like(flat[:, :2])
            aligned = self.align(flat, repeated, still)
        else:
            aligned = F.conv2d(flat, self.align.weight / 2, self.align.bias, padding=1)
        aligned = aligned.unflatten(0, (-1, count)).flatten(1, 2)
        joined = rectified(self.join(torch.cat((own, aligned.to(own.dtype)), 1)))
        grown = F.pixel_shuffle(self.up(joined), self.stride)
        features: Tensor = self.blocks(rectified(self.out(torch.cat((seen, grown), 1))))
        return features


class VoiceFusion(nn.Module):
    """f_VA = Conv([f_V, ω ⊙ f_A]), ω = σ(θ(f_V) · φ(f_A)) at each place (equations 2 and 3)."""

    def __init__(self, video: int, voice: int, embedding: int) -> None:
        super().__init__()
        self.theta = nn.Conv2d(video, embedding, 1)
        self.phi = nn.Conv2d(voice, embedding, 1)
        self.join = nn.Conv2d(video + voice, video, 1)

    def attention(self, video: Tensor, voice: Tensor) -> Tensor:
        """ω: (B, 1, h, w), 0 to 1."""
        return torch.sigmoid((self.theta(video) * self.phi(voice)).sum(1, keepdim=True))

    def forward(self, video: Tensor, voice: Tensor, attentive: bool) -> Tensor:
        """video (B, V, h, w), voice (B, A, h, w) → (B, V, h, w); not ``attentive``: ω is 1 everywhere."""
        weighted = self.attention(video, voice) * voice if attentive else voice
        joined: Tensor = rectified(self.join(torch.cat((video, weighted), 1)))
        return joined


class ActionUnitGenerator(nn.Module):
    """f̂_E: intensities of action units from the video's features and the emotion state (Fig. 5)."""

    PLACES = 4  # the maps are averaged over so many parts each way

    def __init__(self, maps: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.seen = nn.Linear(maps * self.PLACES**2, hidden)
        self.told = nn.Linear(EMOTIONS, hidden, bias=False)
        # States that training never shows must not say anything.
        nn.init.zeros_(self.told.weight)
        self.rest = nn.Sequential(
            nn.ReLU(), nn.Dropout(dropout), nn.Linear(hidden, hidden // 2),
            nn.ReLU(), nn.Dropout(dropout), nn.Linear(hidden // 2, len(ACTION_UNITS)),
        )  # fmt: skip

    def forward(self, video: Tensor, emotion: Tensor) -> Tensor:
        """video (B, V, h, w), emotion (B, 15) → (B, 17), 0 to 5 as OpenFace counts."""
        # The first of three linear layers hears both: a layer on their concatenation is the sum of two.
        both = self.seen(F.adaptive_avg_pool2d(video, self.PLACES).flatten(1)) + self.told(emotion)
        units: Tensor = self.rest(both)
        return units


class EmotionFusion(nn.Module):
    """f_VAE = Conv([ω_VA ⊗ f_VA, s]); ω_VA follows from the action units by three linear layers (equation 5)."""

    def __init__(self, maps: int, hidden: int) -> None:
        super().__init__()
        self.weigh = nn.Sequential(
            nn.Linear(len(ACTION_UNITS), hidden), nn.ReLU(),
            nn.Linear(hidden, hidden), nn.ReLU(),
            nn.Linear(hidden, maps), nn.Sigmoid(),
        )  # fmt: skip
        self.join = nn.Conv2d(maps, maps, 1)
        self.told = nn.Linear(EMOTIONS, maps, bias=False)
        nn.init.zeros_(self.told.weight)

    def forward(self, maps: Tensor, units: Tensor, emotion: Tensor, attentive: bool) -> Tensor:
        """maps (B, V, h, w), units (B, 17), emotion (B, 15) → (B, V, h, w); not ``attentive``: ω_VA is 1."""
        weighted = maps * self.weigh(units)[..., None, None] if attentive else maps
        # s has the same value everywhere: its part of the 1×1 convolution is a linear layer.
        fused: Tensor = rectified(self.join(weighted) + self.told(emotion)[..., None, None])
        return fused
