"""MDVD: the network that restores H.264 (Zhang & Wu, "Multi-modality Deep Restoration of Extremely Compressed Face
Videos", TPAMI 2022), on the grid of 4×4 blocks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.restoration.deformable import DeformableAlignment
from models.restoration.packing import LUMA, PACKED
from models.restoration.parts import (
    LANDMARKS,
    OUTLINES,
    Hearing,
    ResidualBlock,
    SpatialAttention,
    UNet,
    VoiceMaps,
    landmark_maps,
    rectified,
)
from models.restoration.restorer import PICTURE, VOICE_SHAPE
from models.restoration.tensors import CODEC_MAPS
from models.warping import single_precision

MIDDLE_STEP = VOICE_SHAPE[0] // 2


@dataclass(frozen=True)
class MdvdDimensions:
    """What the shapes follow from; a cell is ``block`` pixels wide."""

    block: int  # 4: packed pictures; 1: the paper's full resolution
    neighbours: int  # pictures beside the restored one
    frame: int  # channels of a picture's own features
    groups: int  # of deformable offsets
    offsets: int  # hidden channels of their prediction
    aligned: int  # channels of the V-subnet
    aligned_blocks: int
    video: int  # channels of F_v
    hearing: int  # units of the LSTM, in each direction
    voice_start: int  # side of the A-subnet's first maps
    voice: tuple[int, ...]  # channels of the A-subnet, from the linear layer on
    landmarks: int  # channels of the L-subnet
    codec: int  # channels of the C-subnet
    unet: tuple[int, ...]  # channels of the UNet's levels
    unet_blocks: tuple[int, ...]  # residual blocks of each level


class Codec(NamedTuple):
    """What the stream says, as tensors; zeros where nothing is known."""

    picture: Tensor  # (B, 32, h, w): packed luma of prediction and residue, in 0..1 and −1..1
    maps: Tensor  # (B, 8, h, w)
    motion: Tensor  # (B, neighbours, 2, h, w): x, y in pixels, to where each neighbour has it


class FrameFeatures(NamedTuple):
    """Of one decoded picture; computed once."""

    fine: Tensor  # (B, frame, h, w)
    coarse: Tensor  # (B, frame, h/2, w/2)


class Restoration(NamedTuple):
    """What the network says."""

    picture: Tensor  # (B, 24, h, w), packed, 0..1 but not clamped
    landmarks: Tensor  # (B, 68, 2), corrected by the voice; pixels, NaN where they were


class LandmarkCorrection(nn.Module):
    """Displacements of detected landmarks, from the voice (Zhang & Wu, 3.4)."""

    REACH = 6.0  # pixels, at most

    def __init__(self, heard: int, hidden: int = 96) -> None:
        super().__init__()
        self.first = nn.Linear(heard + 2 * LANDMARKS, hidden)
        self.second = nn.Linear(hidden, hidden)
        self.third = nn.Linear(hidden, 2 * LANDMARKS)
        nn.init.zeros_(self.third.weight)
        nn.init.zeros_(self.third.bias)

    def forward(self, points: Tensor, heard: Tensor) -> Tensor:
        """points (B, 68, 2) in pixels, heard (B, features) of the picture's own step → (B, 68, 2)."""
        middle = points.mean(1, keepdim=True)
        size = (points - middle).square().mean((1, 2), keepdim=True).sqrt().clamp(min=1.0)
        form = torch.nan_to_num((points - middle) / size).flatten(1)
        told = rectified(self.second(rectified(self.first(torch.cat((form, heard), 1)))))
        moved: Tensor = self.REACH * torch.tanh(self.third(told) / self.REACH)
        return points + moved.reshape(-1, LANDMARKS, 2)


class VideoBranch(nn.Module):
    """Neighbours aligned by motion and features, and the V-subnet that makes one of them (3.3)."""

    def __init__(self, size: MdvdDimensions) -> None:
        super().__init__()
        self.scale = 2.0 * size.block  # pixels in a cell of the coarse features
        self.align = DeformableAlignment(size.frame, size.offsets, size.groups)
        self.join = nn.Conv2d((size.neighbours + 1) * size.frame, size.aligned, 1)
        self.blocks = nn.Sequential(*(ResidualBlock(size.aligned) for _ in range(size.aligned_blocks)))
        self.up = nn.Conv2d(size.aligned, 4 * (size.video - size.frame), 1)
        self.out = nn.Conv2d(size.video, size.video, 3, padding=1)

    def forward(self, own: FrameFeatures, others: Tensor, motion: Tensor) -> Tensor:
        """others: (B, neighbours, frame, h/2, w/2); motion: (B, neighbours, 2, h, w) → F_v (B, video, h, w)."""
        neighbours = others.shape[1]
        coarse_motion = F.avg_pool2d(motion.flatten(0, 1), 2) / self.scale
        repeated = own.coarse[:, None].expand(-1, neighbours, -1, -1, -1).flatten(0, 1)
        aligned = self.align(others.flatten(0, 1), repeated, coarse_motion)
        aligned = aligned.reshape(len(own.coarse), -1, *aligned.shape[2:])
        joined = self.blocks(rectified(self.join(torch.cat((own.coarse, aligned), 1))))
        both = torch.cat((own.fine, F.pixel_shuffle(self.up(joined), 2)), 1)
        return rectified(self.out(both))


class Mdvd(nn.Module):
    """The whole network; its result is the decoded picture and a residual."""

    def __init__(self, dimensions: MdvdDimensions) -> None:
        super().__init__()
        self.dimensions = size = dimensions
        channels = PACKED * size.block**2 // LUMA if size.block > 1 else 3
        luma = size.block**2
        self.frame = nn.Conv2d(channels, size.frame, 3, padding=1)
        self.frame_block = ResidualBlock(size.frame)
        self.coarse = nn.Conv2d(size.frame, size.frame, 3, stride=2, padding=1)
        self.video = VideoBranch(size)
        self.hearing = Hearing(size.hearing)
        self.voice = VoiceMaps(self.hearing.features, (size.voice_start,) * 2, size.voice)
        self.correction = LandmarkCorrection(self.hearing.features)
        self.landmarks = nn.Conv2d(len(OUTLINES), size.landmarks, 3, padding=1)
        self.landmarks_block = ResidualBlock(size.landmarks)
        self.voice_attention = SpatialAttention(size.video, size.voice[-1])
        self.landmark_attention = SpatialAttention(size.video, size.landmarks)
        self.aggregate = nn.Conv2d(size.video + size.voice[-1] + size.landmarks, size.video, 1)
        self.codec = nn.Conv2d(channels + 2 * luma + CODEC_MAPS, size.codec, 3, padding=1)
        self.codec_block = ResidualBlock(size.codec)
        self.enter = nn.Conv2d(size.video + size.codec, size.unet[0], 3, padding=1)
        self.unet = UNet(size.unet, size.unet_blocks)
        self.leave = nn.Conv2d(size.unet[0], channels, 3, padding=1)
        nn.init.zeros_(self.leave.weight)
        nn.init.zeros_(self.leave.bias)  # type: ignore[arg-type]

    def features(self, packed: Tensor) -> FrameFeatures:
        """Of a decoded picture (B, 24, h, w) in 0..1."""
        fine = self.frame_block(rectified(self.frame(packed - 0.5)))
        return FrameFeatures(fine, rectified(self.coarse(fine)))

    def restore(
        self,
        packed: Tensor,
        own: FrameFeatures,
        others: Tensor,
        codec: Codec,
        voice: Tensor,
        landmarks: Tensor,
        origin: Tensor,
    ) -> Restoration:
        """The picture ``packed`` (B, 24, h, w), restored.

        own, others: its features and its neighbours' coarse ones (B, neighbours, frame, h/2, w/2); voice: MFCC
        (B, 21, 13), NaN where nobody is heard; landmarks: (B, 68, 2) in pixels of the whole picture, NaN where no
        face was found; origin: (B, 2), x and y of the first cell, where ``packed`` is only a part of the picture.
        """
        height, width = packed.shape[-2:]
        video = self.video(own, others, codec.motion)
        with single_precision(packed.device):
            heard_at_all = torch.isfinite(voice).flatten(1).all(1).to(voice.dtype)[:, None]
            heard = self.hearing(torch.nan_to_num(voice.float())) * heard_at_all[..., None]
            points = self.correction(landmarks.float(), heard[:, MIDDLE_STEP])
            drawn = landmark_maps(points.detach(), height, width, origin, self.dimensions.block, 0.8)
        sound = _part(self.voice(heard) * heard_at_all[..., None, None], origin, height, width)
        face = self.landmarks_block(rectified(self.landmarks(drawn)))
        gathered = (video, self.voice_attention(video, sound), self.landmark_attention(video, face))
        together = rectified(self.aggregate(torch.cat(gathered, 1)))
        stream = torch.cat((packed - 0.5, codec.picture, codec.maps), 1)
        stream = self.codec_block(rectified(self.codec(stream)))
        entered = rectified(self.enter(torch.cat((together, stream), 1)))
        return Restoration(packed + self.leave(self.unet(entered)), points)

    def forward(
        self, frames: Tensor, codec: Codec, voice: Tensor, landmarks: Tensor, origin: Tensor
    ) -> Restoration:
        """frames: (B, 1 + neighbours, 24, h, w) in 0..1 in the order of time; the middle one is restored."""
        batch, count = frames.shape[:2]
        middle = count // 2
        fine, coarse = self.features(frames.flatten(0, 1))
        fine, coarse = (f.reshape(batch, count, *f.shape[1:]) for f in (fine, coarse))
        others = torch.cat((coarse[:, :middle], coarse[:, middle + 1 :]), 1)
        own = FrameFeatures(fine[:, middle], coarse[:, middle])
        return self.restore(frames[:, middle], own, others, codec, voice, landmarks, origin)


def _part(maps: Tensor, origin: Tensor, height: int, width: int) -> Tensor:
    """The cells of (B, C, H, W) from ``origin`` on."""
    if maps.shape[-2:] == (height, width):
        return maps
    return torch.stack(
        [m[:, y : y + height, x : x + width] for m, (x, y) in zip(maps, origin.int().tolist(), strict=True)]
    )


def picture_cells(block: int) -> int:
    """Cells along a side of the whole picture."""
    return PICTURE // block
