"""What every finder of facial points gives, whoever made it."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from models.landmark_network import PICTURE


class Detection(NamedTuple):
    """Points and how far they are to be believed."""

    points: NDArray[
        np.float32
    ]  # (68, 2) x, y in pixels of the picture, iBUG-68 order; NaN where no face was found
    confidence: (
        float  # 0..1: the expected exp(−mean error / 10 % of the inter-ocular distance); near 0: no face
    )


class LandmarkDetector(Protocol):
    """Finds the points of the one face in a call's picture, which needs no face detector before it."""

    def detect(self, rgb: NDArray[np.uint8], mel: NDArray[np.float32] | None = None) -> NDArray[np.float32]:
        """(256, 256, 3) RGB and, if there is one, its voice (80, 20) → (68, 2) x, y in pixels, iBUG-68 order.

        ``mel``: the window of callcodec.speech.mel around the picture's time. Raises ValueError for other shapes.
        """

    def detect_with_confidence(
        self, rgb: NDArray[np.uint8], mel: NDArray[np.float32] | None = None
    ) -> Detection:
        """The same, and how far it is to be believed."""


def check_picture(rgb: NDArray[np.uint8]) -> None:
    """Raises ValueError for anything but (256, 256, 3) uint8."""
    if rgb.shape != (PICTURE, PICTURE, 3) or rgb.dtype != np.uint8:
        raise ValueError(
            f"landmarks are found in pictures of ({PICTURE}, {PICTURE}, 3) uint8, not {rgb.shape} {rgb.dtype}"
        )
