"""GAVN's intra-frame identity module: details from one picture, told by its landmarks and the voice where to look."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.landmark_network import SMALL, Finder, LandmarkDimensions, fuse_normalisation
from models.restoration.packing import planes_to_rgb
from models.restoration.parts import (
    LANDMARKS,
    OUTLINES,
    Hearing,
    ResidualBlock,
    VoiceMaps,
    landmark_maps,
    rectified,
)
from models.restoration.restorer import PICTURE, VOICE_SHAPE
from models.warping import single_precision

DOT = 1.0  # cells of S/4, deviation of a landmark's dot
FINDER = LandmarkDimensions()
FINDER_FEATURES = FINDER.finder[-1] * (SMALL // 16) ** 2


class Levels(NamedTuple):
    """Features at 1/2 and 1/4 of the picture's size: levels 1 and 2 of the paper."""

    half: Tensor
    quarter: Tensor


@dataclass(frozen=True)
class IdentityDimensions:
    """Channels (at 1/2, at 1/4) and depths of the identity module."""

    frame: tuple[int, int]
    frame_blocks: tuple[int, int]
    landmarks: tuple[int, int]
    voice: tuple[int, int]
    hearing: int  # units of the LSTM, in each direction
    voice_start: int  # side of the first voice maps
    voice_maps: tuple[int, ...]  # channels of the voice maps, from the linear layer on
    landmark_hidden: int  # of the landmark network's last layer, where it hears


class LandmarkHead(nn.Module):
    """PFLD-like: the whole distorted picture, in small, and the voice → 68 points.

    The convolutions are those of models/landmark_network's first pass, normalisation taken in, so that they can begin
    with what is known of faces; what is heard moves the points.
    """

    def __init__(self, dimensions: IdentityDimensions) -> None:
        super().__init__()
        self.finder = fuse_normalisation(Finder(FINDER).eval())
        heard = VOICE_SHAPE[0] * 2 * dimensions.hearing
        self.voice = nn.Linear(heard, dimensions.landmark_hidden)
        self.seen = nn.Linear(FINDER_FEATURES, dimensions.landmark_hidden)
        self.moved = nn.Linear(dimensions.landmark_hidden, LANDMARKS * 2)
        nn.init.zeros_(self.moved.weight)
        nn.init.zeros_(self.moved.bias)

    def forward(self, small: Tensor, heard: Tensor) -> Tensor:
        """small: RGB (B, 3, 64, 64) in 0..1; heard: (B, 21, 2·hidden) → (B, 68, 2) float32 in pixels of 256."""
        flat = self.finder.features(small * 2 - 1).flatten(1)
        with single_precision(flat.device):  # places need more than eight bits
            flat = flat.float()
            hidden = rectified(self.seen(flat) + self.voice(heard.float().flatten(1)))
            points = self.finder.points(flat) * (PICTURE / 4) + PICTURE / 2 + 4 * self.moved(hidden)
            placed: Tensor = points.view(-1, LANDMARKS, 2)
            return placed


class LandmarkFeatures(nn.Module):
    """H_landmark (equation 12): dots, a map for each outline of the face → two levels."""

    def __init__(self, half: int, quarter: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(len(OUTLINES), quarter, 3, padding=1)
        self.second = nn.Conv2d(quarter, quarter, 3, padding=1)
        self.up = nn.Conv2d(quarter, 4 * half, 3, padding=1)

    def forward(self, maps: Tensor) -> Levels:
        """(B, 8, S/4, S/4)."""
        quarter = rectified(self.second(rectified(self.first(maps))))
        return Levels(rectified(F.pixel_shuffle(self.up(quarter), 2)), quarter)


class VoiceFeatures(nn.Module):
    """H_audio (equation 13): what was heard, as maps of two levels."""

    def __init__(self, dimensions: IdentityDimensions) -> None:
        super().__init__()
        start = dimensions.voice_start
        channels = (*dimensions.voice_maps, dimensions.voice[1])
        self.maps = VoiceMaps(2 * dimensions.hearing, (start, start), channels)
        self.up = nn.Conv2d(dimensions.voice[1], 4 * dimensions.voice[0], 3, padding=1)

    def forward(self, heard: Tensor) -> Levels:
        """(B, 21, 2·hidden)."""
        quarter = self.maps(heard)
        return Levels(rectified(F.pixel_shuffle(self.up(quarter), 2)), quarter)


class FrameFeatures(nn.Module):
    """H_frame (equation 11): two levels from the full-resolution picture, which is packed, never averaged.

    A code of the whole picture's features tells every place how the picture was degraded: one edge alone does not
    say whether it is soft or was blurred.
    """

    def __init__(self, channels: int, dimensions: IdentityDimensions) -> None:
        super().__init__()
        half, quarter = dimensions.frame
        self.first = nn.Conv2d(channels, half, 3, padding=1)
        self.at_half = nn.Sequential(*(ResidualBlock(half) for _ in range(dimensions.frame_blocks[0])))
        self.reduce = nn.Conv2d(half, quarter, 4, 2, 1)
        self.code = nn.Sequential(nn.Linear(2 * quarter, quarter), nn.ReLU(), nn.Linear(quarter, 2 * quarter))
        self.at_quarter = nn.ModuleList(ResidualBlock(quarter) for _ in range(dimensions.frame_blocks[1]))

    def forward(self, pictures: Tensor) -> Levels:
        """(B, C, S/2, S/2)."""
        half = self.at_half(rectified(self.first(pictures)))
        x = rectified(self.reduce(half))
        scale = shift = x
        for number, block in enumerate(self.at_quarter):
            x = block(x)
            if number == 0:
                flat = x.float().flatten(2)
                code = self.code(torch.cat((flat.mean(2), flat.square().mean(2)), 1))
                scale, shift = code[:, :, None, None].chunk(2, 1)
                x = x * (1 + scale) + shift
        return Levels(half, x)


class HintAttention(nn.Module):
    """Equations 14 and 15: hints times how much they matter at each place, σ(Conv of both).

    3×3: a 7×7 convolution to one channel took half of the restorer's time on a CPU.
    """

    def __init__(self, frame: int, hints: int) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(frame + hints, 1, 3, padding=1)

    def forward(self, frame: Tensor, hints: Tensor) -> Tensor:
        """``hints``, weighted."""
        return hints * torch.sigmoid(self.convolution(torch.cat((hints, frame), 1)))


class Fusion(nn.Module):
    """Equations 14 to 16 at one level: hints weighted by attention, then combined with the picture's features."""

    def __init__(self, frame: int, landmarks: int, voice: int) -> None:
        super().__init__()
        self.landmarks = HintAttention(frame, landmarks)
        self.voice = HintAttention(frame, voice)
        self.combine = nn.Conv2d(landmarks + frame + voice, frame, 1)

    def forward(self, frame: Tensor, landmarks: Tensor, voice: Tensor) -> Tensor:
        """I^k."""
        joint = torch.cat((self.landmarks(frame, landmarks), frame, self.voice(frame, voice)), 1)
        return rectified(self.combine(joint))


class IdentityModule(nn.Module):
    """One picture, its landmarks and its voice → identity features at two levels."""

    def __init__(self, channels: int, side: int, dimensions: IdentityDimensions) -> None:
        """``channels``: of a packed picture; ``side``: of the picture."""
        super().__init__()
        self.cells = side // 4
        self.hearing = Hearing(dimensions.hearing)
        self.landmarks = LandmarkHead(dimensions)
        self.frame = FrameFeatures(channels, dimensions)
        self.of_landmarks = LandmarkFeatures(*dimensions.landmarks)
        self.of_voice = VoiceFeatures(dimensions)
        (f1, f2), (l1, l2), (v1, v2) = dimensions.frame, dimensions.landmarks, dimensions.voice
        self.at_half = Fusion(f1, l1, v1)
        self.at_quarter = Fusion(f2, l2, v2)

    def points(self, small: Tensor, heard: Tensor) -> Tensor:
        """L (B, 68, 2), pixels of 256."""
        found: Tensor = self.landmarks(small, heard)
        return found

    def forward(
        self,
        pictures: Tensor,
        points: Tensor | None,
        heard: Tensor,
        voiced: Tensor,
        origin: Tensor | None = None,
    ) -> Levels:
        """I of each picture (B, C, h, w), packed.

        points: (B, 68, 2) or None, drawn nowhere; heard: (B, 21, 2·hidden), its maps times voiced (B,); origin: (B, 2)
        int64, x and y in cells of S/4, where the pictures are parts of larger ones.
        """
        height, width = pictures.shape[-2] // 2, pictures.shape[-1] // 2
        begin = pictures.new_zeros(len(pictures), 2, dtype=torch.int64) if origin is None else origin
        if points is None:
            maps = pictures.new_zeros(len(pictures), len(OUTLINES), height, width)
        else:
            maps = landmark_maps(points, height, width, begin, PICTURE / self.cells, DOT)
        landmarks = self.of_landmarks(maps)
        voice = Levels(
            *(
                part(level * voiced[:, None, None, None], begin * scale, height * scale, width * scale)
                for level, scale in zip(self.of_voice(heard), (2, 1), strict=True)
            )
        )
        frame = self.frame(pictures)
        return Levels(
            self.at_half(frame.half, landmarks.half, voice.half),
            self.at_quarter(frame.quarter, landmarks.quarter, voice.quarter),
        )


def part(maps: Tensor, origin: Tensor, height: int, width: int) -> Tensor:
    """(B, C, H, W) → (B, C, height, width) from each one's own origin (B, 2), x and y, on."""
    if maps.shape[-2:] == (height, width):
        return maps
    return torch.stack(
        [m[:, y : y + height, x : x + width] for m, (x, y) in zip(maps, origin.tolist(), strict=True)]
    )


def small_rgb(pictures: Tensor) -> Tensor:
    """Packed pictures (B, 6, S/2, S/2) in 0..1 → RGB (B, 3, 64, 64) in 0..1, area averages."""
    luma = pictures[:, :4].mean(1, keepdim=True)
    averages = F.adaptive_avg_pool2d(torch.cat((luma, pictures[:, 4:]), 1), SMALL)
    y, u, v = averages.chunk(3, 1)
    return planes_to_rgb(y, F.avg_pool2d(u, 2), F.avg_pool2d(v, 2)).clamp(0, 1)
