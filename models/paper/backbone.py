"""The backbone: low-resolution pictures and voice → F_int, the driving video (Hegde et al., section 3.2)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.paper.back_projection import UP_PROJECTIONS, BackProjection
from models.paper.dimensions import PaperDimensions
from models.paper.encoders import EMBEDDING, AudioEncoder, VisualEncoder

FEATURES, PROJECTED = 256, 64  # n0 and nR of DBPN
STEPS = {
    4: (4,),
    8: (8,),
    16: (4, 4),
    32: (8, 4),
}  # DBPN publishes ×2, ×4 and ×8; more is one after the other


class PaperBackbone(nn.Module):
    """Visual encoder, audio encoder, identity structure and motion predictor; trained alone first (equation 1)."""

    def __init__(self, dimensions: PaperDimensions) -> None:
        super().__init__()
        self.dimensions = dimensions
        embedding = dimensions.channels(EMBEDDING)
        self.visual_encoder = VisualEncoder(dimensions)
        self.audio_encoder = AudioEncoder(dimensions)
        self.emotion = nn.Embedding(dimensions.emotions, 2 * embedding)
        nn.init.zeros_(self.emotion.weight)  # a state that was never learned says nothing
        self.predictor = Predictor(dimensions)

    def forward(
        self, lowres: Tensor, mel: Tensor, emotion: Tensor | None = None, newest_only: bool = False
    ) -> Tensor:
        """lowres (N, T, 3, S, S) in 0..1, mel (N, 80, 4T) → F_int (N, T, 3, 256, 256), about 0..1, not clamped.

        emotion: (N,) states 0..14, −1 or None where it is unknown. ``newest_only``: the last picture alone is made,
        (N, 1, 3, 256, 256), as a call shows it.
        """
        fused = self.fuse(lowres, mel, emotion)
        if newest_only:
            fused = fused[:, -1:]
        pictures: Tensor = self.predictor(fused.flatten(0, 1))
        return pictures.reshape(*fused.shape[:2], *pictures.shape[1:])

    def fuse(self, lowres: Tensor, mel: Tensor, emotion: Tensor | None = None) -> Tensor:
        """f_cat (N, T, 1024, S, S): what is seen beside what is heard, the emotion state added to both."""
        fused = torch.cat((self.visual_encoder(lowres), self.audio_encoder(mel)), 2)
        if emotion is None:
            return fused
        known = (emotion >= 0)[:, None]
        state = self.emotion(emotion.clamp_min(0)) * known
        conditioned: Tensor = fused + state[:, None, :, None, None]
        return conditioned


class Predictor(nn.Module):
    """f_cat, its T folded into the batch: (N · T, 1024, S, S) → (N · T, 3, 256, 256), by back-projection."""

    def __init__(self, d: PaperDimensions) -> None:
        super().__init__()
        c = d.channels
        projected = c(PROJECTED)
        self.features = nn.Conv2d(2 * c(EMBEDDING), c(FEATURES), 3, padding=1)
        scales = STEPS[d.scale]
        entering = [c(FEATURES)] + [UP_PROJECTIONS * projected] * (len(scales) - 1)
        self.enter = nn.ModuleList(nn.Conv2d(channels, projected, 1) for channels in entering)
        self.project = nn.ModuleList(BackProjection(projected, scale) for scale in scales)
        self.picture = nn.Conv2d(UP_PROJECTIONS * projected, 3, 3, padding=1)
        nn.init.constant_(self.picture.bias, 0.5)  # type: ignore[arg-type]

    def forward(self, fused: Tensor) -> Tensor:
        x = F.relu(self.features(fused))
        for enter, project in zip(self.enter, self.project, strict=True):
            x = project(F.relu(enter(x)))
        picture: Tensor = self.picture(x)
        return picture
