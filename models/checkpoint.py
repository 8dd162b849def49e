"""Weights on disk: safetensors, half precision, dimensions and data list inside, checked by their SHA-256."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable, Sequence
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from models.compact import Compact
from models.compact_parts import CompactDimensions

DimensionsT = TypeVar("DimensionsT")
NetworkT = TypeVar("NetworkT", bound=nn.Module)


class WeightsError(ValueError):
    """Weights that are missing, damaged or of another shape; the message says which file and what to do."""


def export_weights(network: nn.Module, path: Path, data: Sequence[str], name: str = "compact") -> None:
    """Write ``network`` as fp16 safetensors, and its hash beside it.

    ``data``: the clips it was trained on; ``name``: of the kind of network, which whoever loads it checks. The
    network's attribute ``dimensions`` is the dataclass that its shapes follow from.
    """
    dimensions: Any = network.dimensions
    tensors = {
        key: (value.half() if value.is_floating_point() else value).contiguous()
        for key, value in network.state_dict().items()
    }
    metadata = {
        "network": name,
        "dimensions": json.dumps(dataclasses.asdict(dimensions)),
        "data": json.dumps(list(data)),
    }
    save_file(tensors, path, metadata)
    path.chmod(0o644)  # safetensors writes for its owner alone
    card = {"file": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    path.with_suffix(".json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")


def shipped_weights(name: str) -> Path:
    """Path of the weights that come with the package, once their hash was checked. Raises WeightsError."""
    folder = weights_folder()
    path, card = folder / f"{name}.safetensors", folder / f"{name}.json"
    if not path.is_file() or not card.is_file():
        raise WeightsError(
            f"the weights of {name!r} are missing: {path} and {card.name} should come with the package"
        )
    expected = json.loads(card.read_text(encoding="utf-8"))["sha256"]
    if hashlib.sha256(path.read_bytes()).hexdigest() != expected:
        raise WeightsError(
            f"{path} is not the file that {card.name} describes (SHA-256 differs): install it again"
        )
    return path


def weights_folder() -> Path:
    """Where the weights that come with the package lie."""
    return Path(str(resources.files("models.weights")))


def load_compact(path: Path) -> Compact:
    """`compact` from ``path``. Raises WeightsError."""
    return load_network(path, "compact", Compact, CompactDimensions)


def load_network(
    path: Path, name: str, network: Callable[[DimensionsT], NetworkT], dimensions: type[DimensionsT]
) -> NetworkT:
    """Rebuild a network from what ``export_weights`` wrote: frozen, in evaluation mode, single precision, on the CPU.

    ``name``: of the kind of network that is expected; ``network`` makes one from its ``dimensions``, a dataclass.
    Raises WeightsError where the file is missing, damaged, of another network, or does not fit its dimensions.
    """
    metadata, tensors = _read(path)
    if metadata.get("network") != name:
        raise WeightsError(
            f"{path} holds weights of {metadata.get('network', 'an unnamed network')!r}, not of {name!r}"
        )
    try:
        sizes = json.loads(metadata["dimensions"]).items()
        made = network(dimensions(**{k: tuple(v) if isinstance(v, list) else v for k, v in sizes}))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise WeightsError(f"{path} does not say the dimensions of its network: {error}") from error
    shapes = {key: value.shape for key, value in made.state_dict().items()}
    wrong = sorted(
        k for k in shapes.keys() | tensors.keys() if k not in tensors or shapes.get(k) != tensors[k].shape
    )
    if wrong:
        raise WeightsError(
            f"{path} has weights of another shape: {wrong[0]} and {len(wrong) - 1} more do not fit"
        )
    made.load_state_dict(tensors)
    return made.requires_grad_(False).eval()


def network_of(path: Path) -> str:
    """The kind of network whose weights ``path`` holds, as ``export_weights`` was told. Raises WeightsError."""
    name = _read(path)[0].get("network")
    if name is None:
        raise WeightsError(f"{path} does not say which network its weights are of")
    return name


def _read(path: Path) -> tuple[dict[str, str], dict[str, Tensor]]:
    """(metadata, tensors) of a safetensors file; halves become singles. Raises WeightsError."""
    if not path.is_file():
        raise WeightsError(f"there are no weights at {path}")
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise WeightsError(f"{path} is not a safetensors file: {error}") from error
    return metadata, {key: t.float() if t.is_floating_point() else t for key, t in tensors.items()}
