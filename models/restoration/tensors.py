"""What the restorers' networks are fed with, from pictures and codec maps."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.restoration.restorer import BLOCKS, CodecMaps, FacePicture

CODEC_MAPS = 8
LARGEST_QP = 51
MOTION_UNIT = 16.0  # pixels that count as 1 in the maps


def codec_tensors(codec: CodecMaps | None) -> tuple[Tensor, Tensor]:
    """(packed prediction and residue (32, 64, 64) in 0..1 and −1..1, maps (8, 64, 64)); zeros where nothing is known.

    The maps are known, QP, Intra, partition edges left and above, coded, motion x and y.
    """
    if codec is None:
        return torch.zeros(2 * 16, BLOCKS, BLOCKS), torch.zeros(CODEC_MAPS, BLOCKS, BLOCKS)
    both = np.stack((codec.prediction, codec.residue)).astype(np.float32) / 255.0
    maps = np.stack(
        (
            np.ones_like(codec.qp),
            codec.qp / LARGEST_QP,
            codec.intra,
            *codec.edges,
            codec.coded,
            *(codec.motion.transpose(2, 0, 1) / MOTION_UNIT),
        )
    ).astype(np.float32)
    packed = both.reshape(2, BLOCKS, 4, BLOCKS, 4).transpose(0, 2, 4, 1, 3).reshape(32, BLOCKS, BLOCKS)
    return torch.from_numpy(np.ascontiguousarray(packed)), torch.from_numpy(maps)


def neighbour_motion(window: Sequence[FacePicture], middle: int) -> NDArray[np.float32]:
    """(len − 1, 2, 64, 64): x and y in pixels from picture ``middle`` to where each other picture has it.

    Vectors of the pictures between are added up, as if motion were the same along a path; a later picture's are
    turned round. Where a picture stands in for one that does not exist, and where nothing is known, nothing moves.
    """
    still = np.zeros((2, BLOCKS, BLOCKS), np.float32)
    steps = [
        still
        if one is before or one.codec is None
        else np.ascontiguousarray(one.codec.motion.transpose(2, 0, 1))
        for before, one in pairwise(window)
    ]  # steps[k]: from picture k + 1 to picture k
    motions = [sum(steps[k:middle], still) for k in range(middle)]
    motions += [-sum(steps[middle:k], still) for k in range(middle + 1, len(window))]
    return np.stack(motions) if motions else np.zeros((0, 2, BLOCKS, BLOCKS), np.float32)
