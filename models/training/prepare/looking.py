"""The first pass over a recording: where its cuts are, and where the face is five times a second."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from callcodec.face.crop import DETECTION_INTERVAL, change, most_prominent
from callcodec.face.detect import Face, FaceDetector
from callcodec.media.clip import Clip, ClipFrame
from models.training.prepare.shots import ShotDetector
from models.training.prepare.source import Source
from models.training.prepare.tracks import Look
from models.training.prepare.voxceleb2 import FaceBox, read_boxes

FaceFinder = Callable[[int, NDArray[np.uint8], Face | None], Face | None]
"""(frame, picture, the face before it) → the face that is followed."""


def face_finder(source: Source, root: Path, detector: FaceDetector, first: int) -> FaceFinder:
    """How the face of ``source`` is found, by its data set's boxes or by sight. ``first``: its first frame."""
    if source.boxes is not None:
        return _Given(read_boxes(root / source.boxes))
    place = None
    if source.centre_x is not None and source.centre_y is not None:
        place = (source.centre_x, source.centre_y)
    return _Sought(detector, first, place)


def look_through(clip: Clip, first: int, end: int | None, find: FaceFinder) -> tuple[list[Look], int]:
    """Looks at frames ``first`` to before ``end`` of ``clip`` (None: to its end), and where it did end."""
    shots = ShotDetector()
    looks: list[Look] = []
    face: Face | None = None
    reached = first
    for frame in pictures_between(clip.frames(), first, end):
        reached = frame.number + 1
        new_shot = shots.is_cut(frame.rgb)
        if new_shot:
            face = None
        if not looks or new_shot or frame.number - looks[-1].frame >= DETECTION_INTERVAL:
            found = find(frame.number, frame.rgb, face)
            looks.append(Look(frame.number, found, new_shot))
            face = found or face
    return looks, reached


def pictures_between(pictures: Iterator[ClipFrame], first: int, end: int | None) -> Iterator[ClipFrame]:
    """Those numbered ``first`` to before ``end``; leaves the iterator at ``end``."""
    if end is not None and end <= first:
        return
    for frame in pictures:
        if frame.number >= first:
            yield frame
        if end is not None and frame.number == end - 1:
            return


@dataclass
class _Sought:
    """Detection; ``place``: where the wanted face is when the stretch begins, in parts of the picture."""

    detector: FaceDetector
    first: int
    place: tuple[float, float] | None

    def __call__(self, frame: int, rgb: NDArray[np.uint8], former: Face | None) -> Face | None:
        height, width = rgb.shape[:2]
        found = self.detector.detect(rgb, former)
        if not found:
            return None
        if former is not None:
            return min(found, key=lambda face: change(face, former))
        if frame == self.first and self.place is not None:
            x, y = self.place[0] * width, self.place[1] * height
            return min(found, key=lambda face: abs(face.centre_x - x) + abs(face.centre_y - y))
        return most_prominent(found, width, height)


class _Given:
    """Boxes of the data set, the nearest in time."""

    def __init__(self, boxes: tuple[FaceBox, ...]) -> None:
        self._boxes = boxes
        self._frames = [box.frame for box in boxes]

    def __call__(self, frame: int, rgb: NDArray[np.uint8], former: Face | None) -> Face | None:  # noqa: ARG002
        height, width = rgb.shape[:2]
        after = min(bisect_left(self._frames, frame), len(self._boxes) - 1)
        box = min(self._boxes[max(after - 1, 0) : after + 1], key=lambda near: abs(near.frame - frame))
        if abs(box.frame - frame) > DETECTION_INTERVAL:
            return None
        size = (box.width * width + box.height * height) / 2
        x, y = (box.left + box.width / 2) * width, (box.top + box.height / 2) * height
        return Face(x - size / 2, y - size / 2, size)
