"""The face animation network: FOMM (Siarohin et al., NeurIPS 2019), adapted as Hegde et al. (section 3.2) say.

The driving video F_int tells the motion, the identity image is what is moved; the generator's output is not the
picture but a residual mask that is added to F_int. Sizes are those of FOMM's networks for talking faces at 256 pixels.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.consistency import downsample
from models.paper.dimensions import PaperDimensions
from models.paper.layers import Block2d, Hourglass, Residual2d
from models.warping import KeyPoints, heat_difference, local_motions, resize_flow, soft_key_points, warp

MOTION_SIZE = 64  # pixels: motion is found, and features are moved, at a quarter of the picture
TEMPERATURE = 0.1  # of the heat maps' softmax
BOTTLENECK = 6


class Source(NamedTuple):
    """What is computed once per identity image."""

    features: Tensor  # (N, 256, 64, 64)
    thumbnail: Tensor  # (N, 3, 64, 64)
    key_points: KeyPoints

    def repeated(self, times: int) -> Source:
        """(N · times, ...): the same for every picture of a window."""
        if times == 1:
            return self
        features, thumbnail, position, jacobian = (
            tensor.repeat_interleave(times, dim=0) for tensor in (*self[:2], *self.key_points)
        )
        return Source(features, thumbnail, KeyPoints(position, jacobian))


class Animated(NamedTuple):
    """The picture F_hr = residual + F_int, and what it was made of; one of each per picture."""

    picture: Tensor  # (B, 3, 256, 256)
    residual: Tensor  # (B, 3, 256, 256)
    driving: KeyPoints
    flow: Tensor  # (B, 64, 64, 2): where each place comes from in the identity image
    occlusion: Tensor  # (B, 1, 64, 64): 1 where the identity image can show it


class FaceAnimation(nn.Module):
    """Key points, dense motion, occlusion, generator."""

    def __init__(self, d: PaperDimensions) -> None:
        super().__init__()
        self.key_point_detector = KeyPointDetector(d)
        self.dense_motion = DenseMotion(d)
        self.generator = Generator(d)

    def encode_identity(self, image: Tensor) -> Source:
        """image: (N, 3, 256, 256) in 0..1."""
        return Source(
            self.generator.encode(image), downsample(image, MOTION_SIZE), self.key_point_detector(image)
        )

    def forward(self, driving: Tensor, source: Source) -> Animated:
        """driving: F_int (B, 3, 256, 256), of the person of ``source`` (B, ...)."""
        key_points: KeyPoints = self.key_point_detector(driving)
        flow, occlusion = self.dense_motion(source, key_points)
        residual = self.generator(source.features, flow, occlusion)
        return Animated(driving + residual, residual, key_points, flow, occlusion)


class KeyPointDetector(nn.Module):
    """(B, 3, 256, 256) → K points with local affine transformations (FOMM, section 3.1)."""

    def __init__(self, d: PaperDimensions) -> None:
        super().__init__()
        self.hourglass = Hourglass(d, channels=3, expansion=32)
        self.heat = nn.Conv2d(self.hourglass.out, d.key_points, 7, padding=3)
        self.jacobian = nn.Conv2d(self.hourglass.out, 4 * d.key_points, 7, padding=3)
        nn.init.zeros_(self.jacobian.weight)
        nn.init.zeros_(self.jacobian.bias)  # type: ignore[arg-type]

    def forward(self, picture: Tensor) -> KeyPoints:
        features = self.hourglass(downsample(picture, MOTION_SIZE))
        return soft_key_points(self.heat(features) / TEMPERATURE, self.jacobian(features))


class DenseMotion(nn.Module):
    """Blends the key points' motions into one flow and says what it cannot explain (FOMM, sections 3.1 and 3.2)."""

    def __init__(self, d: PaperDimensions) -> None:
        super().__init__()
        self.hourglass = Hourglass(d, channels=d.key_points + 3 * (d.key_points + 1), expansion=64)
        self.masks = nn.Conv2d(self.hourglass.out, d.key_points + 1, 7, padding=3)
        self.occlusion = nn.Conv2d(self.hourglass.out, 1, 7, padding=3)

    def forward(self, source: Source, driving: KeyPoints) -> tuple[Tensor, Tensor]:
        """Flow (B, 64, 64, 2) and occlusion (B, 1, 64, 64) in 0..1."""
        motions = local_motions(source.key_points, driving, MOTION_SIZE)  # (B, K + 1, 64, 64, 2)
        thumbnails = source.thumbnail[:, None].expand(-1, motions.shape[1], -1, -1, -1)
        moved = warp(thumbnails.flatten(0, 1), motions.flatten(0, 1))  # equation 7
        heat = heat_difference(source.key_points, driving, MOTION_SIZE)  # equation 6
        candidates = moved.reshape(len(heat), -1, MOTION_SIZE, MOTION_SIZE)
        features = self.hourglass(torch.cat((heat, candidates), 1))
        masks = self.masks(features).float().softmax(dim=1)
        flow = (masks[..., None] * motions).sum(1)  # equation 8
        return flow, torch.sigmoid(self.occlusion(features))


class Generator(nn.Module):
    """Identity features, moved and dimmed where they are occluded → residual mask."""

    def __init__(self, d: PaperDimensions) -> None:
        super().__init__()
        c = d.channels
        self.encoder = nn.Sequential(
            Block2d(3, c(64), kernel=7),
            Block2d(c(64), c(128), factor=0.5),
            Block2d(c(128), c(256), factor=0.5),
        )
        self.bottleneck = nn.Sequential(*(Residual2d(c(256)) for _ in range(BOTTLENECK)))
        self.decoder = nn.Sequential(Block2d(c(256), c(128), factor=2.0), Block2d(c(128), c(64), factor=2.0))
        self.residual = nn.Conv2d(c(64), 3, 7, padding=3)
        nn.init.zeros_(self.residual.weight)  # so that stage two begins with what stage one has learned
        nn.init.zeros_(self.residual.bias)  # type: ignore[arg-type]

    def encode(self, image: Tensor) -> Tensor:
        """(N, 3, 256, 256) → (N, 256, 64, 64)."""
        features: Tensor = self.encoder(image)
        return features

    def forward(self, features: Tensor, flow: Tensor, occlusion: Tensor) -> Tensor:
        """(B, 3, 256, 256), unbounded."""
        if flow.shape[1] != features.shape[-1]:
            flow = resize_flow(flow, features.shape[-1])
            occlusion = F.interpolate(
                occlusion, size=features.shape[-2:], mode="bilinear", align_corners=False
            )
        moved = warp(features, flow) * occlusion
        residual: Tensor = self.residual(self.decoder(self.bottleneck(moved)))
        return residual
