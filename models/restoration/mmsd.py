"""MMSD: a face four times as large, from few and coarsely quantised pixels, the voice and the emotion (Guo, Zhang & Wu,
"Deep Multi-modality Soft-decoding of Very Low Bit-rate Face Videos", ACM MM 2020)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from models.restoration.enlarging import FOLDED, enlarged, level
from models.restoration.mmsd_parts import (
    ActionUnitGenerator,
    EmotionFusion,
    VideoFeatures,
    VoiceFusion,
    one_hot,
)
from models.restoration.packing import PACKED
from models.restoration.parts import Hearing, ResidualBlock, UNet, VoiceMaps, rectified
from models.warping import single_precision

NEIGHBOURS = 2  # N: pictures before, and after, the restored one
WINDOW = 2 * NEIGHBOURS + 1


@dataclass(frozen=True)
class MmsdDimensions:
    """What the shapes follow from; the pictures are ``voice_start`` · 2 per step of ``voice`` large."""

    seen: int  # channels of the restored picture's own features
    aligned: int  # channels of what is aligned of every picture
    alignment_stride: int  # 1: at the pictures' size; 2: at half of it
    groups: int  # of deformable offsets
    offsets: int  # hidden channels of their prediction
    maps: int  # channels of f_V, f_VA and f_VAE
    video_blocks: int
    hearing: int  # units of the LSTM, in each direction
    voice_start: tuple[int, int]  # rows and columns of the voice's first maps
    voice: tuple[int, ...]  # their channels, and those after each doubling
    embedding: int  # channels in which video and voice are compared
    hidden: int  # of the linear layers between features and action units
    dropout: float
    reconstruction: tuple[int, ...]  # channels of its levels, each half as large as the one before
    reconstruction_blocks: tuple[int, ...]  # residual blocks of each level

    def __post_init__(self) -> None:
        if self.reconstruction[0] != self.maps:
            raise ValueError("the reconstruction begins with as many channels as there are maps")
        if self.alignment_stride not in (1, 2):
            raise ValueError(
                "features are aligned at the pictures' size or at half of it: alignment_stride 1 or 2"
            )


@dataclass(frozen=True)
class Branches:
    """What a network makes use of: switched off one by one, they say what each is worth."""

    neighbours: bool = True  # off: the picture itself stands in for those around it
    deformable: bool = True  # off: kernels stay where they are
    voice: bool = True
    emotion: bool = True  # off: no state, no action units, no weights of channels
    attention: bool = True  # off: the voice counts everywhere, every channel counts


EVERYTHING = Branches()


class Restoration(NamedTuple):
    """What the network says."""

    picture: Tensor  # (B, 24, h, w), packed, four times as large; 0..1 but not clamped
    action_units: Tensor  # (B, 17), as OpenFace counts, 0 to 5


class Mmsd(nn.Module):
    """The whole network; its picture is the bicubic enlargement and a residual."""

    def __init__(self, dimensions: MmsdDimensions) -> None:
        super().__init__()
        self.dimensions = size = dimensions
        self.branches = EVERYTHING
        self.seen = nn.Conv2d(3, size.seen, 3, padding=1)
        self.coarse = nn.Conv2d(3 if size.alignment_stride == 1 else FOLDED, size.aligned, 3, padding=1)
        self.coarse_block = ResidualBlock(size.aligned)
        self.video = VideoFeatures(
            size.seen, size.aligned, size.alignment_stride, size.groups, size.offsets, size.maps,
            size.video_blocks, WINDOW,
        )  # fmt: skip
        self.hearing = Hearing(size.hearing)
        self.voice = VoiceMaps(self.hearing.features, size.voice_start, size.voice)
        self.voice_fusion = VoiceFusion(size.maps, size.voice[-1], size.embedding)
        self.action_units = ActionUnitGenerator(size.maps, size.hidden, size.dropout)
        self.emotion_fusion = EmotionFusion(size.maps, size.hidden // 2)
        self.reconstruction = _reconstruction(size)
        self.leave = nn.Conv2d(2 * size.maps + size.seen, PACKED, 3, padding=1)
        nn.init.zeros_(self.leave.weight)
        nn.init.zeros_(self.leave.bias)  # type: ignore[arg-type]

    def features(self, folded: Tensor) -> Tensor:
        """What is aligned of a decoded picture (B, 6, h/2, w/2) in 0..1: (B, aligned, h/stride, w/stride)."""
        shown = folded if self.dimensions.alignment_stride == 2 else level(folded)
        features: Tensor = self.coarse_block(rectified(self.coarse(shown - 0.5)))
        return features

    def restore(self, folded: Tensor, window: Tensor, voice: Tensor, emotion: Tensor) -> Restoration:
        """The picture ``folded`` (B, 6, h/2, w/2) in 0..1, restored.

        window: features of the five pictures around it, (B, 5, aligned, …); voice: MFCC (B, 21, 13), NaN where nobody
        is heard; emotion: states (B,), −1 where unknown.
        """
        use = self.branches
        if not use.neighbours:
            window = window[:, NEIGHBOURS : NEIGHBOURS + 1].expand(-1, WINDOW, -1, -1, -1)
        seen = rectified(self.seen(level(folded) - 0.5))
        video = self.video(seen, window, use.deformable)
        together = self.voice_fusion(video, self.sound(voice, use.voice), use.attention)
        state = one_hot(emotion)
        units = self.action_units(video, state)
        if use.emotion:
            together = self.emotion_fusion(together, units, state, use.attention)
        # What is simple, such as sharper edges, needs no depth: the last layer sees the first ones too.
        rebuilt = torch.cat((self.reconstruction(together), together, seen), 1)
        residual = self.leave(rebuilt).float()
        return Restoration(enlarged(folded.float()) + residual, units.float())

    def sound(self, voice: Tensor, heard: bool = True) -> Tensor:
        """f_A: maps (B, channels, h, w) of MFCC (B, 21, 13); zeros where it has NaN, and where it is not ``heard``."""
        with single_precision(voice.device):
            known = torch.isfinite(voice).flatten(1).all(1)[:, None, None] & heard
            features = self.hearing(torch.nan_to_num(voice.float()))
        maps: Tensor = self.voice(features) * known[..., None]
        return maps

    def forward(self, pictures: Tensor, voice: Tensor, emotion: Tensor) -> Restoration:
        """The middle one of ``pictures`` (B, 5, 6, h/2, w/2) in 0..1, in the order of time; see ``restore``."""
        features = self.features(pictures.flatten(0, 1))
        window = features.reshape(*pictures.shape[:2], *features.shape[1:])
        return self.restore(pictures[:, NEIGHBOURS], window, voice, emotion)


def _reconstruction(size: MmsdDimensions) -> nn.Module:
    """The paper's row of residual blocks, or a UNet where there are several levels."""
    if len(size.reconstruction) == 1:
        return nn.Sequential(*(ResidualBlock(size.maps) for _ in range(size.reconstruction_blocks[0])))
    return UNet(size.reconstruction, size.reconstruction_blocks)


def picture_size(dimensions: MmsdDimensions) -> tuple[int, int]:
    """Rows and columns of the pictures that a network enlarges."""
    doublings = 2 ** (len(dimensions.voice) - 1)
    return dimensions.voice_start[0] * doublings, dimensions.voice_start[1] * doublings
