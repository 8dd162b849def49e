"""Small networks in which every input can reach the output."""

import torch
from torch import nn

from models.paper.dimensions import PaperDimensions
from models.paper.network import Paper

NARROW = 1 / 64
TINY = PaperDimensions(picture=64, low_resolution=8, window=3, width=NARROW)
TINY_CALL = PaperDimensions(width=NARROW)  # at the size of a call


def awake(network: nn.Module) -> None:
    """Let no parameter be zero, so that every input can reach the output."""
    for parameter in network.parameters():
        if not parameter.any():
            nn.init.normal_(parameter, std=0.05)


def awake_paper(dimensions: PaperDimensions = TINY) -> Paper:
    """A narrow network of random weights, always the same."""
    torch.manual_seed(0)
    network = Paper(dimensions)
    awake(network)
    return network
