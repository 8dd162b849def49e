"""Finding faces in a picture, cheaply enough to do it several times a second beside a call."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

_WORKING_SHORT_SIDE_PX = 160
_WORKING_LONG_SIDE_PX = 320
_MIN_FACE_PX = 22
"""Smallest face in the working picture: the cascades were trained on 20×20."""
_TILT_DEGREES = 25.0
"""How far a head is turned back before it is sought again; the cascade holds on to 15 degrees by itself."""
_NEIGHBOURHOOD = 0.75
"""A face is first sought this many of its sizes around the place where it was."""


@dataclass(frozen=True)
class Face:
    """A square from brows to chin in pixels of the picture; not `frontal`: a tilted head or a profile."""

    x: float
    y: float
    size: float
    frontal: bool = True

    @property
    def centre_x(self) -> float:
        """Pixels from the left edge."""
        return self.x + self.size / 2

    @property
    def centre_y(self) -> float:
        """Pixels from the upper edge."""
        return self.y + self.size / 2


class FaceDetector(Protocol):
    """Anything that finds faces."""

    name: str

    def detect(self, rgb: NDArray[np.uint8], near: Face | None = None) -> list[Face]:
        """Faces in a (H, W, 3) picture. With `near`, what is found around that face is enough."""
        ...


class CascadeDetector:
    """OpenCV's bundled Haar cascades: upright frontal faces, else tilted ones, else profiles.

    Takes about 3 ms where the face is near its former place, 8 ms for a whole picture on one core. Where no
    upright face is there, one of four further attitudes (8 to 15 ms each) is tried a call, first the one that
    fitted last; only the very first call tries all of them.
    """

    name = "cascade"

    def __init__(self) -> None:
        self._frontal = load_cascade("haarcascade_frontalface_alt2.xml")
        self._profile = load_cascade("haarcascade_profileface.xml")
        self._attitudes: tuple[Callable[[NDArray[np.uint8]], list[Face]], ...] = (
            lambda grey: self._tilted(grey, _TILT_DEGREES),
            lambda grey: self._tilted(grey, -_TILT_DEGREES),
            self._profiles,
            self._mirrored_profiles,
        )
        self._attitude = 0
        self._fresh = True

    def detect(self, rgb: NDArray[np.uint8], near: Face | None = None) -> list[Face]:
        """See `FaceDetector`."""
        grey, scale = working_picture(rgb)
        found = [] if near is None else self._around(grey, _scaled(near, scale))
        found = found or self._upright(grey, _MIN_FACE_PX)
        attempts = 0 if found else len(self._attitudes) if self._fresh else 1
        self._fresh = False
        for _ in range(attempts):
            found = self._attitudes[self._attitude](grey)
            if found:
                break
            self._attitude = (self._attitude + 1) % len(self._attitudes)
        return [_scaled(face, 1 / scale) for face in found]

    def _around(self, grey: NDArray[np.uint8], near: Face) -> list[Face]:
        margin = near.size * _NEIGHBOURHOOD
        left, top = max(0, int(near.x - margin)), max(0, int(near.y - margin))
        right, bottom = int(near.x + near.size + margin), int(near.y + near.size + margin)
        part = np.ascontiguousarray(grey[top:bottom, left:right])
        smallest = max(_MIN_FACE_PX, int(near.size * 0.7))
        if min(part.shape) < smallest:
            return []
        return [Face(face.x + left, face.y + top, face.size) for face in self._upright(part, smallest)]

    def _upright(self, grey: NDArray[np.uint8], smallest: int) -> list[Face]:
        return _run(self._frontal, grey, smallest)

    def _tilted(self, grey: NDArray[np.uint8], degrees: float) -> list[Face]:
        height, width = grey.shape
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
        turned = np.asarray(cv2.warpAffine(grey, turn, (width, height)), np.uint8)
        back = cv2.invertAffineTransform(turn)
        faces = []
        for face in self._upright(turned, min(grey.shape) // 5):
            x, y = back @ (face.centre_x, face.centre_y, 1.0)
            faces.append(Face(float(x) - face.size / 2, float(y) - face.size / 2, face.size, frontal=False))
        return faces

    def _profiles(self, grey: NDArray[np.uint8]) -> list[Face]:
        found = _run(self._profile, grey, max(_MIN_FACE_PX, min(grey.shape) // 5))
        return [Face(face.x, face.y, face.size, frontal=False) for face in found]

    def _mirrored_profiles(self, grey: NDArray[np.uint8]) -> list[Face]:
        """The cascade knows one side of the head only."""
        mirrored = self._profiles(np.ascontiguousarray(grey[:, ::-1]))
        return [
            Face(grey.shape[1] - face.x - face.size, face.y, face.size, frontal=False) for face in mirrored
        ]


class YunetDetector:
    """YuNet through OpenCV, a network of 0.2 MB that also holds on to turned and covered faces.

    Its weights are those that the package face-alignment fetches; nothing is downloaded here.
    """

    name = "yunet"

    def __init__(self, weights: Path | None = None) -> None:
        """Raises FileNotFoundError without weights, ValueError where they cannot be read."""
        weights = yunet_weights_path() if weights is None else weights
        if not weights.is_file():
            raise FileNotFoundError(
                f"the face detector yunet needs {weights}; the package face-alignment fetches it when it is "
                "used once with face_detector='yunet'. The detector 'cascade' needs nothing."
            )
        try:
            self._network = cv2.FaceDetectorYN.create(str(weights), "", (320, 320), 0.6, 0.3)
        except cv2.error as error:
            raise ValueError(f"{weights} holds no face detector that OpenCV can read; delete it.") from error

    def detect(self, rgb: NDArray[np.uint8], near: Face | None = None) -> list[Face]:  # noqa: ARG002 - fast anyway
        """See `FaceDetector`."""
        scale = _working_scale(rgb.shape[1], rgb.shape[0])
        size = (max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale)))
        bgr = cv2.cvtColor(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2BGR)
        self._network.setInputSize(size)
        _, rows = self._network.detect(bgr)
        # Its rows are x, y, width, height, five points and a score; the box is higher than wide.
        boxes = np.empty((0, 15)) if rows is None else np.asarray(rows, np.float64)
        faces = [Face(x + width / 2 - height / 2, y, height) for x, y, width, height in boxes[:, :4]]
        return [_scaled(face, 1 / scale) for face in faces]


_DETECTORS: dict[str, Callable[[], FaceDetector]] = {"cascade": CascadeDetector, "yunet": YunetDetector}


def create_detector(name: str = "auto") -> FaceDetector:
    """The detector of that name; "auto" takes yunet where its weights are on this machine, else the cascade.

    Raises:
        ValueError: an unknown name, or weights that cannot be read.
        FileNotFoundError: a detector was asked for by name and its weights are missing.
    """
    if name == "auto":
        name = "yunet" if yunet_weights_path().is_file() else "cascade"
    if name not in _DETECTORS:
        raise ValueError(f"there is no face detector {name!r}; choose one of auto, {', '.join(_DETECTORS)}")
    return _DETECTORS[name]()


def yunet_weights_path() -> Path:
    """Where face-alignment keeps the weights of YuNet."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "torch"
    return (
        Path(os.environ.get("TORCH_HOME", cache))
        / "hub"
        / "checkpoints"
        / "face_detection_yunet_2023mar.onnx"
    )


def load_cascade(file_name: str) -> cv2.CascadeClassifier:
    """One of OpenCV's bundled cascades. Raises FileNotFoundError where this OpenCV came without it."""
    # The folder that cv2.data.haarcascades names, which the package's type stubs forget.
    path = Path(cv2.__file__).parent / "data" / file_name
    cascade = cv2.CascadeClassifier(str(path))
    if cascade.empty():
        raise FileNotFoundError(f"{path} is missing; install the package opencv-python")
    return cascade


def working_picture(rgb: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], float]:
    """A small grey copy for detection, and its scale (below 1 for larger pictures)."""
    scale = _working_scale(rgb.shape[1], rgb.shape[0])
    size = (max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale)))
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA) if scale < 1 else rgb
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.uint8), scale


def _working_scale(width: int, height: int) -> float:
    short, long = min(width, height), max(width, height)
    return min(1.0, _WORKING_SHORT_SIDE_PX / short, _WORKING_LONG_SIDE_PX / long)


def _scaled(face: Face, factor: float) -> Face:
    return Face(face.x * factor, face.y * factor, face.size * factor, face.frontal)


def _run(cascade: cv2.CascadeClassifier, grey: NDArray[np.uint8], smallest: int) -> list[Face]:
    boxes = cascade.detectMultiScale(grey, 1.15, 3, minSize=(smallest, smallest))
    return [Face(float(x), float(y), float(width)) for x, y, width, _ in boxes]
