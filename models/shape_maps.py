"""Shapes of faces as maps and motions: what lips and lids do must enter a network where lips and lids are.

A shape is (B, 70, 2): 68 iBUG landmarks and two iris centres, x and y in −1..1, the picture's outer edges at −1 and 1.
Every map is a sum of products of a Gaussian along x and one along y, so it costs one small matrix product.
"""

from __future__ import annotations

import itertools
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from models.warping import identity_grid, invert

SHAPE_POINTS = 70
PIXEL = 2 / 256  # of a 256-pixel picture, in shape coordinates
RIGID_POINTS = 48  # jaw, brows, nose and lids come first: they move with the head
FINE_POINTS = slice(36, 70)  # lids, lips, irises
FINE_REACH = (3.5,) * 12 + (5.0,) * 20 + (3.0,) * 2  # pixels, one for each fine point
WIDE_REACH = 16.0  # pixels
GROUP_REACH = 6.0  # pixels
GROUPS = (
    (0, 17),
    (17, 27),
    (27, 36),
    (36, 48),
    (48, 60),
    (60, 68),
)  # jaw, brows, nose, lids, outer and inner lips
# Lines of the face, and the map that each is drawn into.
LINES = (
    ((17, 18, 19, 20, 21), 0), ((22, 23, 24, 25, 26), 0),
    ((36, 37, 38, 39), 1), ((42, 43, 44, 45), 1), ((39, 40, 41, 36), 2), ((45, 46, 47, 42), 2),
    ((48, 49, 50, 51, 52, 53, 54), 3), ((54, 55, 56, 57, 58, 59, 48), 4),
    ((60, 61, 62, 63, 64), 5), ((64, 65, 66, 67, 60), 6), ((68, 68), 7), ((69, 69), 7),
)  # fmt: skip
LINE_MAPS = 8
SHAPE_MAPS = LINE_MAPS + 4


class ShapeMotion(NamedTuple):
    """How a face's shape moves: ``source`` is the identity's, ``target`` that of the picture to be shown.

    ``known``: (B, 1), 0 where either has a NaN; both are zero there.
    """

    source: Tensor
    target: Tensor
    known: Tensor


def motion_between(source: Tensor, target: Tensor) -> ShapeMotion:
    """Two shapes that may hold NaN → a motion that holds none."""
    known = (torch.isfinite(source) & torch.isfinite(target)).flatten(1).all(1)
    usable, nowhere = known[:, None, None], torch.zeros_like(source)
    return ShapeMotion(
        torch.where(usable, source, nowhere),
        torch.where(usable, target, nowhere),
        known[:, None].to(source.dtype),
    )


def gaussians(points: Tensor, reach: Tensor | float, size: int) -> tuple[Tensor, Tensor]:
    """(B, K, 2) → Gaussians along x and y, (B, K, size) each; ``reach``: standard deviation, one or (K, 1, 1)."""
    axis = identity_grid(size, points)[0, :, 0]
    along = torch.exp(-0.5 * ((axis - points[..., None]) / reach) ** 2)
    return along[:, :, 0], along[:, :, 1]


def spread(points: Tensor, values: Tensor, reach: Tensor | float, size: int, doubt: float) -> Tensor:
    """Values (B, K, 2) at points (B, K, 2) → a field (B, size, size, 2): their mean nearby, weighted by Gaussians.

    ``doubt``: weight of the zero that is met far from all points.
    """
    x, y = gaussians(points, reach, size)
    weighted = torch.cat((values, torch.ones_like(values[..., :1])), -1).transpose(1, 2)  # (B, 3, K)
    sums = (weighted[:, :, None] * y.transpose(1, 2)[:, None]) @ x[:, None]  # (B, 3, size, size)
    return (sums[:, :2] / (sums[:, 2:] + doubt)).permute(0, 2, 3, 1)


def flow_at(flow: Tensor, points: Tensor) -> Tensor:
    """What a flow (B, S, S, 2) says at points (B, K, 2) → (B, K, 2)."""
    found = F.grid_sample(
        flow.permute(0, 3, 1, 2), points[:, :, None], padding_mode="border", align_corners=False
    )
    return found[..., 0].transpose(1, 2)


def head_motion(motion: ShapeMotion, size: int) -> Tensor:
    """(B, size, size, 2): the affine motion of the points that move with the head, and nearby what they do beyond it.

    The least-squares fit is pulled a little towards a mere shift, so that few or flat points cannot tilt the picture.
    """
    target, source = motion.target[:, :RIGID_POINTS], motion.source[:, :RIGID_POINTS]
    middle = target.mean(1, keepdim=True)
    offset, change = target - middle, source - target
    shift = change.mean(1, keepdim=True)
    scatter = offset.transpose(1, 2) @ offset + 0.05 * torch.eye(2, device=offset.device)
    slope = invert(scatter) @ (offset.transpose(1, 2) @ (change - shift))
    left = change - shift - offset @ slope
    grid = identity_grid(size, target)
    tilt = ((grid.reshape(1, -1, 2) - middle) @ slope).reshape(-1, size, size, 2)
    return grid + shift[:, None] + tilt + spread(target, left, 2 * WIDE_REACH * PIXEL, size, 0.3)


def land_head(flow: Tensor, motion: ShapeMotion) -> Tensor:
    """Bend ``flow`` (B, S, S, 2) so that every target point comes from its source point, smoothly around it."""
    miss = motion.source - flow_at(flow, motion.target)
    return flow + motion.known[:, :, None, None] * spread(
        motion.target, miss, WIDE_REACH * PIXEL, flow.shape[1], 0.3
    )


def land_features(flow: Tensor, motion: ShapeMotion, gate: Tensor) -> Tensor:
    """The same for lids, lips and irises, within a few pixels of each and as far as ``gate`` (B, S, S, 1) lets it."""
    reach = torch.tensor(FINE_REACH, device=flow.device)[:, None, None] * PIXEL
    source, target = motion.source[:, FINE_POINTS], motion.target[:, FINE_POINTS]
    for _ in range(2):
        miss = source - flow_at(flow, target)
        flow = flow + gate * spread(target, miss, reach, flow.shape[1], 0.05)
    return flow


def group_maps(motion: ShapeMotion, size: int) -> Tensor:
    """(B, 6, size, size): where jaw, brows, nose, lids, outer and inner lips are to be, less where they were."""

    def draw(points: Tensor) -> Tensor:
        x, y = gaussians(points, GROUP_REACH * PIXEL, size)
        return torch.stack([y[:, a:b].transpose(1, 2) @ x[:, a:b] for a, b in GROUPS], 1)

    return (draw(motion.target) - draw(motion.source)) * motion.known[:, :, None, None]


def line_points() -> tuple[Tensor, Tensor]:
    """(P, 70): points along all lines, one between two landmarks, as means of landmarks; (8, P): the map of each."""
    rows, maps = [], []
    for line, number in LINES:
        for a, b in itertools.pairwise(line):
            for share in (0.0, 0.5):
                row = torch.zeros(SHAPE_POINTS)
                row[a] += 1 - share
                row[b] += share
                rows.append(row)
                maps.append(number)
    into = torch.zeros(LINE_MAPS, len(rows))
    into[torch.tensor(maps), torch.arange(len(rows))] = 1.0
    return torch.stack(rows), into


def line_maps(shape: Tensor, points: Tensor, into: Tensor, size: int, reach: float) -> Tensor:
    """(B, 8, size, size): brows, upper and lower lids, outer lips (2), inner lips (2), irises; ``reach`` in pixels."""
    x, y = gaussians(points @ shape, reach * PIXEL, size)
    rows = into[None, :, None] * y.transpose(1, 2)[:, None]  # (B, 8, size, P)
    return (rows @ x[:, None]).clamp(max=1.0)


def open_maps(shape: Tensor, places: Tensor) -> Tensor:
    """(B, 2, S, S), 0..1: whether the coordinates ``places`` (B or 1, S, S, 2) lie in the open mouth, in an open eye.

    Mouth and eyes are taken for ellipses through their corners.
    """

    def half_gap(*pairs: tuple[int, int]) -> Tensor:
        return torch.stack([(shape[:, a] - shape[:, b]).norm(dim=-1) for a, b in pairs], -1).mean(-1) / 2

    middle = torch.stack((shape[:, 60:68].mean(1), shape[:, 36:42].mean(1), shape[:, 42:48].mean(1)), 1)
    across = torch.stack(
        (shape[:, 64] - shape[:, 60], shape[:, 39] - shape[:, 36], shape[:, 45] - shape[:, 42]), 1
    )
    half_width = (across.norm(dim=-1, keepdim=True) / 2).clamp(min=2 * PIXEL)  # (B, 3, 1)
    gaps = (
        half_gap((61, 67), (62, 66), (63, 65)),
        half_gap((37, 41), (38, 40)),
        half_gap((43, 47), (44, 46)),
    )
    half_height = torch.stack(gaps, 1)[..., None, None]
    along = (across / (2 * half_width * half_width))[:, :, None, None]  # one at the corner
    offset = places[:, None] - middle[:, :, None, None]  # (B, 3, S, S, 2)
    u = (offset * along).sum(-1)
    v = (offset[..., 1] * along[..., 0] - offset[..., 0] * along[..., 1]) * half_width[..., None]
    v = v / half_height.clamp(min=0.5 * PIXEL)
    edge = 2 * (half_height / (1.5 * PIXEL)).clamp(0.3, 4.0)
    inside = torch.sigmoid(edge * (1 - u * u - v * v)) * (half_height / PIXEL).clamp(0, 1)
    return torch.cat((inside[:, :1], inside[:, 1:].amax(1, keepdim=True)), 1)
