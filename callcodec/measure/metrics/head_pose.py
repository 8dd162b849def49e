"""Where a head looks: six landmarks, a general head and solvePnP, as Table 4 of Hegde et al. measures it."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

# Nose tip, chin, outer eye corners, mouth corners; x right, y down, z away from the camera; arbitrary unit.
# The head of the tutorial that the paper refers to in its footnote 2, turned to face along −z.
LANDMARKS = (30, 8, 36, 45, 48, 54)
HEAD = np.array(
    (
        (0.0, 0.0, 0.0),
        (0.0, 330.0, 65.0),
        (-225.0, -170.0, 135.0),
        (225.0, -170.0, 135.0),
        (-150.0, 150.0, 125.0),
        (150.0, 150.0, 125.0),
    )
)
_START_DISTANCE = 1500.0


class HeadPose(NamedTuple):
    """Degrees, 0 for a head that looks into the camera. Pitch > 0: down; yaw > 0: to the picture's left; roll > 0:
    clockwise on the screen."""

    yaw: float
    pitch: float
    roll: float


def head_pose(landmarks: NDArray[np.float32], size: int = 256) -> HeadPose | None:
    """The pose of (68, 2) landmarks in a square picture of ``size``; None where they are unknown.

    Camera as in the tutorial: focal length of one picture width, no distortion.
    """
    points = landmarks[list(LANDMARKS)].astype(np.float64)
    if not np.isfinite(points).all():
        return None
    start = np.array([[0.0], [0.0], [_START_DISTANCE]])
    found, rotation, _ = cv2.solvePnP(
        HEAD, points, camera_matrix(size), np.zeros(4), np.zeros((3, 1)), start, useExtrinsicGuess=True,
        flags=cv2.SOLVEPNP_ITERATIVE,
    )  # fmt: skip
    return pose_of(np.asarray(cv2.Rodrigues(rotation)[0], np.float64)) if found else None


def camera_matrix(size: int) -> NDArray[np.float64]:
    """(3, 3) of the camera that is assumed for pictures of ``size``."""
    return np.array(((size, 0, size / 2), (0, size, size / 2), (0, 0, 1)), np.float64)


def pose_of(matrix: NDArray[np.floating]) -> HeadPose:
    """R = R_z(roll) · R_y(yaw) · R_x(pitch) taken apart; x turns first."""
    sine = float(np.clip(-matrix[2, 0], -1, 1))
    return HeadPose(
        yaw=float(np.degrees(np.arcsin(sine))),
        pitch=float(np.degrees(np.arctan2(matrix[2, 1], matrix[2, 2]))),
        roll=float(np.degrees(np.arctan2(matrix[1, 0], matrix[0, 0]))),
    )


def pose_error(shown: HeadPose, original: HeadPose) -> HeadPose:
    """Absolute differences, the short way round."""

    def apart(a: float, b: float) -> float:
        return abs((a - b + 180) % 360 - 180)

    return HeadPose(*(apart(a, b) for a, b in zip(shown, original, strict=True)))
