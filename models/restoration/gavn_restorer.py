"""`gavn` behind the seam of restorers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from models.checkpoint import load_network
from models.restoration.gavn import LEVEL, Gavn, GavnDimensions
from models.restoration.gavn_identity import IdentityDimensions
from models.restoration.gavn_temporal import Pyramid, TemporalDimensions
from models.restoration.recent import Recent
from models.restoration.restorer import VOICE_SHAPE, FacePicture, FacePlanes, Hearing, check_window

NETWORK = "gavn"
MIDDLE = 128.0


def load_gavn(path: Path) -> Gavn:
    """`gavn` from ``path``. Raises WeightsError."""
    return load_network(path, NETWORK, Gavn, _dimensions)  # type: ignore[arg-type]


class GavnRestorer:
    """Restores one picture at a time; what does not depend on other pictures is computed once for each."""

    name = NETWORK

    def __init__(self, network: Gavn, device: torch.device | str = "cpu") -> None:
        self._network = network.eval()
        self._network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._device = torch.device(device)
        window = network.dimensions.window
        self.side = network.dimensions.side
        self.before = self.after = window // 2
        self._features: Recent[FacePicture, tuple[Tensor, Pyramid]] = Recent(window, self._featured)

    @property
    def network(self) -> Gavn:
        """The network itself, for those who count or switch what is in it."""
        return self._network

    @torch.inference_mode()
    def restore(self, window: Sequence[FacePicture], hearing: Hearing) -> FacePlanes:
        """See ``Restorer``; landmarks it finds itself. ValueError for another window or voice."""
        check_window(self, window)
        voice = hearing.voice
        if voice is not None and voice.shape != VOICE_SHAPE:
            raise ValueError(f"gavn hears MFCC of {VOICE_SHAPE}, not {voice.shape}")
        known = [self._features(picture) for picture in window]
        told = np.zeros(VOICE_SHAPE, np.float32) if voice is None else np.ascontiguousarray(voice, np.float32)
        restored = self._network.restore(
            known[self.before][0],
            [features for _, features in known],
            [self.before],
            torch.from_numpy(told)[None].to(self._device),
            torch.tensor([float(voice is not None)], device=self._device),
        )
        return unpacked_planes(restored.pictures[0].cpu())

    def _featured(self, picture: FacePicture) -> tuple[Tensor, Pyramid]:
        packed = scaled(torch.from_numpy(packed_planes(picture.planes))[None])
        packed = packed.to(self._device, memory_format=torch.channels_last)
        return packed, self._network.features(packed)


def packed_planes(planes: FacePlanes) -> NDArray[np.uint8]:
    """(6, S/2, S/2): four phases of luma, Cb, Cr."""
    y = planes.y
    return np.stack((y[::2, ::2], y[::2, 1::2], y[1::2, ::2], y[1::2, 1::2], planes.u, planes.v))


def scaled(packed: Tensor) -> Tensor:
    """8-bit samples as the network has them: (n − 128) / 256."""
    return (packed.float() - MIDDLE) / LEVEL


def unpacked_planes(packed: Tensor) -> FacePlanes:
    """The picture of the network's (6, S/2, S/2), rounded and clamped."""
    levels = (packed.float() * LEVEL + MIDDLE).round().clamp(0, 255).to(torch.uint8)
    y, u, v = (p.contiguous().numpy() for p in (F.pixel_shuffle(levels[:4], 2)[0], levels[4], levels[5]))
    return FacePlanes(y, u, v)


def _dimensions(**stored: Any) -> GavnDimensions:
    """From what JSON has kept: tuples are lists there."""
    temporal = TemporalDimensions(**_tuples(stored.pop("temporal")))
    identity = IdentityDimensions(**_tuples(stored.pop("identity")))
    return GavnDimensions(temporal=temporal, identity=identity, **_tuples(stored))


def _tuples(sizes: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in sizes.items()}
