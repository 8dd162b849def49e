"""Reconstructors by name; a new one is one entry here."""

from __future__ import annotations

from pathlib import Path

import torch

from models.checkpoint import WeightsError, load_compact, shipped_weights
from models.paper.network import load_paper
from models.paper.reconstructor import PaperReconstructor
from models.reconstructor import BicubicReconstructor, CompactReconstructor, Reconstructor

SHIPPED = ("bicubic", "compact")  # need no file of weights
RECONSTRUCTORS = (*SHIPPED, "paper")


def create_reconstructor(
    name: str, device: torch.device | str = "cpu", weights: Path | None = None
) -> Reconstructor:
    """The reconstructor ``name`` on ``device``; ``weights``: a safetensors file instead of the shipped one.

    Raises ValueError for an unknown name, WeightsError (a ValueError) for weights that cannot be used.
    """
    device = torch.device(device)
    if name == "bicubic":
        return BicubicReconstructor(device)
    if name == "compact":
        return CompactReconstructor(load_compact(weights or shipped_weights(name)), device)
    if name == "paper":
        if weights is None:
            raise WeightsError(
                "the weights of 'paper' are not shipped (143 M parameters): train it (callcodec train "
                "train/paper_stage1, then train/paper_stage2) and name the file, or use 'compact'"
            )
        return PaperReconstructor(load_paper(weights), device)
    raise ValueError(f"there is no reconstructor {name!r}; there are {', '.join(RECONSTRUCTORS)}")
