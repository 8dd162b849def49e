"""Parts of `compact`: what encodes identity image, voice and low-resolution pictures."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.consistency import upsample


@dataclass(frozen=True)
class CompactDimensions:
    """Everything that fixes the shapes of the network; stored in the checkpoint."""

    picture: int = 256  # pixels
    low_resolution: int = 8  # pixels
    window: int = 5  # low-resolution pictures, 25 FPS, the last one is shown
    mel_bins: int = 80
    mel_frames: int = 20
    key_points: int = 10
    voice: int = 96  # length of the voice vector
    voice_heads: int = 4  # places at which the voice acts
    at_8: int = 128  # channels at each size
    at_16: int = 96
    at_32: int = 64
    at_64: int = 32
    at_128: int = 32
    identity_at_128: int = 16


class IdentityEncoder(nn.Module):
    """Identity image → features to be warped at 128 and 64 pixels, embedding at 32."""

    def __init__(self, d: CompactDimensions) -> None:
        super().__init__()
        self.to_128 = nn.Conv2d(12, d.identity_at_128, 3, padding=1)
        self.to_64 = nn.Conv2d(d.identity_at_128, d.at_64, 3, stride=2, padding=1)
        self.at_64 = Residual(d.at_64)
        self.to_32 = nn.Conv2d(d.at_64, d.at_32, 3, stride=2, padding=1)
        self.at_32 = nn.Sequential(
            Residual(d.at_32), Residual(d.at_32), nn.Conv2d(d.at_32, d.at_32, 3, padding=1)
        )

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        features_128 = F.relu(self.to_128(F.pixel_unshuffle(image, 2)))
        features_64 = self.at_64(F.relu(self.to_64(features_128)))
        return features_128, features_64, self.at_32(F.relu(self.to_32(features_64)))


class VoiceEncoder(nn.Module):
    """mel (B, 80, 20) → (B, voice)."""

    def __init__(self, d: CompactDimensions) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv1d(d.mel_bins, 96, 3, padding=1), nn.ReLU(),
            nn.Conv1d(96, 96, 4, stride=2, padding=1), nn.ReLU(),
            nn.Conv1d(96, 96, 3, stride=2, padding=1), nn.ReLU(),
            nn.Flatten(), nn.Linear(96 * (d.mel_frames // 4), d.voice), nn.ReLU(),
        )  # fmt: skip

    def forward(self, mel: Tensor) -> Tensor:
        voice: Tensor = self.layers(mel)
        return voice


class VoiceAt(nn.Module):
    """Adds the voice where the picture asks for it: a head has a place (a map) and a message (a vector)."""

    def __init__(self, d: CompactDimensions, channels: int) -> None:
        super().__init__()
        self.place = nn.Conv2d(channels, d.voice_heads, 1)
        self.message = nn.Linear(d.voice, d.voice_heads * channels)

    def forward(self, features: Tensor, voice: Tensor) -> Tensor:
        batch, channels, height, width = features.shape
        place = torch.sigmoid(self.place(features)).flatten(2)  # (B, heads, H·W)
        message = self.message(voice).reshape(batch, -1, channels).transpose(1, 2)  # (B, C, heads)
        heard: Tensor = features + (message @ place).reshape(batch, channels, height, width)
        return heard


class Trunk(nn.Module):
    """Low-resolution window, identity embedding and voice → (B, at_32, 32, 32), through 16 and 8 pixels."""

    def __init__(self, d: CompactDimensions) -> None:
        super().__init__()
        inputs = 3 * (d.window + 1)
        self.in_32 = nn.Conv2d(inputs, d.at_32, 3, padding=1)
        self.in_8 = nn.Conv2d(inputs, d.at_8, 3, padding=1)
        self.down_32 = Residual(d.at_32)
        self.to_16 = nn.Conv2d(d.at_32, d.at_16, 3, stride=2, padding=1)
        self.down_16 = Residual(d.at_16)
        self.to_8 = nn.Conv2d(d.at_16, d.at_8, 3, stride=2, padding=1)
        self.voice_8 = VoiceAt(d, d.at_8)
        self.at_8 = nn.Sequential(Residual(d.at_8), Residual(d.at_8))
        self.up_16 = nn.Conv2d(d.at_8, d.at_16, 3, padding=1)
        self.out_16 = Residual(d.at_16)
        self.up_32 = nn.Conv2d(d.at_16, d.at_32, 3, padding=1)
        self.voice_32 = VoiceAt(d, d.at_32)
        self.out_32 = Residual(d.at_32)

    def forward(
        self, lowres: Tensor, identity_lowres: Tensor, embedding: Tensor, voice: Tensor | None
    ) -> Tensor:
        """lowres (B, 5, 3, 8, 8), identity_lowres (B, 3, 8, 8), embedding (B, C, 32, 32), voice (B, V)."""
        # How frames differ from the identity is the strongest motion cue; scaled to other inputs' size.
        difference = 4.0 * (lowres - identity_lowres[:, None]).flatten(1, 2)
        seen = torch.cat((difference, lowres[:, -1]), 1)
        at_32 = self.down_32(F.relu(self.in_32(upsample(seen, 32)) + embedding))
        at_16 = self.down_16(F.relu(self.to_16(at_32)))
        at_8 = F.relu(self.to_8(at_16) + self.in_8(seen))
        at_8 = self.at_8(at_8 if voice is None else self.voice_8(at_8, voice))
        at_16 = self.out_16(F.relu(at_16 + self.up_16(F.interpolate(at_8, scale_factor=2.0))))
        at_32 = F.relu(at_32 + self.up_32(F.interpolate(at_16, scale_factor=2.0)))
        out: Tensor = self.out_32(at_32 if voice is None else self.voice_32(at_32, voice))
        return out


class Residual(nn.Module):
    """x + conv(relu(conv(relu(x)))), the second convolution starting at zero."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = zeroed(nn.Conv2d(channels, channels, 3, padding=1))

    def forward(self, x: Tensor) -> Tensor:
        change: Tensor = self.second(F.relu(self.first(F.relu(x))))
        return x + change


def zeroed(layer: nn.Conv2d) -> nn.Conv2d:
    """Start a layer at zero, so that what it adds begins as nothing."""
    nn.init.zeros_(layer.weight)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer
