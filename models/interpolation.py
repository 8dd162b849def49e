"""From five 8×8 pictures a second to twenty-five: between the last two, or on from the last one with the voice."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

KEYS = 5  # pictures at 5 FPS that either network looks at
PER_KEY = 5  # pictures at 25 FPS for each of them
TYPICAL_STEP = 7.125  # quantiser step of the wire's default quality, in grey levels
CONTRAST = 4.0  # differences between key pictures are a fraction of the pictures themselves
SLOPE = 0.1  # of activations, below zero


@dataclass(frozen=True)
class InterpolationDimensions:
    """Channels at 8×8, 4×4 and 2×2 pixels; 0.2 M parameters (Hegde et al., section 4.2)."""

    full: int = 32
    half: int = 40
    quarter: int = 56


class _Convolution(nn.Conv3d):
    """A 3D convolution of (B, T, C, H, W), done as a 2D one over stacked moments: the same sums, twice as fast."""

    def forward(self, x: Tensor) -> Tensor:
        moments, reach = x.shape[1], self.kernel_size[0] // 2
        if reach:
            x = F.pad(x, (0, 0, 0, 0, 0, 0, reach, reach))
            x = torch.cat([x[:, i : i + moments] for i in range(self.kernel_size[0])], 2)
        weight = self.weight.transpose(1, 2).flatten(1, 2)
        y = F.conv2d(x.flatten(0, 1), weight, self.bias, self.stride[1:], self.padding[1:])
        return y.reshape(-1, moments, *y.shape[1:])


class _Enlargement(nn.ConvTranspose3d):
    """(B, T, C, H, W) → (B, T, C', 2 H, 2 W); nothing passes between moments."""

    def __init__(self, channels: int, made: int) -> None:
        super().__init__(channels, made, (1, 4, 4), (1, 2, 2), padding=(0, 1, 1))

    def forward(self, x: Tensor, output_size: list[int] | None = None) -> Tensor:  # noqa: ARG002
        y = F.conv_transpose2d(x.flatten(0, 1), self.weight[:, :, 0], self.bias, 2, 1)
        return y.reshape(-1, x.shape[1], *y.shape[1:])


class FrameInterpolation(nn.Module):
    """Hegde et al.'s light encoder-decoder of 3D convolutions (section 4.2, supplement A.1.1).

    Time is convolved at 5 FPS; each key picture's features then become the five pictures from it to the next one. What
    the layers find is added to linear interpolation, so an untrained network is exactly that.
    """

    def __init__(self, dimensions: InterpolationDimensions) -> None:
        super().__init__()
        self.dimensions = d = dimensions
        self.first = _Convolution(7, d.full, 3, padding=1)
        self.place = nn.Parameter(torch.zeros(d.full, 1, 8, 8))  # faces are framed alike: where is what
        self.down_half = _Convolution(d.full, d.half, (3, 4, 4), (1, 2, 2), padding=1)
        self.down_quarter = _Convolution(d.half, d.quarter, (1, 4, 4), (1, 2, 2), padding=(0, 1, 1))
        self.quarter_again = _Convolution(d.quarter, d.quarter, (3, 1, 1), padding=(1, 0, 0))
        self.up_half = _Enlargement(d.quarter, d.half)
        self.up_full = _Enlargement(d.half, d.full)
        self.full_again = _Convolution(d.full, d.full, 3, padding=1)
        self.last = _Convolution(d.full, 3 * PER_KEY, 3, padding=1)
        _start_at_zero(self.last)

    def forward(self, keys: Tensor, step: Tensor | None = None) -> Tensor:
        """(B, 5, 3, 8, 8) in 0..1 at 5 FPS → (B, 25, 3, 8, 8) at 25 FPS, not clamped.

        Output 5 k stands at key k; the last four lie beyond the newest key, where the baseline holds it. step: (B,)
        quantiser step of the wire in grey levels; that of its default quality if None.
        """
        step = torch.full_like(keys[:, 0, 0, 0, 0], TYPICAL_STEP) if step is None else step
        coarseness = _plane(step / TYPICAL_STEP).unsqueeze(1).expand(-1, KEYS, -1, -1, -1)
        x = torch.cat((2 * keys - 1, CONTRAST * (keys - keys[:, -1:]), coarseness), 2)
        full = F.leaky_relu(self.first(x) + self.place[:, 0], SLOPE)
        half = F.leaky_relu(self.down_half(full), SLOPE)
        quarter = F.leaky_relu(self.down_quarter(half), SLOPE)
        quarter = F.leaky_relu(self.quarter_again(quarter), SLOPE) + quarter
        half = F.leaky_relu(self.up_half(quarter), SLOPE) + half
        full = F.leaky_relu(self.up_full(half), SLOPE) + full
        found = self.last(F.leaky_relu(self.full_again(full), SLOPE))
        found = found.unflatten(2, (3, PER_KEY)).transpose(2, 3)  # (B, keys, per key, 3, 8, 8)
        pictures: Tensor = linear(keys) + found.flatten(1, 2)
        return pictures


def linear(keys: Tensor) -> Tensor:
    """(B, 5, 3, 8, 8) → (B, 25, 3, 8, 8): straight lines between the keys, and the last one held."""
    share = torch.arange(PER_KEY, device=keys.device).view(1, 1, PER_KEY, 1, 1, 1) / PER_KEY
    following = torch.cat((keys[:, 1:], keys[:, -1:]), 1)
    return torch.lerp(keys.unsqueeze(2), following.unsqueeze(2), share).flatten(1, 2)


@dataclass(frozen=True)
class CausalDimensions:
    """Channels of the pictures' features and of what the voice and the age make of them."""

    full: int = 64
    half: int = 64
    head: int = 48
    voice: int = 48


class CausalPrediction(nn.Module):
    """The picture of now from pictures of the past and the voice until now, as a change of the last one.

    ``encode`` runs once for each new key picture, ``predict`` for every picture that is shown.
    """

    def __init__(self, dimensions: CausalDimensions) -> None:
        super().__init__()
        self.dimensions = d = dimensions
        self.first = nn.Conv2d(3 * (2 * KEYS - 1) + 1, d.full, 3, padding=1)
        self.place = nn.Parameter(torch.zeros(d.full, 8, 8))
        self.down = nn.Conv2d(d.full, d.half, 4, 2, padding=1)
        self.half_again = nn.Conv2d(d.half, d.half, 3, padding=1)
        self.up = nn.ConvTranspose2d(d.half, d.full, 4, 2, padding=1)
        self.listen = nn.Sequential(
            nn.Conv1d(80, d.voice, 4, 2),
            nn.LeakyReLU(SLOPE),
            nn.Conv1d(d.voice, d.voice, 3, 2),
            nn.LeakyReLU(SLOPE),
            nn.Flatten(),
            nn.Linear(4 * d.voice, d.voice),
        )
        self.condition = nn.Sequential(
            nn.Linear(d.voice + 2, 2 * d.voice), nn.LeakyReLU(SLOPE), nn.Linear(2 * d.voice, 4 * d.head)
        )
        self.head = nn.Conv2d(d.full, d.head, 3, padding=1)
        self.head_again = nn.Conv2d(d.head, d.head, 3, padding=1)
        self.last = nn.Conv2d(d.head, 3, 3, padding=1)
        _start_at_zero(self.last)

    def encode(self, keys: Tensor, step: Tensor) -> Tensor:
        """Features of the key pictures: keys (B, 5, 3, 8, 8) in 0..1, step (B,) in grey levels."""
        newest = keys[:, -1:]
        changes = CONTRAST * (keys[:, :-1] - newest)
        x = torch.cat((2 * keys.flatten(1, 2) - 1, changes.flatten(1, 2), _plane(step / TYPICAL_STEP)), 1)
        full = F.leaky_relu(self.first(x) + self.place, SLOPE)
        half = F.leaky_relu(self.down(full), SLOPE)
        half = F.leaky_relu(self.half_again(half), SLOPE) + half
        return F.leaky_relu(self.up(half), SLOPE) + full

    def predict(self, features: Tensor, newest: Tensor, age: Tensor, mel: Tensor) -> Tensor:
        """(B, 3, 8, 8): the picture ``age`` (B,) key intervals after the ``newest`` key (B, 3, 8, 8); not clamped.

        features: of ``encode``; mel: (B, 80, 20), the log-mel of the 200 ms until then.
        """
        told = torch.cat((self.listen(mel), age[:, None], age[:, None] ** 2), 1)
        scale, shift, scale_again, shift_again = self.condition(told)[:, :, None, None].chunk(4, 1)
        x = F.leaky_relu(self.head(features) * (1 + scale) + shift, SLOPE)
        x = F.leaky_relu(self.head_again(x) * (1 + scale_again) + shift_again, SLOPE)
        picture: Tensor = newest + self.last(x)
        return picture

    def forward(self, keys: Tensor, step: Tensor, age: Tensor, mel: Tensor) -> Tensor:
        """``encode`` and ``predict`` in one: (B, 3, 8, 8)."""
        return self.predict(self.encode(keys, step), keys[:, -1], age, mel)


def _start_at_zero(layer: nn.Module) -> None:
    for parameter in layer.parameters():
        nn.init.zeros_(parameter)


def _plane(values: Tensor) -> Tensor:
    """(B,) → (B, 1, 8, 8), the same everywhere."""
    return values.view(-1, 1, 1, 1).expand(-1, 1, 8, 8)
