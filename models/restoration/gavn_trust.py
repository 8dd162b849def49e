"""How far to follow the network: pictures from which little was lost are left as they came in."""

from __future__ import annotations

import itertools
import math

import torch
from torch import Tensor, nn

from models.warping import single_precision

REFERENCE = 256  # pixels, for which bands are given
BANDS = (
    16,
    32,
    64,
    90,
    128,
    180,
    256,
)  # cosine coefficients, by their distance from the mean's, that borders are at
FLOOR = 0.05  # grey levels² of a coefficient, rounding to 8 bits


class Trust(nn.Module):
    """A share of the residual, 0 to 1, from a picture's spectrum; fitted after the network was trained.

    Blur and reduction take the fine bands, and coding most of them. Fresh, all of the residual is kept.
    """

    basis: Tensor
    bands: Tensor

    def __init__(self, side: int) -> None:
        """``side``: of whole pictures, in pixels."""
        super().__init__()
        k = torch.arange(side, dtype=torch.float32)
        basis = torch.cos(math.pi * k[:, None] * (2 * k + 1) / (2 * side)) * math.sqrt(2 / side)
        self.register_buffer(
            "basis", basis * torch.where(k == 0, math.sqrt(0.5), 1.0)[:, None], persistent=False
        )
        radius = torch.hypot(k[:, None], k[None]) * REFERENCE / side
        inside = torch.stack([(radius >= a) & (radius < b) for a, b in itertools.pairwise(BANDS)])
        self.register_buffer("bands", inside.float() / inside.sum((1, 2), keepdim=True), persistent=False)
        self.share = nn.Linear(len(BANDS) - 1, 1)
        nn.init.zeros_(self.share.weight)
        nn.init.ones_(self.share.bias)

    def spectrum(self, luma: Tensor) -> Tensor:
        """(B, S, S) in grey levels → (B, 6): logarithms of the bands' mean powers."""
        with single_precision(luma.device):
            power = (self.basis @ luma.float() @ self.basis.T).square()
            return torch.log10(torch.einsum("bij,kij->bk", power, self.bands) + FLOOR)

    def forward(self, luma: Tensor) -> Tensor:
        """(B, 1, 1, 1)."""
        share: Tensor = self.share(self.spectrum(luma)).clamp(0, 1)
        return share[:, :, None, None]
