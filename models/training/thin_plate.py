"""Random smooth deformations of a picture, under which key points must move along (FOMM, section 3.3)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from models.warping import identity_grid

CONTROL_POINTS = 5  # a side
AFFINE_DEVIATION = 0.05
BEND_DEVIATION = 0.005
NEAREST = 1e-6


@dataclass(frozen=True)
class ThinPlate:
    """T(z) = A z + b + Σ w_i r_i² log r_i, the same bend in x and y; r_i is the city-block distance to point i.

    One deformation per picture, drawn with the deviations of FOMM's training on talking faces. Coordinates are
    those of models/warping.py.
    """

    affine: Tensor  # (B, 2, 3)
    control: Tensor  # (P, 2)
    weights: Tensor  # (B, P)

    @staticmethod
    def random(batch: int, device: torch.device) -> ThinPlate:
        """Drawn from torch's random state."""
        noise = AFFINE_DEVIATION * torch.randn(batch, 2, 3)
        axis = torch.linspace(-1, 1, CONTROL_POINTS)
        y, x = torch.meshgrid(axis, axis, indexing="ij")
        weights = BEND_DEVIATION * torch.randn(batch, CONTROL_POINTS**2)
        control = torch.stack((x, y), -1).reshape(-1, 2)
        return ThinPlate((noise + torch.eye(2, 3)).to(device), control.to(device), weights.to(device))

    def points(self, coordinates: Tensor) -> Tensor:
        """T of (B, P, 2)."""
        linear = coordinates @ self.affine[:, :, :2].transpose(1, 2) + self.affine[:, None, :, 2]
        distance = self._offset(coordinates).abs().sum(-1)
        bend = (distance**2 * torch.log(distance + NEAREST) * self.weights[:, None]).sum(-1, keepdim=True)
        return linear + bend

    def jacobian(self, coordinates: Tensor) -> Tensor:
        """dT/dz at (B, P, 2): (B, P, 2, 2), in closed form."""
        offset = self._offset(coordinates)
        distance = offset.abs().sum(-1)
        slope = 2 * distance * torch.log(distance + NEAREST) + distance**2 / (distance + NEAREST)
        gradient = (offset.sign() * (slope * self.weights[:, None])[..., None]).sum(2)  # (B, P, 2)
        return self.affine[:, None, :, :2] + gradient[:, :, None, :]

    def picture(self, picture: Tensor) -> Tensor:
        """(B, C, S, S) as it looks through T: what stands at z comes from T(z); mirrored beyond the edge."""
        batch, _, size, _ = picture.shape
        grid = identity_grid(size, picture.float()).reshape(1, -1, 2).expand(batch, -1, -1)
        where = self.points(grid).reshape(batch, size, size, 2).to(picture.dtype)
        return F.grid_sample(picture, where, padding_mode="reflection", align_corners=False)

    def _offset(self, coordinates: Tensor) -> Tensor:
        """(B, P, control points, 2)."""
        return coordinates[:, :, None] - self.control
