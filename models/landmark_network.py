"""The 68-point network: a small finder looks at the whole picture, then one pass at the face itself, upright.

PFLD-like (Guo et al. 2019: multi-scale features, direct regression, a loss that weighs points), made finer where a
call needs it: soft-argmax maps at a quarter of the crop place each point from what is seen near it, and a regression
from the whole face and the voice moves them (GAVN: landmarks of distorted pictures are found better with the voice).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from callcodec.speech.mel import MEL_BINS, MEL_WINDOW_FRAMES

ModuleT = TypeVar("ModuleT", bound=nn.Module)

POINTS = 68
PICTURE = 256
CROP = 112  # the face, upright, fills about five sixths of it
SMALL = 64  # the whole picture, for the finder


@dataclass(frozen=True)
class LandmarkDimensions:
    """Channels at 1/2, 1/4, 1/8 and 1/16 of each pass's input, and of the voice."""

    finder: tuple[int, int, int, int] = (16, 32, 48, 64)
    face: tuple[int, int, int, int] = (16, 32, 64, 96)
    voice: int = 48
    hidden: int = 128


class Located(NamedTuple):
    """What the second pass says of a crop."""

    points: Tensor  # (B, 68, 2) x, y in pixels of the crop
    seen: Tensor  # (B, 68, 2) the same by the maps alone
    confidence: Tensor  # (B,) logit


class Landmarks(NamedTuple):
    """Where a face's points are."""

    points: Tensor  # (B, 68, 2) float32, x, y in pixels of the 256×256 picture, iBUG-68 order
    confidence: (
        Tensor  # (B,) 0..1: the expected exp(−error / 10 % of the inter-ocular distance); near 0: no face
    )


class LandmarkNetwork(nn.Module):
    """Both passes. ``mean_shape`` (68, 2) is the upright mean face in pixels of the crop, kept with the weights."""

    mean_shape: Tensor

    def __init__(self, dimensions: LandmarkDimensions) -> None:
        super().__init__()
        self.dimensions = dimensions
        self.finder = Finder(dimensions)
        self.face = FaceNetwork(dimensions)
        self.register_buffer("mean_shape", torch.zeros(POINTS, 2))

    def forward(self, pictures: Tensor, mel: Tensor | None = None, heard: Tensor | None = None) -> Landmarks:
        """Pictures (B, 3, 256, 256) in 0..1; mel (B, 80, 20) or None; heard (B,): 1 to use the voice."""
        rough = self.finder(F.avg_pool2d(pictures, PICTURE // SMALL))
        placed = upright(rough, self.mean_shape)
        found = self.face(cut(pictures, placed), mel, heard)
        return Landmarks(apply(placed, found.points), found.confidence.sigmoid())


class Finder(nn.Module):
    """(B, 3, 64, 64) in 0..1 → (B, 68, 2) in pixels of the 256×256 picture, good enough to cut the face out."""

    def __init__(self, dimensions: LandmarkDimensions) -> None:
        super().__init__()
        a, b, c, d = dimensions.finder
        self.features = nn.Sequential(
            unit(3, a, 2), unit(a, b, 2), Residual(b), unit(b, c, 2), Residual(c), unit(c, d, 2)
        )
        self.points = nn.Linear(d * (SMALL // 16) ** 2, POINTS * 2)

    def forward(self, small: Tensor) -> Tensor:
        flat = self.features(small * 2 - 1).flatten(1)
        with torch.autocast(flat.device.type, enabled=False):  # places need more than eight bits
            offset: Tensor = self.points(flat.float())
            return offset.view(-1, POINTS, 2) * (PICTURE / 4) + PICTURE / 2


class FaceNetwork(nn.Module):
    """(B, 3, 112, 112) upright face in 0..1 and a voice → its points."""

    def __init__(self, dimensions: LandmarkDimensions) -> None:
        super().__init__()
        a, b, c, d = dimensions.face
        self.quarter = nn.Sequential(unit(3, a, 2), unit(a, b, 2), Residual(b, depth=1))
        self.eighth = nn.Sequential(unit(b, c, 2), Residual(c))
        self.sixteenth = nn.Sequential(unit(c, d, 2), Residual(d))
        self.voice = VoiceEncoder(dimensions.voice)
        self.to_sixteenth = nn.Linear(dimensions.voice, d)
        self.from_sixteenth = unit(d, c, kernel=1)
        self.merge_eighth = unit(c, b + b // 2)
        self.from_eighth = unit(b + b // 2, b, kernel=1)
        self.merge_quarter = unit(b, b)
        self.maps = nn.Conv2d(b, POINTS, 1)
        self.whole = unit(d, 64, 2)
        self.hidden = nn.Linear(64 * 16 + dimensions.voice, dimensions.hidden)
        self.moved = nn.Linear(dimensions.hidden, POINTS * 2)
        self.confidence = nn.Linear(dimensions.hidden, 1)
        self.sharpness = nn.Parameter(torch.tensor(4.0))

    def forward(self, crop: Tensor, mel: Tensor | None, heard: Tensor | None = None) -> Located:
        quarter = self.quarter(crop * 2 - 1)
        eighth = self.eighth(quarter)
        sixteenth = self.sixteenth(eighth)
        voice = sixteenth.new_zeros(len(crop), self.to_sixteenth.in_features)
        if mel is not None:
            voice = self.voice(mel) if heard is None else self.voice(mel) * heard[:, None]
        sixteenth = sixteenth + self.to_sixteenth(voice)[:, :, None, None]
        eighth = self.merge_eighth(eighth + F.interpolate(self.from_sixteenth(sixteenth), scale_factor=2.0))
        quarter = self.merge_quarter(quarter + F.interpolate(self.from_eighth(eighth), scale_factor=2.0))
        maps, whole = self.maps(quarter), self.whole(sixteenth).flatten(1)
        with torch.autocast(maps.device.type, enabled=False):  # places need more than eight bits
            seen = soft_argmax(maps.float() * self.sharpness)
            hidden = F.relu(self.hidden(torch.cat((whole.float(), voice.float()), 1)))
            points = seen + self.moved(hidden).view(-1, POINTS, 2) * 4
            return Located(points, seen, self.confidence(hidden)[:, 0])


class VoiceEncoder(nn.Module):
    """Log-mel (B, 80, 20) → (B, C); all zero stands for no voice."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.along = nn.Sequential(
            nn.Conv1d(MEL_BINS, 32, 3, 2, 1), nn.ReLU(), nn.Conv1d(32, 32, 3, 2, 1), nn.ReLU()
        )
        self.out = nn.Linear(32 * (MEL_WINDOW_FRAMES // 4), channels)

    def forward(self, mel: Tensor) -> Tensor:
        heard: Tensor = self.out(self.along(mel).flatten(1))
        return heard


class Residual(nn.Module):
    """x + f(x) with ``depth`` 3×3 convolutions; dense ones, for they were faster than separable ones on a CPU."""

    def __init__(self, channels: int, depth: int = 2) -> None:
        super().__init__()
        self.body = nn.Sequential(*(unit(channels, channels) for _ in range(depth - 1)), bare(channels))

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x + self.body(x))


def unit(before: int, after: int, stride: int = 1, kernel: int = 3) -> nn.Sequential:
    """Convolution, batch normalisation, ReLU."""
    convolution = nn.Conv2d(before, after, kernel, stride, kernel // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(after), nn.ReLU())


def bare(channels: int) -> nn.Sequential:
    """The same without its ReLU."""
    return nn.Sequential(nn.Conv2d(channels, channels, 3, 1, 1, bias=False), nn.BatchNorm2d(channels))


def soft_argmax(logits: Tensor) -> Tensor:
    """(B, 68, H, W) → (B, 68, 2): the mean place of each map, in pixels of the crop."""
    height, width = logits.shape[-2:]
    weight = logits.flatten(2).softmax(-1).view_as(logits)
    x = (weight.sum(2) * torch.arange(width, device=weight.device)).sum(-1)
    y = (weight.sum(3) * torch.arange(height, device=weight.device)).sum(-1)
    cell = CROP / width
    return torch.stack((x, y), -1) * cell + (cell - 1) / 2


def upright(points: Tensor, mean_shape: Tensor) -> Tensor:
    """(B, 2, 3): the turn, size and shift that lay the mean face (68, 2) onto points (B, 68, 2) by least squares."""
    middle, middle_of_mean = points.mean(1), mean_shape.mean(0)
    p, m = points - middle[:, None], mean_shape - middle_of_mean
    size = m.square().sum().clamp_min(1e-6)
    a = (p * m).sum((1, 2)) / size
    b = (p[..., 1] * m[:, 0] - p[..., 0] * m[:, 1]).sum(1) / size
    turn = torch.stack((torch.stack((a, -b), -1), torch.stack((b, a), -1)), 1)
    return torch.cat((turn, (middle - turn @ middle_of_mean)[..., None]), 2)


def apply(affine: Tensor, points: Tensor) -> Tensor:
    """Points (B, N, 2) of the crop → of the picture, by affine (B, 2, 3)."""
    return points @ affine[:, :, :2].transpose(1, 2) + affine[:, None, :, 2]


def cut(pictures: Tensor, affine: Tensor) -> Tensor:
    """(B, 3, H, W) → (B, 3, 112, 112): what ``affine`` (crop to picture, pixels) says; edges are repeated."""
    height, width = pictures.shape[-2:]
    along = torch.arange(CROP, dtype=pictures.dtype, device=pictures.device)
    y, x = torch.meshgrid(along, along, indexing="ij")
    places = apply(affine, torch.stack((x, y), -1).view(1, -1, 2))
    scale = torch.tensor((2 / width, 2 / height), dtype=pictures.dtype, device=pictures.device)
    grid = ((places + 0.5) * scale - 1).view(-1, CROP, CROP, 2)
    return F.grid_sample(pictures, grid, mode="bilinear", padding_mode="border", align_corners=False)


def fuse_normalisation(network: ModuleT) -> ModuleT:
    """Give each convolution the normalisation that follows it; in place, for a network in evaluation mode."""
    for block in network.modules():
        if isinstance(block, nn.Sequential) and len(block) > 1:
            convolution, normalisation = block[0], block[1]
            if isinstance(convolution, nn.Conv2d) and isinstance(normalisation, nn.BatchNorm2d):
                block[0] = fuse_conv_bn_eval(convolution, normalisation)
                del block[1]
    return network
