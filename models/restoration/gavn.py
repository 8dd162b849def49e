"""GAVN: one network for compression, blur and low resolution (Cao et al., "Audio-Assisted Face Video Restoration with
Temporal and Identity Complementary Learning").

Pictures are packed at 2×2: (6, S/2, S/2), four phases of luma, Cb and Cr, so that nothing is lost before the first
convolution, and a convolution of stride 1 there is one of stride 2 on the picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.restoration.gavn_deconvolution import FILTERS, WienerBank
from models.restoration.gavn_identity import IdentityDimensions, IdentityModule, small_rgb
from models.restoration.gavn_temporal import AlignLevel, Pyramid, TemporalDimensions, TemporalModule
from models.restoration.gavn_trust import Trust
from models.restoration.parts import SLOPE, ResidualBlock, rectified

PACKED = 6  # channels of a picture packed at 2×2
PHASES = 4  # of luma
SEEN = 2 * PACKED  # a packed picture beside its details
WIENER = len(FILTERS) * PHASES  # channels of the filters' corrections, packed
AROUND = 9  # cells of 2 pixels, whose mean is no detail
RESIDUAL = 0.3  # size of a fresh residual block's own part
DETAIL = 8.0  # how much larger details are made: what is to be restored differs from the input by that little
MIDDLE = 128.0
LEVEL = 256.0  # what 8-bit samples are divided by: (n − 128) / 256 is exact in bfloat16 too


@dataclass(frozen=True)
class GavnDimensions:
    """What the shapes follow from."""

    side: int  # of a picture, a multiple of 16
    window: int  # 2N + 5 pictures, of which the 2N + 1 in the middle are restored
    temporal: TemporalDimensions
    identity: IdentityDimensions
    rebuilt: tuple[int, int]  # channels of the reconstruction at 1/2 and 1/4

    def __post_init__(self) -> None:
        if self.side % 16:
            raise ValueError(f"pictures of {self.side} pixels do not divide by 16")
        if self.window < 5 or self.window % 2 == 0:
            raise ValueError(f"a window of {self.window} pictures has no middle with two on either side")

    @property
    def targets(self) -> tuple[int, ...]:
        """Numbers, within the window, of the pictures that are restored together."""
        return tuple(range(2, self.window - 2))


@dataclass(frozen=True)
class Branches:
    """What the network may use; what is off is absent, as where a call does not know it."""

    temporal: bool = True
    skip_frames: bool = True
    identity: bool = True  # without it, stage one: the temporal module's picture alone
    landmarks: bool = True
    voice: bool = True


ALL = Branches()


class Restored(NamedTuple):
    """What comes out, (B · targets, 6, S/2, S/2), target by target; as the input is scaled, not clamped."""

    pictures: Tensor
    points: Tensor  # (B · targets, 68, 2) landmarks, in pixels of 256


class Beyond(NamedTuple):
    """What parts of pictures need of the whole ones; targets as in Restored."""

    origin: Tensor  # (B, 2) int64: x and y of each window's part, in cells of 4 pixels
    small: Tensor  # (B · targets, 3, 64, 64) RGB, 0..1
    wiener: Tensor  # (B · targets, 28, h, w): the filters' corrections of the part


class Reconstruction(nn.Module):
    """R: temporal × identity features at 1/4, enlarged, × identity features at 1/2, enlarged (equations 17, 18).

    Beside the paper's, the features at 1/4 say how much of which Wiener filter is right at each place.
    """

    def __init__(self, identity: tuple[int, int], rebuilt: tuple[int, int]) -> None:
        super().__init__()
        (f1, f2), (half, quarter) = identity, rebuilt
        self.at_quarter = nn.Conv2d(f2, 2 * quarter, 1)
        self.up_quarter = ResidualBlock(quarter)
        self.shuffle_quarter = nn.Conv2d(quarter, 4 * half, 3, padding=1)
        self.at_half = nn.Conv2d(f1, 2 * half, 1)
        self.up_half = ResidualBlock(half)
        # Four phases of luma, a pixel shuffle to full size, and chroma, which ends at half of it.
        self.out = nn.Conv2d(half, PACKED, 3, padding=1)
        self.shares = nn.Conv2d(quarter, len(FILTERS), 1)

    def forward(self, temporal: Tensor, half: Tensor, quarter: Tensor, wiener: Tensor) -> Tensor:
        """The residual (B, 6, S/2, S/2); wiener: (B, 28, S/2, S/2), phases of each filter's correction."""
        factor, term = self.at_quarter(quarter).chunk(2, 1)
        x = self.up_quarter(rectified(temporal * factor + term))
        shares = F.interpolate(self.shares(x).float(), scale_factor=2.0, mode="bilinear", align_corners=False)
        each = wiener.reshape(len(wiener), len(FILTERS), PHASES, *wiener.shape[-2:])
        sharpened = (each * shares[:, :, None]).sum(1)
        x = F.pixel_shuffle(rectified(self.shuffle_quarter(x)), 2)
        factor, term = self.at_half(half).chunk(2, 1)
        residual: Tensor = self.out(self.up_half(rectified(x * factor + term))).float()
        return residual + F.pad(sharpened, (0, 0, 0, 0, 0, PACKED - PHASES))


class Gavn(nn.Module):
    """The three modules. ``branches``: which of them are used."""

    def __init__(self, dimensions: GavnDimensions, branches: Branches = ALL) -> None:
        super().__init__()
        self.dimensions, self.branches = dimensions, branches
        quarter = dimensions.rebuilt[1]
        self.temporal = TemporalModule(SEEN, quarter, dimensions.temporal)
        self.coarse = nn.Conv2d(quarter, 4 * PACKED, 3, padding=1)
        self.wiener = WienerBank(dimensions.side)
        self.identity = IdentityModule(SEEN + WIENER, dimensions.side, dimensions.identity)
        self.reconstruction = Reconstruction(dimensions.identity.frame, dimensions.rebuilt)
        self.trust = Trust(dimensions.side)
        self._begin()

    def forward(
        self, pictures: Tensor, voice: Tensor, voiced: Tensor, beyond: Beyond | None = None
    ) -> Restored:
        """All targets of windows.

        pictures: (B, window, 6, h, w), (n − 128) / 256 of 8-bit samples; voice: (B, targets, 21, 13) MFCC; voiced: (B,)
        1, or 0 without a voice; beyond: where the pictures are parts of larger ones.
        """
        targets = self.dimensions.targets
        features = self.features(pictures.transpose(0, 1).flatten(0, 1))
        each = [
            Pyramid(*level) for level in zip(*(f.chunk(pictures.shape[1]) for f in features), strict=True)
        ]
        own = torch.cat([pictures[:, j] for j in targets])
        heard = voice.transpose(0, 1).flatten(0, 1)
        return self.restore(own, each, targets, heard, voiced.repeat(len(targets)), beyond)

    def features(self, pictures: Tensor) -> Pyramid:
        """What of pictures (N, 6, h, w) does not depend on others: F of each."""
        found: Pyramid = self.temporal.deblur(seen(pictures))
        return found

    def restore(
        self,
        own: Tensor,
        features: Sequence[Pyramid],
        targets: Sequence[int],
        voice: Tensor,
        voiced: Tensor,
        beyond: Beyond | None = None,
    ) -> Restored:
        """Some targets of windows whose features are there; ``own``: the targets themselves, (B · targets, 6, h, w)."""
        temporal, coarse = self.from_neighbours(own, features, targets)
        points, residual = self.from_within(own, temporal, voice, voiced, beyond)
        added = coarse + residual
        if beyond is None:
            luma = F.pixel_shuffle(own[:, :PHASES], 2)[:, 0]
            added = added * self.trust(luma * LEVEL + MIDDLE)
        return Restored(own + added, points)

    def from_neighbours(
        self, own: Tensor, features: Sequence[Pyramid], targets: Sequence[int]
    ) -> tuple[Tensor, Tensor]:
        """(T, what stage one adds to the input)."""
        quarter = self.dimensions.rebuilt[1]
        if not self.branches.temporal:
            height, width = own.shape[-2] // 2, own.shape[-1] // 2
            return own.new_zeros(len(own), quarter, height, width), torch.zeros_like(own)
        temporal = self.temporal(features, targets, self.branches.skip_frames)
        return temporal, F.pixel_shuffle(self.coarse(temporal), 2).float()

    def from_within(
        self,
        own: Tensor,
        temporal: Tensor,
        voice: Tensor,
        voiced: Tensor,
        beyond: Beyond | None = None,
    ) -> tuple[Tensor, Tensor]:
        """(landmarks, what identity and reconstruction add to that)."""
        if not self.branches.voice:
            voiced = torch.zeros_like(voiced)
        heard = self.identity.hearing(voice) * voiced[:, None, None]
        small = small_rgb((own * LEVEL + MIDDLE) / 255) if beyond is None else beyond.small
        points = self.identity.points(small, heard)
        if not self.branches.identity:
            return points, torch.zeros_like(own)
        drawn = points.detach() if self.branches.landmarks else None
        if beyond is None:
            origin, wiener = None, self.corrections(own)
        else:
            origin, wiener = beyond.origin.repeat(len(own) // len(beyond.origin), 1), beyond.wiener
        half, quarter = self.identity(torch.cat((seen(own), wiener), 1), drawn, heard, voiced, origin)
        return points, self.reconstruction(temporal, half, quarter, wiener)

    def corrections(self, pictures: Tensor) -> Tensor:
        """Whole pictures (N, 6, S/2, S/2) → (N, 28, S/2, S/2): what each Wiener filter adds, phase by phase."""
        return F.pixel_unshuffle(self.wiener(F.pixel_shuffle(pictures[:, :PHASES], 2)[:, 0]), 2)

    def _begin(self) -> None:
        """Weights from which few steps lead far: signals keep their size, and the picture begins as it came in."""
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, a=SLOPE)
            if isinstance(module, ResidualBlock):
                with torch.no_grad():
                    module.second.weight.mul_(RESIDUAL)
        nothing = [self.coarse, self.reconstruction.out, self.reconstruction.shares]
        nothing += [
            level.offsets for level in self.temporal.align.children() if isinstance(level, AlignLevel)
        ]
        for convolution in nothing:
            nn.init.zeros_(convolution.weight)
            nn.init.zeros_(convolution.bias)  # type: ignore[arg-type]

    def landmark_parameters(self) -> list[nn.Parameter]:
        """Those that the landmarks' labels train; the voice's LSTM serves the identity features too."""
        return [*self.identity.landmarks.parameters(), *self.identity.hearing.parameters()]


def seen(pictures: Tensor) -> Tensor:
    """(N, 6, h, w) → (N, 12, h, w): the pictures, and what in them differs from its surroundings, enlarged."""
    around = F.avg_pool2d(pictures, AROUND, 1, AROUND // 2, count_include_pad=False)
    return torch.cat((pictures, DETAIL * (pictures - around)), 1)
