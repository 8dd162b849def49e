"""Lip sync as a loss that a network is trained on, and as a figure that a result is judged by.

Two networks of one kind ship: ``sync``, frozen, is the loss (Hegde et al., equation 3: 0.05 times minus the log of
a probability from the cosine); ``sync_judge`` was trained on other people with another seed and is never a loss.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from callcodec.speech.mel import MEL_BINS, MEL_WINDOW_FRAMES
from models.checkpoint import load_network, shipped_weights
from models.sync_network import LIP_CROP, LIP_WINDOW, MEL_PER_PICTURE, SyncDimensions, SyncNetwork, crop_lips
from models.sync_scoring import OFFSETS, Accuracy, offset_curve

__all__ = ["Accuracy", "LipSync", "SyncLoss", "crop_lips", "lip_sync_error", "load_sync_network"]

NETWORKS = ("sync", "sync_judge")
LEAST_ACCURACY = 0.75  # of pairs of a second: below it, distance and confidence say nothing about lips
PICTURES_AT_ONCE = 50


def load_sync_network(name: str = "sync", path: Path | None = None) -> SyncNetwork:
    """``sync``, the loss, or ``sync_judge``; the shipped weights, or those of ``path``. Frozen.

    Raises ValueError for another name, WeightsError (a ValueError) for weights that cannot be used.
    """
    if name not in NETWORKS:
        raise ValueError(f"there is no lip-sync network {name!r}; there are {', '.join(NETWORKS)}")
    return load_network(path or shipped_weights(name), name, SyncNetwork, SyncDimensions)


def accuracy_of(network: SyncNetwork) -> Accuracy:
    """What was measured on validation clips when the weights were made; all zero where nothing was."""
    return Accuracy(*network.accuracy.tolist())


class SyncLoss(nn.Module):
    """−log of the probability that lips and voice are in sync, by a frozen network."""

    def __init__(self, network: SyncNetwork | None = None) -> None:
        """``network``: the shipped ``sync`` where none is given."""
        super().__init__()
        self.network = (network or load_sync_network("sync")).requires_grad_(False).eval()

    def train(self, mode: bool = True) -> SyncLoss:  # noqa: ARG002
        """Frozen for good: neither its statistics nor its dropout ever come to life."""
        return super().train(False)

    def forward(self, pictures: Tensor, mel: Tensor, landmarks: Tensor) -> Tensor:
        """Mean over the batch, differentiable to ``pictures``; less is better.

        People that the shipped network does not know have 0.9 with their true lips, 1.2 with lips that do not move
        and 1.7 with lips 0.3 s off.

        pictures: (B, 5, 3, H, W) RGB in 0..1, 25 FPS; mel: (B, 80, 20) around the third; landmarks: (B, 5, 68, 2)
        in pixels of the pictures, of the true faces, so that a mouth cannot please by moving the crop; entries of
        the batch with a NaN among them do not count. Raises ValueError for other shapes.
        """
        _expect("pictures", pictures, (None, LIP_WINDOW, 3, None, None))
        _expect("landmarks", landmarks, (pictures.shape[0], LIP_WINDOW, 68, 2))
        known = ~torch.isnan(landmarks).flatten(1).any(1)
        if not known.any():
            return pictures.new_zeros(()) * pictures.sum()
        return self.of_lips(crop_lips(pictures[known], landmarks[known]), mel[known])

    def of_lips(self, lips: Tensor, mel: Tensor) -> Tensor:
        """The same from crops of ``crop_lips``, (B, 5, 48, 48).

        For a network that makes one picture at a time: its crop in the third place among the four true neighbours.
        """
        _expect("lips", lips, (None, LIP_WINDOW, LIP_CROP, LIP_CROP))
        _expect("mel", mel, (lips.shape[0], MEL_BINS, MEL_WINDOW_FRAMES))
        with torch.autocast(lips.device.type, enabled=False):
            cosine = self.network(lips.float(), mel.float())
            return F.softplus(-self.network.probability_logit(cosine)).mean()


@dataclass(frozen=True)
class LipSync:
    """LSE-D and LSE-C of a clip, or why there are none."""

    distance: float | None  # LSE-D, 0..2, less is better
    confidence: float | None  # LSE-C, more is better
    offset: int | None  # pictures by which the voice comes too late, −15..15
    reason: str  # why distance and confidence are not available; empty where they are


def lip_sync_error(
    rgb: NDArray[np.uint8],
    landmarks: NDArray[np.float32],
    mel: NDArray[np.float32],
    network: SyncNetwork | None = None,
) -> LipSync:
    """How far the lips of a clip are from its voice, by the judge (``network``: by another).

    rgb: (n, H, W, 3) at 25 FPS; landmarks: (n, 68, 2) in its pixels, NaN where there is no face; mel: (80, m), the
    log-mel of the whole voice from the first picture on. Distances are those of these networks: compare them with
    each other, not with figures of SyncNet. Not available where the network cannot tell (LEAST_ACCURACY), where the
    clip is short, and where no face is found in half of it. Raises ValueError for arrays of other shapes.
    """
    n = len(rgb)
    if rgb.ndim != 4 or rgb.shape[-1] != 3 or landmarks.shape != (n, 68, 2):
        raise ValueError(
            f"lip sync takes pictures (n, H, W, 3) and landmarks (n, 68, 2), not {rgb.shape} and {landmarks.shape}"
        )
    if mel.ndim != 2 or mel.shape[0] != MEL_BINS:
        raise ValueError(f"the voice must be a log-mel of ({MEL_BINS}, m), not {mel.shape}")
    network = network or load_sync_network("sync_judge")
    accuracy = accuracy_of(network).pairs_of_a_second
    found = np.asarray(~np.isnan(landmarks).any((1, 2)))
    if accuracy < LEAST_ACCURACY:
        return _not_available(
            f"the network tells in sync from shifted in {accuracy:.0%} of seconds, {LEAST_ACCURACY:.0%} are needed"
        )
    if n < LIP_WINDOW + 2 * OFFSETS:
        return _not_available(f"the clip has {n} pictures, {LIP_WINDOW + 2 * OFFSETS} are needed")
    if found.mean() < 0.5:
        return _not_available(f"a face was found in {found.mean():.0%} of the pictures, half are needed")
    curve = offset_curve(*_embeddings(network, rgb, _filled(landmarks, found), mel))
    return LipSync(curve.distance, curve.confidence, curve.offset, "")


def _not_available(reason: str) -> LipSync:
    return LipSync(None, None, None, reason)


@torch.inference_mode()
def _embeddings(
    network: SyncNetwork, rgb: NDArray[np.uint8], landmarks: NDArray[np.float32], mel: NDArray[np.float32]
) -> tuple[Tensor, Tensor]:
    """Of lips and of voice, (n − 4, E) each."""
    n = len(rgb)
    features = []
    for start in range(0, n, PICTURES_AT_ONCE):
        part = slice(start, start + PICTURES_AT_ONCE)
        pictures = torch.from_numpy(rgb[part]).permute(0, 3, 1, 2)[None] / 255.0
        lips = crop_lips(pictures, torch.from_numpy(landmarks[part])[None])
        features.append(network.lip_encoder.features(lips))
    before = MEL_WINDOW_FRAMES // 2
    voice = np.full((MEL_BINS, MEL_PER_PICTURE * (n - 1) + MEL_WINDOW_FRAMES), -1.0, np.float32)
    known = min(mel.shape[1], voice.shape[1] - before)
    voice[:, before : before + known] = mel[:, :known]
    heard = network.voice_encoder(torch.from_numpy(voice)[None]).embedding[0]
    middle = LIP_WINDOW // 2
    return network.lip_encoder.embed(torch.cat(features, 1))[0], heard[middle : n - middle]


def _filled(landmarks: NDArray[np.float32], found: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Where no face was found: the landmarks of the nearest picture that has one."""
    known = np.flatnonzero(found)
    nearest = known[np.abs(np.arange(len(found))[:, None] - known).argmin(1)]
    return np.ascontiguousarray(landmarks[nearest], np.float32)


def _expect(name: str, value: Tensor, shape: tuple[int | None, ...]) -> None:
    if value.ndim != len(shape) or any(
        want is not None and want != got for want, got in zip(shape, value.shape, strict=True)
    ):
        wanted = ", ".join("any" if want is None else str(want) for want in shape)
        raise ValueError(f"{name} must have the shape ({wanted}), not {tuple(value.shape)}")
