"""68 points of a face in a call's 256×256 picture: our own network, or face-alignment where the user has it."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from callcodec.speech.mel import MEL_BINS, MEL_WINDOW_FRAMES
from models.checkpoint import load_network, shipped_weights
from models.face_alignment_detector import (
    FaceAlignmentDetector,
    LandmarksUnavailableError,
    face_alignment_problem,
)
from models.landmark_detection import Detection, LandmarkDetector, check_picture
from models.landmark_network import LandmarkDimensions, LandmarkNetwork, fuse_normalisation

__all__ = [
    "Detection",
    "LandmarkDetector",
    "LandmarksUnavailableError",
    "NetworkDetector",
    "create_landmark_detector",
    "load_landmark_network",
]
DETECTORS = ("auto", "callcodec", "face-alignment")


class NetworkDetector:
    """Our network, a picture at a time; ``network`` itself takes batches of tensors."""

    def __init__(self, network: LandmarkNetwork) -> None:
        self.network = network.eval()
        # A copy, because convolutions that took in their normalisation are faster but cannot be trained on.
        fast: nn.Module = fuse_normalisation(copy.deepcopy(network).requires_grad_(False).eval())
        self._fast = fast.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def detect(self, rgb: NDArray[np.uint8], mel: NDArray[np.float32] | None = None) -> NDArray[np.float32]:
        """See LandmarkDetector."""
        return self.detect_with_confidence(rgb, mel).points

    def detect_with_confidence(
        self, rgb: NDArray[np.uint8], mel: NDArray[np.float32] | None = None
    ) -> Detection:
        """See LandmarkDetector."""
        check_picture(rgb)
        if mel is not None and mel.shape != (MEL_BINS, MEL_WINDOW_FRAMES):
            raise ValueError(
                f"the voice must be a log-mel window of ({MEL_BINS}, {MEL_WINDOW_FRAMES}), not {mel.shape}"
            )
        picture = torch.from_numpy(np.ascontiguousarray(rgb)).permute(2, 0, 1)[None].float() / 255
        voice = None if mel is None else torch.from_numpy(np.ascontiguousarray(mel, np.float32))[None]
        with torch.inference_mode():
            found = self._fast(picture, voice)
        return Detection(found.points[0].numpy(), float(found.confidence[0]))


def create_landmark_detector(name: str = "auto") -> LandmarkDetector:
    """A detector by name.

    ``callcodec``: our network, a few milliseconds a picture. ``face-alignment``: where its package and weights
    are; about a second a picture on a CPU. ``auto``: face-alignment where it is there, otherwise ours; a live
    call asks for ``callcodec``. Raises LandmarksUnavailableError, WeightsError, or ValueError for another name.
    """
    if name not in DETECTORS:
        raise ValueError(f"there is no landmark detector {name!r}; there are {', '.join(DETECTORS)}")
    if name == "face-alignment" or (name == "auto" and face_alignment_problem() is None):
        return FaceAlignmentDetector()
    return NetworkDetector(load_landmark_network())


def load_landmark_network(path: Path | None = None) -> LandmarkNetwork:
    """The shipped network, or that of ``path``; frozen, for batches of tensors. Raises WeightsError."""
    return load_network(
        path or shipped_weights("landmarks"), "landmarks", LandmarkNetwork, LandmarkDimensions
    )
