"""What is seen and what is heard, as maps of equal shape (Hegde et al., section 3.2)."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from models.paper.dimensions import PaperDimensions
from models.paper.layers import Residual1d, Residual3d, keep_size

EMBEDDING = 512
SEED = 4  # pixels: size of the first map that a moment of the voice becomes


class VisualEncoder(nn.Module):
    """l (N, T, 3, S, S) → f_v (N, T, 512, S, S): residual 3D convolutions, no stride in time or space."""

    def __init__(self, d: PaperDimensions) -> None:
        super().__init__()
        c = d.channels
        self.stem = nn.Conv3d(3, c(64), 3, padding=1)
        self.blocks = nn.Sequential(
            Residual3d(c(64), c(64)),
            Residual3d(c(64), c(128)),
            Residual3d(c(128), c(256)),
            Residual3d(c(256), c(256)),
            Residual3d(c(256), c(EMBEDDING)),
            Residual3d(c(EMBEDDING), c(EMBEDDING)),
        )

    def forward(self, lowres: Tensor) -> Tensor:
        seen: Tensor = self.blocks(self.stem(lowres.transpose(1, 2)))
        return seen.transpose(1, 2)


class AudioEncoder(nn.Module):
    """Log-mel (N, 80, 4T) → f_a (N, T, 512, S, S).

    Residual 1D convolutions, two of them strided, leave a vector for each of the T pictures; transposed convolutions
    make a map of each.
    """

    def __init__(self, d: PaperDimensions) -> None:
        super().__init__()
        c = d.channels
        embedding = c(EMBEDDING)
        self.low_resolution = d.low_resolution
        self.stem = nn.Conv1d(d.mel_bins, c(128), 3, padding=1)
        self.blocks = nn.Sequential(
            Residual1d(c(128), c(128)),
            Residual1d(c(128), c(256), stride=2),
            Residual1d(c(256), embedding, stride=2),
            Residual1d(embedding, embedding),
            Residual1d(embedding, embedding),
            Residual1d(embedding, embedding),
        )
        self.seed = nn.ConvTranspose2d(embedding, embedding, SEED)  # 1×1 → 4×4
        self.doublings = nn.ModuleList(
            nn.ConvTranspose2d(embedding, embedding, 4, stride=2, padding=1)
            for _ in range((d.low_resolution // SEED).bit_length() - 1)
        )
        keep_size(self.doublings)  # or the voice would begin thirty times fainter than the pictures

    def forward(self, mel: Tensor) -> Tensor:
        heard = self.blocks(self.stem(mel))  # (N, 512, T)
        batch, channels, window = heard.shape
        maps: Tensor = self.seed(heard.transpose(1, 2).reshape(batch * window, channels, 1, 1))
        for doubling in self.doublings:
            maps = doubling(F.relu(maps))
        return maps.reshape(batch, window, channels, self.low_resolution, self.low_resolution)
