"""What the landmark network is trained by."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from models.landmark_network import CROP, PICTURE, LandmarkNetwork
from models.training.landmark_data import LandmarkSample

WING_WIDTH, WING_CURVATURE = 8.0, 1.0  # pixels of the crop
SURE_WITHIN = 0.1  # of the inter-ocular distance: an error of this size has confidence 1/e
# Pairs across which lips and eyelids open.
ABOVE = (61, 62, 63, 37, 38, 43, 44)
BELOW = (67, 66, 65, 41, 40, 47, 46)


def landmark_loss(network: LandmarkNetwork, batch: LandmarkSample) -> dict[str, Tensor]:
    """Wing loss of the points, lips and eyelids weighted; of their openings; rough points; confidence."""
    face = batch.face
    share = face / face.sum().clamp_min(1)
    small, crop = (
        (bytes_ / 255.0).contiguous(memory_format=torch.channels_last) for bytes_ in (batch.small, batch.crop)
    )
    rough = network.finder(small)
    found = network.face(crop, batch.mel, batch.heard)
    truth = batch.points_in_crop
    weight = point_weights(truth.device)[None, :, None]
    opened = found.points[:, ABOVE] - found.points[:, BELOW] - (truth[:, ABOVE] - truth[:, BELOW])
    between_eyes = torch.linalg.vector_norm(truth[:, 36] - truth[:, 45], dim=-1).clamp_min(1)
    error = torch.linalg.vector_norm(found.points.detach() - truth, dim=-1).mean(1) / between_eyes
    sure = torch.exp(-error / SURE_WITHIN) * face
    return {
        "points": _mean(wing(found.points - truth) * weight, share),
        "seen": 0.3 * _mean(wing(found.seen - truth) * weight, share),
        "openings": 1.5 * _mean(wing(opened), share),
        "rough": 0.3 * _mean(wing((rough - batch.points) * (CROP / PICTURE)), share),
        "confidence": F.binary_cross_entropy_with_logits(found.confidence, sure),
    }


def wing(x: Tensor) -> Tensor:
    """Wing loss (Feng et al. 2018, equation 5): logarithmic near 0, so that small errors count; linear far off."""
    size = x.abs()
    offset = WING_WIDTH - WING_WIDTH * math.log1p(WING_WIDTH / WING_CURVATURE)
    return torch.where(size < WING_WIDTH, WING_WIDTH * torch.log1p(size / WING_CURVATURE), size - offset)


def point_weights(device: torch.device) -> Tensor:
    """(68,): eyelids and inner lips before outer lips before the rest; mean 1."""
    weight = torch.ones(68, device=device)
    weight[36:48] = 2.5
    weight[48:60] = 2.0
    weight[60:68] = 3.0
    weight[:17] = 0.6
    return weight / weight.mean()


def _mean(values: Tensor, share: Tensor) -> Tensor:
    return (values.flatten(1).mean(1) * share).sum()
