"""The lip/voice pair network: what five pictures of a mouth and 200 ms of voice say to each other.

In the manner of SyncNet (Chung and Zisserman 2016) and of the expert of Wav2Lip (Prajwal et al. 2020), which the
paper takes as loss (Hegde et al., equation 3): two encoders, and the cosine of their embeddings. Both are
convolutional in time, so that neighbouring windows share their work.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

LIP_WINDOW = 5  # pictures, 200 ms at 25 FPS
MEL_PER_PICTURE = 4
LIP_CROP = 48  # pixels
GEOMETRY = 6  # see ``lip_geometry``
FIRST_STABLE, LAST_STABLE = 27, 48  # nose and eyes: iBUG-68 points that speech hardly moves
CROP_SPAN = 1.2  # side of the crop, in distances between the eyes' centres
MOUTH_HEIGHT = 0.40  # where in the crop the middle of the mean mouth lies: more chin than nose
# Nose and eyes of the mean face, upright and symmetrical; origin: middle of the mouth; unit: distance of the eyes.
STABLE_POINTS = (
    (0.0, -1.202), (0.0, -0.966), (0.0, -0.749), (0.0, -0.613), (-0.208, -0.458), (-0.124, -0.404), (0.0, -0.401),
    (0.124, -0.404), (0.208, -0.458), (-0.7, -1.127), (-0.598, -1.181), (-0.437, -1.194), (-0.272, -1.106),
    (-0.419, -1.08), (-0.575, -1.077), (0.272, -1.106), (0.437, -1.194), (0.598, -1.181), (0.7, -1.127),
    (0.575, -1.077), (0.419, -1.08),
)  # fmt: skip


@dataclass(frozen=True)
class SyncDimensions:
    """Everything that fixes the shapes of the network; stored with the weights."""

    lips: tuple[int, int, int, int] = (16, 32, 48, 64)  # channels at 24, 12, 6 and 3 pixels
    lip_features: int = 96  # of one picture
    voice: tuple[int, int, int, int] = (24, 48, 64, 96)
    hidden: int = 128
    embedding: int = 64
    dropout: float = 0.3


class LipCode(NamedTuple):
    """What is seen in T + 4 pictures."""

    embedding: Tensor  # (B, T, E), unit length, of the windows that begin at pictures 0..T − 1
    geometry: Tensor  # (B, T + 4, 6): ``lip_geometry`` as read from each picture


class VoiceCode(NamedTuple):
    """What is heard in T windows."""

    embedding: Tensor  # (B, T, E), unit length
    geometry: (
        Tensor  # (B, T, 2): inner opening and width that go with it, by the speaker's own mean and spread
    )


class SyncNetwork(nn.Module):
    """Both encoders, and what turns a cosine into a probability.

    ``accuracy`` (4,) goes with the weights: ``models.sync_scoring.Accuracy`` on people they were not trained on, in
    its order; zero until it was measured.
    """

    accuracy: Tensor

    def __init__(self, dimensions: SyncDimensions) -> None:
        super().__init__()
        self.dimensions = dimensions
        self.lip_encoder = LipEncoder(dimensions)
        self.voice_encoder = VoiceEncoder(dimensions)
        self.log_temperature = nn.Parameter(torch.tensor(2.3))  # of the contrast that it learns by
        self.log_scale = nn.Parameter(torch.tensor(1.5))
        self.bias = nn.Parameter(torch.tensor(-1.5))
        self.register_buffer("accuracy", torch.zeros(4))

    def forward(self, lips: Tensor, mel: Tensor) -> Tensor:
        """(B, T) cosines of lips (B, T + 4, 48, 48), grey, 0..1, and mel (B, 80, 4 · T + 16)."""
        cosine: Tensor = (self.lip_encoder(lips).embedding * self.voice_encoder(mel).embedding).sum(-1)
        return cosine

    def probability_logit(self, cosine: Tensor) -> Tensor:
        """Logit of the probability that lips and voice with this cosine are in sync."""
        return self.log_scale.exp() * cosine + self.bias


class LipEncoder(nn.Module):
    """Each picture on its own down to a vector; then five of them together."""

    def __init__(self, d: SyncDimensions) -> None:
        super().__init__()
        a, b, c, e = d.lips
        self.picture = nn.Sequential(
            *_block(1, a, 5, (2, 2), (2, 2)), *_block(a, b, 3, (2, 2), (1, 1)),
            *_block(b, c, 3, (2, 2), (1, 1)), *_block(c, e, 3, (2, 2), (1, 1)),
            nn.Flatten(), nn.Linear(9 * e, d.lip_features),
        )  # fmt: skip
        self.geometry = nn.Linear(d.lip_features, GEOMETRY)
        self.window = nn.Sequential(
            nn.Conv1d(d.lip_features, d.hidden, LIP_WINDOW),
            nn.BatchNorm1d(d.hidden),
            nn.GELU(),
            nn.Dropout(d.dropout),
            nn.Conv1d(d.hidden, d.embedding, 1),
        )

    def forward(self, lips: Tensor) -> LipCode:
        """(B, T + 4, 48, 48) in 0..1."""
        features = self.features(lips)
        return LipCode(self.embed(features), self.geometry(features))

    def features(self, lips: Tensor) -> Tensor:
        """(B, n, 48, 48) → (B, n, F). Each picture's own brightness and contrast are taken out first."""
        mean = lips.mean((-2, -1), keepdim=True)
        spread = lips.std((-2, -1), keepdim=True)
        pictures = ((lips - mean) / (spread + 0.03)).flatten(0, 1)[:, None]
        found: Tensor = self.picture(pictures)
        return found.reshape(*lips.shape[:2], -1)

    def embed(self, features: Tensor) -> Tensor:
        """(B, T + 4, F) → (B, T, E), unit length."""
        return F.normalize(self.window(features.transpose(1, 2)).transpose(1, 2), dim=-1)


class VoiceEncoder(nn.Module):
    """Windows of (80, 20), one every four columns."""

    def __init__(self, d: SyncDimensions) -> None:
        super().__init__()
        a, b, c, e = d.voice
        self.spectrum = nn.Sequential(
            *_block(1, a, (5, 4), (2, 2), (2, 0)), *_block(a, b, (3, 3), (2, 2), (1, 0)),
            *_block(b, c, (3, 3), (2, 1), (1, 0)), *_block(c, e, (3, 2), (2, 1), (1, 0)),
        )  # fmt: skip
        self.window = nn.Sequential(
            nn.Dropout(d.dropout), nn.Linear(5 * e, d.hidden), nn.GELU(), nn.Dropout(d.dropout)
        )
        self.embedding = nn.Linear(d.hidden, d.embedding)
        self.geometry = nn.Linear(d.hidden, 2)

    def forward(self, mel: Tensor) -> VoiceCode:
        """(B, 80, 4 · T + 16)."""
        found = self.window(self.spectrum(mel[:, None]).permute(0, 3, 1, 2).flatten(2))
        return VoiceCode(F.normalize(self.embedding(found), dim=-1), self.geometry(found))


def _block(
    incoming: int, channels: int, kernel: int | tuple[int, int], stride: tuple[int, int], pad: tuple[int, int]
) -> tuple[nn.Module, ...]:
    convolution = nn.Conv2d(incoming, channels, kernel, stride, pad, bias=False)
    return convolution, nn.BatchNorm2d(channels), nn.GELU()


def upright(landmarks: Tensor) -> Tensor:
    """(..., 2, 3): the turn, size and shift that lay the mean face's nose and eyes onto those of a picture.

    landmarks: (..., 68, 2) in pixels. From distances between the eyes (origin: the mouth) to pixels; least squares.
    """
    shape = torch.tensor(STABLE_POINTS, dtype=landmarks.dtype, device=landmarks.device)
    points = landmarks[..., FIRST_STABLE:LAST_STABLE, :]
    middle, target = shape.mean(0), points.mean(-2, keepdim=True)
    m, p = shape - middle, points - target
    size = m.square().sum()
    a = (m * p).sum((-2, -1)) / size
    b = (m[:, 0] * p[..., 1] - m[:, 1] * p[..., 0]).sum(-1) / size
    turn = torch.stack((torch.stack((a, -b), -1), torch.stack((b, a), -1)), -2)
    return torch.cat((turn, target.transpose(-1, -2) - turn @ middle[:, None]), -1)


def crop_lips(pictures: Tensor, landmarks: Tensor) -> Tensor:
    """The lower face, upright and of one size, as the network sees it; differentiable to the picture.

    pictures: (B, n, 3, H, W) RGB in 0..1; landmarks: (B, n, 68, 2) in their pixels, iBUG-68 order. Returns
    (B, n, 48, 48), grey. Sampled twice as densely and averaged, against aliasing.
    """
    luma = torch.tensor((0.299, 0.587, 0.114), device=pictures.device)
    grey = torch.einsum("bnchw,c->bnhw", pictures.float(), luma)
    height, width = grey.shape[-2:]
    fine = 2 * LIP_CROP
    place = (torch.arange(fine, device=grey.device, dtype=torch.float32) + 0.5) / fine
    x = (place - 0.5) * CROP_SPAN
    y = (place - MOUTH_HEIGHT) * CROP_SPAN
    grid = torch.stack((x.expand(fine, fine), y[:, None].expand(fine, fine)), -1).flatten(0, 1)
    affine = upright(landmarks.float()).flatten(0, 1)
    where = grid @ affine[:, :, :2].transpose(1, 2) + affine[:, None, :, 2]
    scale = torch.tensor((2.0 / width, 2.0 / height), device=grey.device)
    where = ((where + 0.5) * scale - 1.0).reshape(-1, fine, fine, 2)
    crops = F.grid_sample(
        grey.flatten(0, 1)[:, None], where, mode="bilinear", padding_mode="border", align_corners=False
    )
    return F.avg_pool2d(crops, 2).reshape(*grey.shape[:2], LIP_CROP, LIP_CROP)


def lip_geometry(landmarks: Tensor) -> Tensor:
    """(..., 68, 2) pixels → (..., 6), in distances between the eyes, upright.

    Inner opening, outer height, width, height of the middle of the mouth, its sideways shift, height of the chin.
    """
    affine = upright(landmarks)
    inverse = torch.linalg.inv(affine[..., :2])
    points = (landmarks - affine[..., None, :, 2]) @ inverse.transpose(-1, -2)
    upper, lower = points[..., 61:64, :].mean(-2), points[..., 65:68, :].mean(-2)
    opening = lower[..., 1] - upper[..., 1]
    outer = points[..., 56:59, 1].mean(-1) - points[..., 50:53, 1].mean(-1)
    width = points[..., 54, 0] - points[..., 48, 0]
    middle = points[..., 48:60, :].mean(-2)
    chin = points[..., 7:10, 1].mean(-1)
    return torch.stack((opening, outer, width, middle[..., 1], middle[..., 0], chin), -1)
