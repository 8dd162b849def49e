"""The whole network: backbone, then animation of the identity image (Hegde et al., Fig. 3)."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from torch import Tensor, nn

from models.checkpoint import load_network
from models.paper.animation import Animated, FaceAnimation, Source
from models.paper.backbone import PaperBackbone
from models.paper.dimensions import PaperDimensions

NAME = "paper"
STAGE_ONE_NAME = "paper_backbone"  # what stage one leaves behind, and stage two begins with


class Upsampled(NamedTuple):
    """Pictures of a window, (N, T, 3, 256, 256), about 0..1, not clamped, and what made them."""

    picture: Tensor  # F_hr
    intermediate: Tensor  # F_int
    animated: Animated  # its T folded into the batch


class Paper(nn.Module):
    """8×8 pictures, voice and one identity image → 256×256."""

    def __init__(self, dimensions: PaperDimensions) -> None:
        super().__init__()
        self.dimensions = dimensions
        self.backbone = PaperBackbone(dimensions)
        self.animation = FaceAnimation(dimensions)

    def encode_identity(self, image: Tensor) -> Source:
        """image: (N, 3, 256, 256) in 0..1; once per identity."""
        return self.animation.encode_identity(image)

    def forward(
        self,
        lowres: Tensor,
        mel: Tensor,
        identity: Tensor | Source,
        emotion: Tensor | None = None,
        newest_only: bool = False,
    ) -> Upsampled:
        """lowres (N, T, 3, S, S) in 0..1, mel (N, 80, 4T), identity image (N, 3, 256, 256) or what is cached of it.

        emotion: (N,) states 0..14, −1 or None where it is unknown. ``newest_only``: T is 1 in what comes back, the
        last picture.
        """
        source = identity if isinstance(identity, Source) else self.encode_identity(identity)
        intermediate: Tensor = self.backbone(lowres, mel, emotion, newest_only)
        window = intermediate.shape[1]
        animated: Animated = self.animation(intermediate.flatten(0, 1), source.repeated(window))
        return Upsampled(animated.picture.reshape(intermediate.shape), intermediate, animated)


class PaperStageOne(nn.Module):
    """The backbone alone, as it is trained first; its weights have the names that they have in ``Paper``."""

    def __init__(self, dimensions: PaperDimensions) -> None:
        super().__init__()
        self.dimensions = dimensions
        self.backbone = PaperBackbone(dimensions)

    def forward(
        self, lowres: Tensor, mel: Tensor, emotion: Tensor | None = None, newest_only: bool = False
    ) -> Tensor:
        """F_int, as ``PaperBackbone`` makes it."""
        intermediate: Tensor = self.backbone(lowres, mel, emotion, newest_only)
        return intermediate


def load_paper(path: Path) -> Paper:
    """`paper` from ``path``. Raises WeightsError."""
    return load_network(path, NAME, Paper, PaperDimensions)
