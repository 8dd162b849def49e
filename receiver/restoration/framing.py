"""How the square of a face is found from its landmarks, and how it keeps still while the face moves in it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from callcodec.face.detect import Face
from models.restoration.restorer import PICTURE
from receiver.restoration.alignment import GRID, Alignment

PARTS = (slice(36, 42), slice(42, 48), slice(27, 36), slice(48, 68))  # right eye, left eye, nose, mouth
PLACES = np.array([(99.5, 104.5), (156.5, 104.5), (128.0, 133.0), (128.0, 169.0)])
"""Where their means lie in the clips that the networks learnt from (142 clips, made symmetrical)."""
BOX_PER_FACE = 1.8
DROP_PER_FACE = 0.03
"""The first square around a detected one, as in callcodec.face.box."""
WHOLE_FROM = 0.65
"""A square picture whose square of the face would take this part of its side is a face crop already."""
COPIED_FROM, COPIED_UNTIL = 0.78 * PICTURE, 1.3 * PICTURE
"""Sides that are near enough to 256 to copy the picture's pixels instead: such sizes occur in the clips."""
COPIED_ROLL = math.radians(12.0)
STAYS = 1.2
"""Whoever copies goes on until these limits are exceeded by so much; and the other way."""
DEAD_ZONE = 0.1
"""The square stays while the face is within this part of its side from where it should be;"""
RESIZE_ZONE = 0.15
ROLL_ZONE = math.radians(7.0)
SETTLED = 0.02
"""but once it moves, it moves until it is this near."""
GLIDE_PER_PICTURE = 0.008
"""At least so far, in parts of its side: 20 % a second;"""
CATCH_UP = 0.08
"""and so much of the way, when the face moves faster than that."""
ROLL_PER_PICTURE = math.radians(0.6)
RECENT = 0.2
"""Weight of a picture in the mean place of the face."""


@dataclass(frozen=True)
class Pose:
    """Where a face would have its square, in pixels of the picture."""

    x: float
    y: float
    side: float
    roll: float

    def towards(self, goal: Pose, part: float) -> Pose:
        """``part`` of the way."""
        return Pose(
            self.x + part * (goal.x - self.x),
            self.y + part * (goal.y - self.y),
            self.side + part * (goal.side - self.side),
            self.roll + part * _turn(goal.roll - self.roll),
        )


def pose_of_landmarks(points: NDArray[np.floating]) -> Pose:
    """The square in which eyes, nose and mouth of (68, 2) points lie as near to their places as they can."""
    means = np.stack([points[part].mean(0) for part in PARTS]).astype(np.float64)
    seen, wanted = means - means.mean(0), PLACES - PLACES.mean(0)
    squared = float(np.square(wanted).sum())
    across = float((seen * wanted).sum()) / squared
    turned = float((seen[:, 1] * wanted[:, 0] - seen[:, 0] * wanted[:, 1]).sum()) / squared
    scale, roll = math.hypot(across, turned), math.atan2(turned, across)
    to_centre = PICTURE / 2 - PLACES.mean(0)
    x = means[:, 0].mean() + across * to_centre[0] - turned * to_centre[1]
    y = means[:, 1].mean() + turned * to_centre[0] + across * to_centre[1]
    return Pose(float(x), float(y), scale * PICTURE, roll)


def pose_of_face(face: Face) -> Pose:
    """The square around a detected face."""
    return Pose(face.centre_x, face.centre_y + DROP_PER_FACE * face.size, BOX_PER_FACE * face.size, 0.0)


class Framing:
    """One face's square in pictures of ``width`` × ``height``: still, or slowly on its way to where the face is now."""

    def __init__(self, pose: Pose, width: int, height: int) -> None:
        self._width, self._height = width, height
        self._mean = self._pose = pose
        self._copies = self._may_copy(pose, 1.0)
        self._moves = False
        self._whole = self._is_crop(pose)

    def see(self, pose: Pose) -> None:
        """The face was found there in the next picture."""
        self._mean = self._mean.towards(pose, RECENT)
        self._copies = self._may_copy(self._mean, STAYS if self._copies else 1 / STAYS)
        off = max(abs(self._mean.x - self._pose.x), abs(self._mean.y - self._pose.y)) / self._pose.side
        growth = abs(self._mean.side / self._pose.side - 1)
        roll = abs(_turn(self._mean.roll - self._pose.roll))
        if off > DEAD_ZONE or growth > RESIZE_ZONE or roll > ROLL_ZONE:
            self._moves = True
        elif off < SETTLED and growth < SETTLED and roll < ROLL_PER_PICTURE:
            self._moves = False
        if self._moves:
            self._glide()

    def settle(self, pose: Pose) -> None:
        """Go there at once: the first landmarks say better than the detector where the face is."""
        self._mean = self._pose = pose
        self._copies = self._may_copy(pose, 1.0)
        self._moves = False
        self._whole = self._is_crop(pose)

    @property
    def alignment(self) -> Alignment:
        """Where the square lies now: inside the picture, if it fits in."""
        width, height, pose = self._width, self._height, self._pose
        if self._whole:
            return Alignment(width / 2, height / 2, float(min(width, height)))
        if self._copies:
            left, top = (
                min(max(round((middle - PICTURE / 2) / GRID), 0), (length - PICTURE) // GRID) * GRID
                for middle, length in ((pose.x, width), (pose.y, height))
            )
            return Alignment(left + PICTURE / 2, top + PICTURE / 2, float(PICTURE))
        side = min(pose.side, width, height)
        return Alignment(_inside(pose.x, side, width), _inside(pose.y, side, height), side, pose.roll)

    def _glide(self) -> None:
        step = GLIDE_PER_PICTURE * self._pose.side
        here, goal = self._pose, self._mean
        self._pose = Pose(
            _stepped(here.x, goal.x, step),
            _stepped(here.y, goal.y, step),
            _stepped(here.side, goal.side, step),
            here.roll + min(max(_turn(goal.roll - here.roll), -ROLL_PER_PICTURE), ROLL_PER_PICTURE),
        )

    def _may_copy(self, pose: Pose, slack: float) -> bool:
        fits = min(self._width, self._height) >= PICTURE
        near = COPIED_FROM / slack <= pose.side <= COPIED_UNTIL * slack
        return fits and near and abs(pose.roll) <= COPIED_ROLL * slack

    def _is_crop(self, pose: Pose) -> bool:
        short, long = sorted((self._width, self._height))
        return (
            long - short <= 0.01 * long and pose.side >= WHOLE_FROM * short and abs(pose.roll) <= COPIED_ROLL
        )


def _turn(radians: float) -> float:
    """The same turn, between −π and π."""
    return math.remainder(radians, 2 * math.pi)


def _inside(centre: float, side: float, length: int) -> float:
    return min(max(centre, side / 2), length - side / 2)


def _stepped(value: float, goal: float, step: float) -> float:
    step = max(step, CATCH_UP * abs(goal - value))
    return value + min(max(goal - value, -step), step)
