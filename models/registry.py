"""Reconstructors by name; a new one is one entry here."""

from __future__ import annotations

from pathlib import Path

import torch

from models.checkpoint import load_compact, shipped_weights
from models.reconstructor import BicubicReconstructor, CompactReconstructor, Reconstructor

RECONSTRUCTORS = ("bicubic", "compact")


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
    raise ValueError(f"there is no reconstructor {name!r}; there are {', '.join(RECONSTRUCTORS)}")
