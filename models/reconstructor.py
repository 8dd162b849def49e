"""The seam between a receiver and whatever turns 8×8 pictures into a face."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.compact import Compact, Identity
from models.consistency import downsample, upsample
from models.shape_maps import SHAPE_POINTS

PICTURE = 256


class Reconstructor(Protocol):
    """One picture at a time; the identity's features are computed once, not once a picture."""

    name: str

    def set_identity(self, rgb: NDArray[np.uint8], shape: NDArray[np.float32] | None = None) -> None:
        """Use this (256, 256, 3) RGB image from now on.

        shape: (70, 2), the face in it (callcodec.face.shape) in its pixels; None where it is not known.
        """

    def reconstruct(
        self,
        lowres: NDArray[np.float32],
        mel: NDArray[np.float32],
        emotion: int | None = None,
        shape: NDArray[np.float32] | None = None,
    ) -> Tensor:
        """The picture of slot t, float32 (3, 256, 256) in 0..1, before the low-resolution consistency step.

        lowres: (5, 3, S, S) in 0..1, slots t−4..t at 25 FPS; mel: (80, 20) centred on t; emotion: 0..14; shape:
        (70, 2), the face to be shown, in pixels of 256; None where its sender does not say.
        """


class BicubicReconstructor:
    """The newest low-resolution picture, enlarged: what a receiver shows without a network."""

    name = "bicubic"

    def __init__(self, device: torch.device) -> None:
        self._device = device

    def set_identity(self, rgb: NDArray[np.uint8], shape: NDArray[np.float32] | None = None) -> None:
        """An identity image changes nothing here."""

    def reconstruct(
        self,
        lowres: NDArray[np.float32],
        mel: NDArray[np.float32],  # noqa: ARG002
        emotion: int | None = None,  # noqa: ARG002
        shape: NDArray[np.float32] | None = None,  # noqa: ARG002
    ) -> Tensor:
        """See ``Reconstructor``."""
        return upsample(torch.from_numpy(lowres[-1]).to(self._device), PICTURE).clamp(0.0, 1.0)


class CompactReconstructor:
    """The ``compact`` network with its cached identity."""

    name = "compact"

    def __init__(self, network: Compact, device: torch.device) -> None:
        self._network: Compact = network.eval()
        self._network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._device = device
        self._identity: Identity | None = None
        self._moved: Tensor | None = None

    @property
    def network(self) -> Compact:
        """The network itself, for those who count what is in it."""
        return self._network

    @property
    def moved(self) -> Tensor | None:
        """The identity image as the last picture moved it, (3, 256, 256) in 0..1, with nothing else blended in."""
        return self._moved

    @torch.inference_mode()
    def set_identity(self, rgb: NDArray[np.uint8], shape: NDArray[np.float32] | None = None) -> None:
        """See ``Reconstructor``. ValueError for a picture of another size."""
        if rgb.shape != (PICTURE, PICTURE, 3):
            raise ValueError(f"an identity image is ({PICTURE}, {PICTURE}, 3), not {rgb.shape}")
        image = torch.from_numpy(np.ascontiguousarray(rgb)).to(self._device).permute(2, 0, 1)[None] / 255.0
        self._identity = self._network.encode_identity(
            image.contiguous(memory_format=torch.channels_last), self._batch(shape)
        )

    @torch.inference_mode()
    def reconstruct(
        self,
        lowres: NDArray[np.float32],
        mel: NDArray[np.float32],
        emotion: int | None = None,
        shape: NDArray[np.float32] | None = None,
    ) -> Tensor:
        """See ``Reconstructor``. ValueError for another shape, or without an identity image."""
        if self._identity is None:
            raise ValueError("a picture cannot be reconstructed before there is an identity image")
        dimensions = self._network.dimensions
        side, size = dimensions.low_resolution, lowres.shape[-1]
        if (
            lowres.shape != (dimensions.window, 3, size, size)
            or size % side
            or mel.shape != (dimensions.mel_bins, dimensions.mel_frames)
        ):
            raise ValueError(
                f"compact needs five {side}×{side} pictures (or a multiple of that) and a mel window, "
                f"not {lowres.shape} and {mel.shape}"
            )
        window, voice = (torch.from_numpy(a)[None].to(self._device) for a in (lowres, mel))
        window = downsample(window, side)
        state = torch.tensor([-1 if emotion is None else emotion], device=self._device)
        animation = self._network.animate(window, voice, self._identity, self._batch(shape), state)
        self._moved = animation.moved[0]
        return animation.picture[0].clamp(0.0, 1.0)

    def _batch(self, shape: NDArray[np.float32] | None) -> Tensor | None:
        """(70, 2) → (1, 70, 2). ValueError for another count of points."""
        if shape is None:
            return None
        if shape.shape != (SHAPE_POINTS, 2):
            raise ValueError(f"the shape of a face is ({SHAPE_POINTS}, 2), not {shape.shape}")
        return torch.from_numpy(np.ascontiguousarray(shape, np.float32))[None].to(self._device)
