"""Samples apart from what is trained on them, so that a process that makes them starts quickly."""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from models.training.task import RandomSamples


class Point(NamedTuple):
    """x: (4,), y: (1,)."""

    x: Tensor
    y: Tensor


class Points(RandomSamples[Point]):
    """y is the sum of x."""

    def sample(self, random: np.random.Generator) -> Point:
        x = torch.from_numpy(random.normal(size=4).astype(np.float32))
        return Point(x, x.sum(0, keepdim=True))
