"""Where in a picture the square lies that restorers see: head and shoulders, as in the clips that they learnt from."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from callcodec.h264.state import Planes
from models.restoration.restorer import PICTURE, FacePlanes

GRID = 4  # pixels: the blocks of H.264's transform
Matrix = NDArray[np.float64]
Sample = TypeVar("Sample", np.uint8, np.int16)


@dataclass(frozen=True)
class Alignment:
    """A square of a picture, turned by ``roll`` radians (clockwise on the screen); all else in the picture's pixels.

    Coordinates are continuous: a pixel's middle lies half a pixel from its corner.
    """

    centre_x: float
    centre_y: float
    side: float
    roll: float = 0.0

    @property
    def corner(self) -> tuple[int, int] | None:
        """x and y of the upper left pixel where the square can be copied: upright, 256 pixels, on the grid."""
        x, y = self.centre_x - PICTURE / 2, self.centre_y - PICTURE / 2
        if self.side != PICTURE or self.roll or x % GRID or y % GRID:
            return None
        return int(x), int(y)

    def matrix(self, side: int = PICTURE, enlargement: float = 1.0) -> Matrix:
        """(2, 3): from the square, shown with ``side`` pixels, into a picture ``enlargement`` times smaller."""
        scale = self.side / side / enlargement
        cosine, sine = scale * math.cos(self.roll), scale * math.sin(self.roll)
        centre = side / 2
        x, y = self.centre_x / enlargement, self.centre_y / enlargement
        return np.array(
            [
                [cosine, -sine, x - centre * (cosine - sine)],
                [sine, cosine, y - centre * (sine + cosine)],
            ]
        )

    def into_picture(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """(…, 2) in pixels of the square of 256 → in pixels of the picture."""
        return transformed(self.matrix(), points)

    def into_square(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """The other way."""
        return transformed(inverse(self.matrix()), points)


def transformed(matrix: Matrix, points: NDArray[np.floating]) -> NDArray[np.float64]:
    """(…, 2) through a (2, 3) matrix."""
    return np.asarray(points @ matrix[:, :2].T + matrix[:, 2], np.float64)


def inverse(matrix: Matrix) -> Matrix:
    """The way back."""
    return np.asarray(cv2.invertAffineTransform(matrix), np.float64)


def on_indices(matrix: Matrix) -> Matrix:
    """The same for the indices of pixels, whose middles lie half a pixel further."""
    moved = matrix.copy()
    moved[:, 2] += matrix[:, :2].sum(1) * 0.5 - 0.5
    return moved


def for_chroma(matrix: Matrix) -> Matrix:
    """The same for planes of half the size."""
    halved = matrix.copy()
    halved[:, 2] /= 2
    return halved


def sampled(plane: NDArray[Sample], matrix: Matrix, side: int) -> NDArray[Sample]:
    """(side, side): what ``matrix`` points to in ``plane``; low-passed before it is made smaller."""
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    corners = transformed(matrix, np.array([(0, 0), (side, 0), (0, side), (side, side)], np.float64))
    margin = math.ceil(2 * scale) + 4
    height, width = plane.shape
    left, top = (max(int(low) - margin, 0) for low in corners.min(0))
    right, bottom = (int(high) + margin for high in corners.max(0))
    part: NDArray[Any] = np.ascontiguousarray(
        plane[min(top, height - 1) : bottom, min(left, width - 1) : right]
    )
    moved = matrix.copy()
    moved[:, 2] -= (min(left, width - 1), min(top, height - 1))
    if scale > 1.0:
        part = cv2.GaussianBlur(part, (0, 0), 0.5 * math.sqrt(scale**2 - 1) + 1e-3)
    return np.asarray(
        cv2.warpAffine(
            part,
            on_indices(moved),
            (side, side),
            flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        ),
        plane.dtype,
    )


def aligned(planes: Planes, alignment: Alignment, side: int = PICTURE, enlargement: int = 1) -> FacePlanes:
    """The square of a picture as restorers see it; without resampling where it can be copied.

    ``alignment`` is one of the picture enlarged ``enlargement`` times.
    """
    corner = alignment.corner
    if corner is not None and side * enlargement == PICTURE:
        x, y = corner[0] // enlargement, corner[1] // enlargement
        height, width = planes.y.shape
        if x >= 0 and x + side <= width and y >= 0 and y + side <= height:
            half = (slice(y // 2, (y + side) // 2), slice(x // 2, (x + side) // 2))
            return FacePlanes(planes.y[y : y + side, x : x + side], planes.u[half], planes.v[half])
    matrix = alignment.matrix(side, enlargement)
    return FacePlanes(
        sampled(planes.y, matrix, side),
        *(sampled(plane, for_chroma(matrix), side // 2) for plane in planes[1:]),
    )
