"""`paper` behind the receiver's seam."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.consistency import downsample
from models.paper.animation import Source
from models.paper.network import Paper

CALL_WINDOW = 5  # pictures that a receiver has of the past
CALL_MEL_FRAMES = 20  # centred on the picture to be shown
PICTURE = 256


class PaperReconstructor:
    """The ``paper`` network with its cached identity; the identity's features are computed once."""

    name = "paper"

    def __init__(self, network: Paper, device: torch.device) -> None:
        """ValueError for a network that needs more pictures or another stretch of the voice than a call has."""
        d = network.dimensions
        self._first_mel = CALL_MEL_FRAMES // 2 + d.mel_start
        if d.window > CALL_WINDOW or self._first_mel < 0:
            raise ValueError(
                f"these weights of paper need {d.window} pictures and the voice from {-d.mel_start * 10} ms before the "
                f"newest one; a call has {CALL_WINDOW} pictures and {CALL_MEL_FRAMES * 5} ms: train with window 5 or 3 "
                "and voice_centre newest"
            )
        self._network: Paper = network.eval()
        self._network.to(device)
        self._device = device
        self._source: Source | None = None

    @property
    def network(self) -> Paper:
        """The network itself, for those who count what is in it."""
        return self._network

    @torch.inference_mode()
    def set_identity(
        self,
        rgb: NDArray[np.uint8],
        shape: NDArray[np.float32] | None = None,  # noqa: ARG002 (it finds its own key points)
    ) -> None:
        """Use this (256, 256, 3) RGB image from now on. ValueError for another shape."""
        if rgb.shape != (PICTURE, PICTURE, 3):
            raise ValueError(f"an identity image is ({PICTURE}, {PICTURE}, 3), not {rgb.shape}")
        image = torch.from_numpy(np.ascontiguousarray(rgb)).to(self._device).permute(2, 0, 1)[None] / 255.0
        self._source = self._network.encode_identity(image.contiguous())

    @torch.inference_mode()
    def reconstruct(
        self,
        lowres: NDArray[np.float32],
        mel: NDArray[np.float32],
        emotion: int | None = None,
        shape: NDArray[np.float32] | None = None,  # noqa: ARG002 (the paper has none)
    ) -> Tensor:
        """See ``Reconstructor``. ValueError for another shape, or without an identity image."""
        if self._source is None:
            raise ValueError("a picture cannot be reconstructed before there is an identity image")
        d = self._network.dimensions
        side, size = d.low_resolution, lowres.shape[-1]
        if (
            lowres.shape != (CALL_WINDOW, 3, size, size)
            or size % side
            or mel.shape != (d.mel_bins, CALL_MEL_FRAMES)
        ):
            raise ValueError(
                f"paper needs five {side}×{side} pictures (or a multiple of that) and a mel window, "
                f"not {lowres.shape} and {mel.shape}"
            )
        window = torch.from_numpy(lowres[-d.window :])[None].to(self._device)
        heard = mel[:, self._first_mel : self._first_mel + d.mel_frames]
        voice = torch.from_numpy(np.ascontiguousarray(heard))[None].to(self._device)
        state = None if emotion is None else torch.tensor([emotion], device=self._device)
        pictures = downsample(window, side)
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self._device.type == "cuda"):
            upsampled = self._network(pictures, voice, self._source, state, newest_only=True)
        picture: Tensor = upsampled.picture[0, 0].float()
        return picture.clamp(0.0, 1.0)
