"""Finds a face's shape in a picture: landmarks from whoever finds them, irises from the eyes' own pixels."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from callcodec.face.iris import iris_centres
from callcodec.face.shape import Shape

LEAST_CONFIDENCE = 0.35


class FoundLandmarks(Protocol):
    """Points (68, 2) in pixels, iBUG-68, and how far they are to be believed, 0..1."""

    @property
    def points(self) -> NDArray[np.float32]:
        """(68, 2) x, y; NaN where no face was found."""
        ...

    @property
    def confidence(self) -> float:
        """0..1."""
        ...


class FindsLandmarks(Protocol):
    """What a landmark detector does."""

    def detect_with_confidence(self, rgb: NDArray[np.uint8]) -> FoundLandmarks:
        """The landmarks of the one face in a (256, 256, 3) RGB picture."""
        ...


class ShapeFinder:
    """Shapes (70, 2) of faces in a call's 256×256 pictures."""

    def __init__(self, detector: FindsLandmarks, least_confidence: float = LEAST_CONFIDENCE) -> None:
        self._detector = detector
        self._least_confidence = least_confidence

    def find(self, rgb: NDArray[np.uint8]) -> Shape | None:
        """The shape in a (256, 256, 3) RGB picture; None where no face is seen with enough confidence."""
        found = self._detector.detect_with_confidence(rgb)
        if found.confidence < self._least_confidence or not np.isfinite(found.points).all():
            return None
        return np.concatenate((found.points, iris_centres(rgb, found.points))).astype(np.float32)
