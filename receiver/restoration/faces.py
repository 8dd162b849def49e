"""The faces of a stream: found, followed by their landmarks, and each given to restorers in its square."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from callcodec.face.detect import Face, FaceDetector, create_detector
from callcodec.h264.state import Planes
from models.landmark_detection import LandmarkDetector
from models.landmarks import create_landmark_detector
from models.restoration.restorer import PICTURE, FacePicture, FacePlanes
from receiver.restoration.alignment import Alignment, aligned
from receiver.restoration.framing import Framing, Pose, pose_of_face, pose_of_landmarks
from receiver.restoration.maps import aligned_maps
from receiver.restoration.pictures import DecodedPicture, to_rgb

DETECTION_INTERVAL = 5
"""Pictures from one search to the next while there is no face;"""
RARE_DETECTION_INTERVAL = 25
"""and while there is one, for others."""
LOOKS_AT_NEW_FACE = 2
"""Landmarks found in a square that lies better are better themselves."""
SAME_FACE = 0.4
"""A face whose middle is nearer than this to another's, in parts of its square, is that one."""
MOST_FACES = 3
SMALLEST_SQUARE = 64.0
"""pixels: what a smaller square holds is not worth a restorer's time"""
BELIEVED = 0.3
"""Confidence of landmarks from which they count,"""
DOUBTED = 0.1
"""and below which a square is taken to hold no face."""
LOST_AFTER = 25
"""pictures in a row without believable landmarks, after which a face is given up"""
FADE = 0.25
"""A face's restoration comes and goes by this weight a picture."""


@dataclass(frozen=True, eq=False)
class FaceView:
    """One face in one picture."""

    alignment: Alignment
    picture: FacePicture
    """as restorers see it"""
    square: FacePlanes
    """256×256: what the square shows now, which the restored one takes the place of"""
    landmarks: NDArray[np.float32] | None
    """(68, 2) in pixels of the square of 256"""
    weight: float
    """0..1: how much of the restoration is shown"""


class _Followed:
    """One face from picture to picture."""

    def __init__(self, framing: Framing, fixed: Alignment | None = None) -> None:
        self.framing = framing
        self.fixed = fixed
        self.former: Alignment | None = None
        self.weight = 0.0
        self.unseen = 0

    @property
    def alignment(self) -> Alignment:
        """Where its square lies."""
        return self.framing.alignment if self.fixed is None else self.fixed


class FaceFollower:
    """Takes pictures in order. A picture of 256×256 is a face's square already and is taken as it is."""

    def __init__(
        self,
        side: int = PICTURE,
        detector: FaceDetector | None = None,
        landmark_detector: LandmarkDetector | None = None,
    ) -> None:
        """``side``: of the square that the restorer wants; 64 means that pictures are enlarged by four first."""
        self._side = side
        self.enlargement = PICTURE // side
        self._detector = detector or create_detector()
        self._landmarks = landmark_detector or create_landmark_detector("callcodec")
        self.reset()

    def reset(self) -> None:
        """What comes next has nothing to do with what came before."""
        self._faces: dict[int, _Followed] = {}
        self._next_number = 0
        self._until_search = 0
        self._began = False

    def follow(self, picture: DecodedPicture, base: Planes) -> dict[int, FaceView]:
        """The faces of the next picture by number; a face keeps its number. ``base``: the picture, enlarged."""
        self._search(base)
        self._began = True
        views = {}
        for number, face in list(self._faces.items()):
            view = self._view(face, picture, base)
            if view.weight > 0.0:
                views[number] = view
            if face.unseen > LOST_AFTER and face.fixed is None:
                del self._faces[number]
        return views

    def _search(self, base: Planes) -> None:
        """Look for faces now and then."""
        height, width = base.y.shape
        if (height, width) == (PICTURE, PICTURE):
            if not self._faces:
                middle = PICTURE / 2
                whole = Pose(middle, middle, float(PICTURE), 0.0)
                self._add(_Followed(Framing(whole, width, height), Alignment(middle, middle, float(PICTURE))))
            return
        self._until_search -= 1
        if self._until_search > 0 or min(height, width) < SMALLEST_SQUARE:
            return
        found = self._detector.detect(to_rgb(base))
        for face in sorted(found, key=lambda face: face.size, reverse=True):
            if len(self._faces) >= MOST_FACES or self._is_followed(face.centre_x, face.centre_y):
                continue
            self._meet(face, base)
        self._until_search = RARE_DETECTION_INTERVAL if self._faces else DETECTION_INTERVAL

    def _meet(self, found: Face, base: Planes) -> None:
        """Follow a new face, if there are landmarks where the detector saw it."""
        height, width = base.y.shape
        framing = Framing(pose_of_face(found), width, height)
        for _ in range(LOOKS_AT_NEW_FACE):
            alignment = framing.alignment
            points, confidence = self._landmarks_in(aligned(base, alignment))
            if points is None or confidence < BELIEVED:
                return
            framing.settle(pose_of_landmarks(alignment.into_picture(points)))
        alignment = framing.alignment
        centre = alignment.centre_x, alignment.centre_y
        if alignment.side >= SMALLEST_SQUARE and not self._is_followed(*centre):
            self._add(_Followed(framing))

    def _is_followed(self, x: float, y: float) -> bool:
        """Whether a point lies in the middle of a face that is known."""
        squares = [face.alignment for face in self._faces.values()]
        return any(math.hypot(x - s.centre_x, y - s.centre_y) < SAME_FACE * s.side for s in squares)

    def _add(self, face: _Followed) -> None:
        face.weight = (
            0.0 if self._began else 1.0
        )  # a stream that begins with a face shows it restored at once
        self._faces[self._next_number] = face
        self._next_number += 1

    def _view(self, face: _Followed, picture: DecodedPicture, base: Planes) -> FaceView:
        """The face in the next picture; its square is where the pictures before say."""
        alignment = face.alignment
        square = aligned(base, alignment)
        points, confidence = self._landmarks_in(square)
        if points is not None and confidence >= BELIEVED:
            face.framing.see(pose_of_landmarks(alignment.into_picture(points)))
            face.unseen = 0
        else:
            points = None
            face.unseen += 1
        wanted = min(max((confidence - DOUBTED) / (BELIEVED - DOUBTED), 0.0), 1.0)
        face.weight += min(max(wanted - face.weight, -FADE), FADE)
        shown = square
        maps = None
        if self.enlargement > 1:
            shown = aligned(picture.planes, alignment, self._side, self.enlargement)
        elif picture.knowledge is not None:
            maps = aligned_maps(picture.knowledge, alignment, face.former or alignment)
        face.former = alignment
        return FaceView(alignment, FacePicture(shown, maps), square, points, face.weight)

    def _landmarks_in(self, square: FacePlanes) -> tuple[NDArray[np.float32] | None, float]:
        """(68, 2) in the square of 256, None where there is no face, and how far they are to be believed."""
        found = self._landmarks.detect_with_confidence(to_rgb(Planes(square.y, square.u, square.v)))
        if not np.isfinite(found.points).all():
            return None, 0.0
        return found.points, found.confidence


def enlarged(planes: Planes, factor: int) -> Planes:
    """A picture ``factor`` times as large, bicubic; the same one for a factor of 1."""
    if factor == 1:
        return planes
    return Planes(
        *(
            np.asarray(cv2.resize(plane, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC), np.uint8)
            for plane in planes
        )
    )
