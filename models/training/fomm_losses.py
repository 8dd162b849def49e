"""L_region of Hegde et al. (section 3.2) and L_fomm, which is the loss of FOMM (Siarohin et al., section 3.3).

L_rec is a plain mean; L_sync is models/sync.py.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from models.training.perceptual import Features
from models.training.thin_plate import ThinPlate
from models.warping import KeyPoints, invert, single_precision

PYRAMID = 4  # sizes at which pictures are compared: full, half, quarter, eighth
# iBUG-68 points of R = 4 regions, and by which share of the larger side their boxes are widened
REGIONS = (
    (slice(48, 68), 0.25),  # lips
    (slice(27, 36), 0.15),  # nose
    (slice(36, 48), 0.15),  # eyes
    (slice(17, 27), 0.15),  # eyebrows
)


def perceptual_loss(features: Features, y: Tensor, target: Tensor) -> Tensor:
    """Σ over sizes and depths of the mean L1 between features (FOMM, section 3.3); y, target: (B, 3, S, S) in 0..1."""
    total = y.new_zeros(())
    for size in range(PYRAMID):
        if size:
            y, target = F.avg_pool2d(y, 2), F.avg_pool2d(target, 2)
        with torch.no_grad():
            wanted = features(target)
        for seen, truth in zip(features(y), wanted, strict=True):
            total = total + (seen.float() - truth.float()).abs().mean()
    return total


def equivariance_loss(
    detector: Callable[[Tensor], KeyPoints], picture: Tensor, found: KeyPoints, deformation: ThinPlate
) -> tuple[Tensor, Tensor]:
    """How badly key points follow a deformation of the picture: (of positions, of local affine transformations).

    ``picture`` (B, 3, S, S) is where ``detector`` has ``found`` them. FOMM, equations 10 and 11: with X deformed by T
    into Y, p_X = T(p_Y), and J_X⁻¹ (dT/dz at p_Y) J_Y is the unit matrix.
    """
    with single_precision(picture.device):
        seen = deformation.picture(picture)
    deformed = detector(seen)
    with single_precision(picture.device):
        value = (found.position - deformation.points(deformed.position)).abs().mean()
        carried = deformation.jacobian(deformed.position) @ deformed.jacobian
        unit = torch.eye(2, device=carried.device)
        return value, (unit - invert(found.jacobian) @ carried).abs().mean()


def region_boxes(landmarks: Tensor) -> Tensor:
    """Landmarks (B, 68, 2) in pixels → (B, 4, 4) boxes x0, y0, x1, y1 of lips, nose, eyes and eyebrows.

    Landmarks that are unknown (NaN) leave boxes of no size.
    """
    boxes = []
    for part, widen in REGIONS:
        low, high = landmarks[:, part].amin(1), landmarks[:, part].amax(1)
        margin = widen * (high - low).amax(1, keepdim=True)
        boxes.append(torch.cat((low - margin, high + margin), 1))
    return torch.stack(boxes, 1).nan_to_num(0.0)


def region_loss(y: Tensor, target: Tensor, boxes: Tensor) -> Tensor:
    """Σ over regions of the mean squared error inside their boxes (B, R, 4), mean over pictures that have boxes.

    Equation 2. The boxes are those of the ground truth in both pictures: a region that has moved away is an error,
    and boxes of the generated picture could be learned from by moving what the detector sees.
    """
    axis = torch.arange(y.shape[-1], device=y.device) + 0.5
    x0, y0, x1, y1 = (edge[..., None] for edge in boxes.unbind(-1))
    across = ((axis >= x0) & (axis < x1)).to(y.dtype)  # (B, R, S)
    down = ((axis >= y0) & (axis < y1)).to(y.dtype)
    error = ((y - target) ** 2).mean(1)  # (B, S, S)
    with single_precision(y.device):
        inside = torch.einsum("brh,bhw,brw->br", down, error, across)
    pixels = down.sum(-1) * across.sum(-1)
    known = (pixels > 0).any(1)
    return (inside / pixels.clamp_min(1.0)).sum() / known.sum().clamp_min(1)
