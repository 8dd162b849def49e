"""A drawn shape and an untrained network, for tests that need no weights."""

import numpy as np
import torch
from numpy.typing import NDArray

from models.landmark_network import CROP, LandmarkDimensions, LandmarkNetwork

TINY = LandmarkDimensions(finder=(4, 4, 4, 4), face=(4, 4, 4, 8), voice=4, hidden=8)


def mean_shape() -> NDArray[np.float32]:
    """(68, 2) in pixels of the crop: points on a spiral, so that no turn or flip maps them onto themselves."""
    angle = np.linspace(0, 9, 68)
    spiral = np.stack((np.cos(angle), np.sin(angle)), -1) * np.linspace(0.3, 1, 68)[:, None]
    return (CROP / 2 + spiral * CROP * 0.4).astype(np.float32)


def untrained(dimensions: LandmarkDimensions = TINY) -> LandmarkNetwork:
    """The same every time, in evaluation mode."""
    torch.manual_seed(0)
    network = LandmarkNetwork(dimensions)
    network.mean_shape.copy_(torch.from_numpy(mean_shape()))
    # The finder says about where a face in the middle of the picture would be.
    network.finder.points.bias.data.copy_(((network.mean_shape - CROP / 2) * 1.6 / 64).flatten())
    return network.eval()
