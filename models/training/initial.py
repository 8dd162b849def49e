"""Weights to begin with: those that ship, an earlier stage's or somebody else's."""

from __future__ import annotations

from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from models.checkpoint import WeightsError


def load_initial(network: nn.Module, path: Path) -> str:
    """Copy the weights in ``path`` (safetensors) into ``network``; what they lack stays fresh.

    Returns a sentence that says what was taken. Raises WeightsError for a file that cannot be read, and for one
    with a tensor that the network has not or has in another shape.
    """
    try:
        found = load_file(path)
    except (SafetensorError, OSError) as error:
        raise WeightsError(f"{path} cannot be read as safetensors: {error}") from error
    own = network.state_dict()
    odd = sorted(name for name, value in found.items() if name not in own or own[name].shape != value.shape)
    if odd:
        raise WeightsError(
            f"the weights in {path} do not fit: {odd[0]} and {len(odd) - 1} more are unknown or of another shape"
        )
    network.load_state_dict({name: value.to(own[name].dtype) for name, value in found.items()}, strict=False)
    fresh = sorted(own.keys() - found.keys())
    return f"begun with {len(found)} of {len(own)} tensors from {path}" + (
        f"; fresh: {', '.join(fresh[:3])}{' ...' if len(fresh) > 3 else ''}" if fresh else ""
    )
