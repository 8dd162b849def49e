"""`mdvd` behind the seam of restorers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.checkpoint import load_network
from models.restoration.mdvd import Codec, FrameFeatures, Mdvd, MdvdDimensions
from models.restoration.packing import pack_planes, unpack_planes
from models.restoration.parts import LANDMARKS
from models.restoration.recent import Recent
from models.restoration.restorer import (
    PICTURE,
    VOICE_SHAPE,
    FacePicture,
    FacePlanes,
    Hearing,
    check_window,
)
from models.restoration.tensors import codec_tensors, neighbour_motion

NETWORK = "mdvd"


def load_mdvd(path: Path) -> Mdvd:
    """`mdvd` from ``path``. Raises WeightsError."""
    return load_network(path, NETWORK, Mdvd, MdvdDimensions)


class MdvdRestorer:
    """Restores one picture at a time; the features of a decoded picture are computed once."""

    name = NETWORK
    side = PICTURE

    def __init__(self, network: Mdvd, device: torch.device | str = "cpu") -> None:
        self._network = network.eval()
        self._network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._device = torch.device(device)
        self.before = self.after = network.dimensions.neighbours // 2
        self._features: Recent[FacePicture, tuple[Tensor, FrameFeatures]] = Recent(
            network.dimensions.neighbours + 1, self._featured
        )

    @property
    def network(self) -> Mdvd:
        """The network itself, for those who count or switch what is in it."""
        return self._network

    @torch.inference_mode()
    def restore(self, window: Sequence[FacePicture], hearing: Hearing) -> FacePlanes:
        """See ``Restorer``. ValueError for another window, voice or number of landmarks."""
        check_window(self, window)
        own_packed, own = self._features(window[self.before])
        others = torch.cat(
            [self._features(one)[1].coarse for k, one in enumerate(window) if k != self.before]
        )[None]
        picture, maps = codec_tensors(window[self.before].codec)
        motion = torch.from_numpy(neighbour_motion(window, self.before))
        codec = Codec(
            picture[None].to(self._device, memory_format=torch.channels_last),
            maps[None].to(self._device, memory_format=torch.channels_last),
            motion[None].to(self._device),
        )
        restored = self._network.restore(
            own_packed,
            own,
            others,
            codec,
            self._told(hearing.voice, VOICE_SHAPE),
            self._told(hearing.landmarks, (LANDMARKS, 2)),
            torch.zeros(1, 2, device=self._device),
        )
        return unpack_planes(restored.picture.cpu())

    def _featured(self, picture: FacePicture) -> tuple[Tensor, FrameFeatures]:
        packed = pack_planes(picture.planes).to(self._device, memory_format=torch.channels_last)
        return packed, self._network.features(packed)

    def _told(self, values: NDArray[np.float32] | None, shape: tuple[int, int]) -> Tensor:
        """(1, *shape); NaN where nothing is known."""
        if values is None:
            return torch.full((1, *shape), torch.nan, device=self._device)
        if values.shape != shape:
            raise ValueError(f"mdvd is told of {shape[0]} × {shape[1]} values, not {values.shape}")
        return torch.from_numpy(np.ascontiguousarray(values, np.float32))[None].to(self._device)
