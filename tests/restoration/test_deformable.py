"""Deformable convolution is what its definition says."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from models.restoration.deformable import DeformableAlignment, deformable_convolution


def bilinear(plane: Tensor, y: float, x: float) -> float:
    """A sample between pixels; zero outside."""
    total = 0.0
    for row in (int(np.floor(y)), int(np.floor(y)) + 1):
        for column in (int(np.floor(x)), int(np.floor(x)) + 1):
            if 0 <= row < plane.shape[0] and 0 <= column < plane.shape[1]:
                total += float(plane[row, column]) * (1 - abs(y - row)) * (1 - abs(x - column))
    return total


def slow(features: Tensor, offsets: Tensor, mask: Tensor, weight: Tensor) -> Tensor:
    """Sample by sample, as in Zhu et al., equation 1."""
    batch, channels, height, width = features.shape
    groups = offsets.shape[1]
    out = torch.zeros(batch, len(weight), height, width)
    for b, o, y, x in np.ndindex(batch, len(weight), height, width):
        for c, tap in np.ndindex(channels, 9):
            g = c * groups // channels
            dx, dy = (float(v) for v in offsets[b, g, tap, :, y, x])
            at = bilinear(features[b, c], y + tap // 3 - 1 + dy, x + tap % 3 - 1 + dx)
            out[b, o, y, x] += float(weight[o, c, tap // 3, tap % 3] * mask[b, g, tap, y, x]) * at
    return out


def test_it_equals_a_slow_reference_with_groups_masks_and_far_offsets() -> None:
    torch.manual_seed(3)
    features, weight = torch.randn(2, 4, 5, 6), torch.randn(3, 4, 3, 3)
    offsets, mask = 2.5 * torch.randn(2, 2, 9, 2, 5, 6), torch.rand(2, 2, 9, 5, 6)
    fast = deformable_convolution(features, offsets, mask, weight)
    torch.testing.assert_close(fast, slow(features, offsets, mask, weight), atol=1e-4, rtol=1e-4)


def test_without_offsets_it_is_a_convolution() -> None:
    features, weight, bias = torch.randn(1, 8, 7, 9), torch.randn(5, 8, 3, 3), torch.randn(5)
    found = deformable_convolution(
        features, torch.zeros(1, 4, 9, 2, 7, 9), torch.ones(1, 4, 9, 7, 9), weight, bias
    )
    torch.testing.assert_close(found, F.conv2d(features, weight, bias, padding=1), atol=1e-4, rtol=1e-4)


def test_gradients_reach_offsets_masks_and_weights() -> None:
    features, weight = torch.randn(1, 4, 6, 6), torch.randn(2, 4, 3, 3, requires_grad=True)
    offsets = (0.3 * torch.randn(1, 1, 9, 2, 6, 6)).requires_grad_()
    mask = torch.rand(1, 1, 9, 6, 6, requires_grad=True)
    torch.autograd.backward(deformable_convolution(features, offsets, mask, weight).square().sum())
    for tensor in (weight, offsets, mask):
        assert tensor.grad is not None
        assert float(tensor.grad.abs().sum()) > 0


def test_a_fresh_alignment_takes_features_from_where_the_motion_says() -> None:
    torch.manual_seed(0)
    align = DeformableAlignment(4, 8, 2)
    other, motion = torch.randn(1, 4, 12, 12), torch.zeros(1, 2, 12, 12)
    motion[:, 0] = 3.0
    moved = align(other, torch.randn(1, 4, 12, 12), motion)
    still = align(other, torch.randn(1, 4, 12, 12), torch.zeros_like(motion))
    torch.testing.assert_close(moved[..., 1:-1, 1:8], still[..., 1:-1, 4:11], atol=1e-5, rtol=1e-4)
