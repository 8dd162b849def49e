"""Wiener filters for blur of several widths: what a network cannot learn as precisely from few pictures.

A Gaussian is a factor for each coefficient of a picture's cosine transform, and so is the filter that undoes it best;
a network is left to say where which of them is right.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from models.warping import single_precision

REFERENCE = 256  # pixels, for which powers are given
POWER = (
    1.6e8  # of coefficient k of 256×256 training pictures: POWER / k³, grey levels² (orthonormal transform)
)
# Deviation in pixels of what is undone, and power of what is not signal: rounding to 8 bits where a picture was
# blurred, aliases where it was reduced (by 2, 4 and 8).
FILTERS = ((2.6, 0.2), (3.1, 0.2), (3.6, 0.2), (4.1, 0.2), (1.0, 8.0), (1.8, 20.0), (3.4, 100.0))
TAPER = 0.8  # of the band, from where corrections fade out


class WienerBank(nn.Module):
    """Corrections of luma, one for each of FILTERS."""

    basis: Tensor
    gains: Tensor

    def __init__(self, side: int) -> None:
        """``side``: of whole pictures, in pixels."""
        super().__init__()
        band = side // 2
        k, n = torch.arange(band, dtype=torch.float32), torch.arange(side, dtype=torch.float32)
        basis = torch.cos(math.pi * k[:, None] * (2 * n + 1) / (2 * side)) * math.sqrt(2 / side)
        self.register_buffer(
            "basis", basis * torch.where(k == 0, math.sqrt(0.5), 1.0)[:, None], persistent=False
        )
        radius = torch.hypot(k[:, None], k[None])
        fading = ((1 - radius / band) / (1 - TAPER)).clamp(0, 1)
        power = POWER / (radius * REFERENCE / side).clamp(min=1) ** 3
        gains = []
        for deviation, noise in FILTERS:
            blur = torch.exp(-2 * (math.pi * deviation * radius / (2 * side)) ** 2)
            gains.append((blur * power / (blur**2 * power + noise) - 1) * fading)
        self.register_buffer("gains", torch.stack(gains), persistent=False)

    def forward(self, luma: Tensor) -> Tensor:
        """(B, S, S) → (B, filters, S, S) float32: what each filter would add."""
        with single_precision(luma.device):
            coefficients = self.basis @ luma.float() @ self.basis.T
            added: Tensor = self.basis.T @ (self.gains * coefficients[:, None]) @ self.basis
            return added
