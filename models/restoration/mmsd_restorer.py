"""`mmsd` behind the seam of restorers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from models.checkpoint import load_network
from models.restoration.enlarging import enlarged, fold
from models.restoration.mmsd import NEIGHBOURS, WINDOW, Mmsd, MmsdDimensions, picture_size
from models.restoration.mmsd_parts import EMOTIONS, UNKNOWN_EMOTION
from models.restoration.packing import unpack_planes
from models.restoration.recent import Recent
from models.restoration.restorer import VOICE_SHAPE, FacePicture, FacePlanes, Hearing, check_window

NETWORK = "mmsd"


def load_mmsd(path: Path) -> Mmsd:
    """`mmsd` from ``path``. Raises WeightsError."""
    return load_network(path, NETWORK, Mmsd, MmsdDimensions)


class MmsdRestorer:
    """Enlarges one picture at a time by four; the features of a decoded picture are computed once."""

    name = NETWORK
    before = after = NEIGHBOURS

    def __init__(self, network: Mmsd, device: torch.device | str = "cpu") -> None:
        """ValueError for a network of pictures that are not square."""
        rows, columns = picture_size(network.dimensions)
        if rows != columns:
            raise ValueError(f"a restorer of faces needs square pictures, this network has {columns}×{rows}")
        self.side = rows
        self._device = torch.device(device)
        self._network = network.eval()
        self._network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._features: Recent[FacePicture, tuple[Tensor, Tensor]] = Recent(WINDOW, self._featured)

    @property
    def network(self) -> Mmsd:
        """The network itself, for those who count or switch what is in it."""
        return self._network

    @torch.inference_mode()
    def restore(self, window: Sequence[FacePicture], hearing: Hearing) -> FacePlanes:
        """See ``Restorer``. ValueError for another window or voice, or an emotion that there is not."""
        check_window(self, window)
        features = torch.cat([self._features(one)[1] for one in window])[None]
        restored = self._network.restore(
            self._features(window[self.before])[0], features, self._voice(hearing), self._emotion(hearing)
        )
        return unpack_planes(restored.picture.cpu())

    def _featured(self, picture: FacePicture) -> tuple[Tensor, Tensor]:
        folded = fold(picture.planes).to(self._device, memory_format=torch.channels_last)
        return folded, self._network.features(folded)

    def _voice(self, hearing: Hearing) -> Tensor:
        if hearing.voice is None:
            return torch.full((1, *VOICE_SHAPE), torch.nan, device=self._device)
        if hearing.voice.shape != VOICE_SHAPE:
            steps, coefficients = VOICE_SHAPE
            raise ValueError(f"mmsd hears {steps} × {coefficients} MFCC, not {hearing.voice.shape}")
        return torch.from_numpy(np.ascontiguousarray(hearing.voice, np.float32))[None].to(self._device)

    def _emotion(self, hearing: Hearing) -> Tensor:
        emotion = UNKNOWN_EMOTION if hearing.emotion is None else hearing.emotion
        if not UNKNOWN_EMOTION <= emotion < EMOTIONS:
            raise ValueError(f"there is no emotion {emotion}: states are 0 to {EMOTIONS - 1}")
        return torch.tensor([emotion], device=self._device)


def bicubic(planes: FacePlanes) -> FacePlanes:
    """A picture four times as large by bicubic interpolation: what mmsd begins with, and is measured against."""
    return unpack_planes(enlarged(fold(planes)))
