"""face-alignment (Bulat and Tzimiropoulos 2017), where the user has its package and its weights."""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from models.landmark_detection import Detection, check_picture

PACKAGE = "face_alignment"
# The files that face-alignment 1.5 keeps in torch's hub folder: the face detector's and the network's.
WEIGHTS = ("s3fd-619a316812.pth", "2DFAN4-11f355bf06.pth.tar")


class LandmarksUnavailableError(ValueError):
    """A landmark detector that this machine does not have; the message says what is missing."""


def face_alignment_problem() -> str | None:
    """Why face-alignment cannot be used here, in a sentence; None where it can. Nothing is downloaded."""
    if importlib.util.find_spec(PACKAGE) is None:
        return "face-alignment is not installed: pip install 'callcodec[face]'"
    folder = Path(torch.hub.get_dir()) / "checkpoints"
    missing = [name for name in WEIGHTS if not (folder / name).is_file()]
    if missing:
        return (
            f"face-alignment's weights are missing: {' and '.join(missing)} in {folder}; "
            "it fetches them when it is used by itself with a network"
        )
    return None


class FaceAlignmentDetector:
    """The most confident face of a picture; about a second a picture on a CPU, so it is no detector for a live call."""

    def __init__(self) -> None:
        """Raises LandmarksUnavailableError."""
        problem = face_alignment_problem()
        if problem is not None:
            raise LandmarksUnavailableError(problem)
        package: Any = importlib.import_module(PACKAGE)
        try:
            self._network: Any = package.FaceAlignment(
                package.LandmarksType.TWO_D, device="cpu", flip_input=False, compile=False
            )
        except (OSError, RuntimeError, TypeError, AttributeError) as error:
            raise LandmarksUnavailableError(
                f"face-alignment cannot be started, 1.5 or later is needed: {error}"
            ) from error

    def detect(self, rgb: NDArray[np.uint8], mel: NDArray[np.float32] | None = None) -> NDArray[np.float32]:
        """See LandmarkDetector; the voice is not heard."""
        return self.detect_with_confidence(rgb, mel).points

    def detect_with_confidence(
        self,
        rgb: NDArray[np.uint8],
        mel: NDArray[np.float32] | None = None,  # noqa: ARG002
    ) -> Detection:
        """See LandmarkDetector; the confidence is the mean height of the 68 maps' peaks."""
        check_picture(rgb)
        answer: Any = self._network.get_landmarks_from_image(rgb, return_landmark_score=True)
        found, scores, _ = answer
        if not found:
            return Detection(np.full((68, 2), np.nan, np.float32), 0.0)
        heights = [float(np.mean(score)) for score in scores]
        best = int(np.argmax(heights))
        return Detection(np.asarray(found[best], np.float32)[:, :2], min(max(heights[best], 0.0), 1.0))
