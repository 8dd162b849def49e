"""Features in which pictures are compared: those of VGG-19 where its weights are, our own otherwise."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from pickle import UnpicklingError
from typing import Protocol

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F

from models.checkpoint import WeightsError, load_compact, shipped_weights

LOG = logging.getLogger(__name__)
CACHED_FILE = "vgg19-dcbb9e9d.pth"  # as torchvision names what it downloads
# Convolutions' channels, "M" for a pooling (Simonyan & Zisserman, configuration E), up to relu5_1.
LAYERS = (64, 64, "M", 128, 128, "M", 256, 256, 256, 256, "M", 512, 512, 512, 512, "M", 512)
TAPS = (1, 6, 11, 20, 29)  # relu1_1, relu2_1, relu3_1, relu4_1, relu5_1
SMALLEST_NORM = 1e-3


class Features(Protocol):
    """A frozen network that sees pictures (B, 3, S, S) in 0..1 at several depths."""

    def __call__(self, picture: Tensor) -> Sequence[Tensor]:
        """Maps (B, C, s, s), the shallowest first."""

    def to(self, device: torch.device) -> nn.Module:
        """As of ``nn.Module``."""


class Vgg19(nn.Module):
    """The convolutional part of VGG-19 up to relu5_1; parameters are named as torchvision names them."""

    mean: Tensor
    std: Tensor

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        channels = 3
        for out in LAYERS:
            if isinstance(out, int):
                layers += [nn.Conv2d(channels, out, 3, padding=1), nn.ReLU()]
                channels = out
            else:
                layers.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*layers)
        for name, values in (("mean", (0.485, 0.456, 0.406)), ("std", (0.229, 0.224, 0.225))):
            self.register_buffer(name, torch.tensor(values).reshape(3, 1, 1), persistent=False)

    def forward(self, picture: Tensor) -> list[Tensor]:
        """(B, 3, S, S) in 0..1, S ≥ 16 → five maps."""
        x = (picture - self.mean) / self.std
        seen = []
        for number, layer in enumerate(self.features):
            x = layer(x)
            if number in TAPS:
                seen.append(x)
        return seen


class OwnFeatures(nn.Module):
    """What the shipped `compact` sees in an identity image, each place's features scaled to a mean square of 1."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = load_compact(shipped_weights("compact")).identity_encoder

    def forward(self, picture: Tensor) -> list[Tensor]:
        """(B, 3, S, S) in 0..1, S a multiple of 8 → maps at S / 2, S / 4 and S / 8."""
        maps: Sequence[Tensor] = self.encoder(picture)
        return [F.normalize(seen, dim=1, eps=SMALLEST_NORM) * seen.shape[1] ** 0.5 for seen in maps]


def perceptual_features(vgg19: Path | None = None) -> Features:
    """VGG-19 from ``vgg19``, or from where torchvision keeps its downloads; our own features where neither is.

    Which of them it is stands in the log. Raises WeightsError for a file that is named and cannot be used.
    """
    path = vgg19 or cached_vgg19()
    if path is None:
        LOG.warning(
            "the weights of VGG-19 are not in %s: the perceptual loss compares features of our own networks "
            "(compact) instead; a file of torchvision's can be named in the configuration (vgg19: PATH)",
            _cache_folder() / CACHED_FILE,
        )
        return OwnFeatures().requires_grad_(False).eval()
    LOG.info("the perceptual loss compares features of VGG-19 from %s", path)
    return load_vgg19(path)


def cached_vgg19() -> Path | None:
    """Where torchvision has left the weights of VGG-19; None where it has not."""
    path = _cache_folder() / CACHED_FILE
    return path if path.is_file() else None


def load_vgg19(path: Path) -> Vgg19:
    """VGG-19 from torchvision's state dict, .pth or .safetensors; frozen. Raises WeightsError."""
    if not path.is_file():
        raise WeightsError(f"there are no weights of VGG-19 at {path}")
    try:
        loaded = load_file(path) if path.suffix == ".safetensors" else torch.load(path, weights_only=True)
    except (SafetensorError, UnpicklingError, RuntimeError, EOFError, OSError, KeyError) as error:
        raise WeightsError(f"{path} is not a file of weights: {error}") from error
    network = Vgg19()
    needed = network.state_dict()
    if not isinstance(loaded, dict) or any(
        key not in loaded or loaded[key].shape != value.shape for key, value in needed.items()
    ):
        raise WeightsError(
            f"{path} does not hold VGG-19 as torchvision saves it (features.0.weight and so on)"
        )
    network.load_state_dict({key: loaded[key].float() for key in needed})
    return network.requires_grad_(False).eval()


def _cache_folder() -> Path:
    return Path(torch.hub.get_dir()) / "checkpoints"
