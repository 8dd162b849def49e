"""Cutting one steady square around head and shoulders, like the faces that the networks learnt from."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from callcodec.face.box import Box, Framing
from callcodec.face.detect import Face, FaceDetector, create_detector

CROP_SIZE = 256
DETECTION_INTERVAL = 5
"""Pictures from one detection to the next: five a second at 25 FPS."""

_FACE_KEPT_PICTURES = 50
"""A face counts as there for two seconds after it was last found: heads turn, hands cover."""
_LOOKS_BEFORE_MOVING = 2
"""Detections in a row that must find the face elsewhere: cascades see faces in curtains now and then."""
_SAME_PLACE = 0.6
"""Two detections are of one face when it moved by less than this part of its size between them."""


@dataclass(frozen=True)
class Crop:
    """What goes on: (256, 256, 3) RGB, where it was, and what a caller has to know about it.

    `face_found`: a face was found within the last two seconds. `jumped`: the box is suddenly elsewhere, so an
    identity picture from before does not belong to it any more.
    """

    rgb: NDArray[np.uint8]
    box: Box
    face_found: bool
    jumped: bool


class FaceCropper:
    """Cuts the pictures of one source, in order.

    It keeps to one face: the one that it had, else the largest and most central. Without any it takes the
    central square. A square picture that is a face crop already is taken whole.
    """

    def __init__(self, detector: FaceDetector | None = None) -> None:
        self._detector = create_detector() if detector is None else detector
        self._size: tuple[int, int] | None = None
        self._framing: Framing | None = None
        self._goal: Framing | None = None
        self._face: Face | None = None
        self._found_at = self._looked_at = -math.inf
        self._candidate: Face | None = None
        self._moved_looks = 0

    @property
    def detector_name(self) -> str:
        """Which detector finds the faces."""
        return self._detector.name

    def crop(self, rgb: NDArray[np.uint8], number: int) -> Crop:
        """Cuts picture `number`, uint8 (H, W, 3) of any size; numbers grow by one a 40 ms slot."""
        height, width = rgb.shape[:2]
        resized = self._size not in (None, (width, height))
        if resized:
            self._framing = self._goal = self._face = None
            self._looked_at = -math.inf
        self._size = (width, height)
        moved = False
        if number - self._looked_at >= DETECTION_INTERVAL:
            self._looked_at = number
            moved = self._look(rgb, number)
        if self._framing is None:
            self._framing = Framing.central(width, height)
        if self._goal is not None:
            self._framing = self._framing.towards(self._goal)
            if self._framing.settled_at(self._goal):
                self._goal = None
        box = self._framing.box(width, height)
        return Crop(cut(rgb, box), box, number - self._found_at <= _FACE_KEPT_PICTURES, resized or moved)

    def _look(self, rgb: NDArray[np.uint8], number: int) -> bool:
        """Searches the face and sets the framing's goal; True where the framing jumped to it at once."""
        height, width = rgb.shape[:2]
        if number - self._found_at > _FACE_KEPT_PICTURES:
            self._face = None
        found = self._detector.detect(rgb, self._face)
        if not found:
            return False
        former = self._face
        face = most_prominent(found, width, height) if former is None else _nearest(found, former)
        goal = Framing.around(face, width, height, self._framing)
        if self._framing is None:
            # An upright face is believed at once, so that a call starts with the right box.
            self._framing = goal if face.frontal else Framing.central(width, height)
        elsewhere = self._framing.lost(face)
        self._note_move(face, elsewhere or self._framing.differs(goal))
        confirmed = self._moved_looks >= _LOOKS_BEFORE_MOVING
        if self._moved_looks and not confirmed and (elsewhere or former is None):
            return False
        self._face, self._found_at = face, number
        if confirmed and (elsewhere or former is None):
            self._framing, self._goal, self._moved_looks = goal, None, 0
            return True
        if confirmed or self._goal is not None:
            self._goal = goal
        return False

    def _note_move(self, face: Face, moved: bool) -> None:
        """Counts the looks in a row that found the face at one and the same other place."""
        again = self._candidate is not None and change(face, self._candidate) < _SAME_PLACE
        self._moved_looks = (self._moved_looks + 1 if again else 1) if moved else 0
        self._candidate = face if moved else None


def cut(rgb: NDArray[np.uint8], box: Box) -> NDArray[np.uint8]:
    """The box's pixels at 256×256, uint8 (256, 256, 3); untouched where the box has that size."""
    part = rgb[box.y : box.y + box.side, box.x : box.x + box.side]
    if box.side == CROP_SIZE:
        return np.array(part)
    interpolation = cv2.INTER_AREA if box.side > CROP_SIZE else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(part, (CROP_SIZE, CROP_SIZE), interpolation=interpolation), np.uint8)


def most_prominent(faces: list[Face], width: int, height: int) -> Face:
    """The largest, where one at the edge counts as half as large."""

    def prominence(face: Face) -> float:
        away = math.hypot(face.centre_x / width - 0.5, face.centre_y / height - 0.5)
        return face.size * (1 - away / math.sqrt(2))

    return max(faces, key=prominence)


def _nearest(faces: list[Face], former: Face) -> Face:
    """The one whose place and size changed least."""

    return min(faces, key=lambda face: change(face, former))


def change(face: Face, former: Face) -> float:
    """How far a face moved, in parts of its size, and how much it grew or shrank."""
    moved = math.hypot(face.centre_x - former.centre_x, face.centre_y - former.centre_y) / former.size
    return moved + abs(math.log(face.size / former.size))
