"""Streams, pictures and stand-ins for the tests of restoration."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from callcodec.face.detect import Face
from callcodec.h264.state import Planes
from models.landmark_detection import Detection
from models.restoration.restorer import FacePicture, FacePlanes, Hearing
from receiver.restoration.decoder import H264Decoder
from receiver.restoration.pictures import DecodedPicture
from tests.faces import frontal_shape
from tests.h264.streams import Image


def access_units(frames: Sequence[Image], profile: str = "baseline", parameters: str = "") -> list[bytes]:
    """One for each RGB picture, by x264; ``profile`` high brings CABAC and B pictures."""
    height, width = frames[0].shape[:2]
    context: Any = av.CodecContext.create("libx264", "w")
    context.width, context.height, context.pix_fmt = width, height, "yuv420p"
    context.time_base, context.framerate = Fraction(1, 25), Fraction(25, 1)
    context.options = {"profile": profile, "crf": "30", "x264-params": f"log=-1:threads=1:{parameters}"}
    packets = []
    for number, image in enumerate(frames):
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), "rgb24").reformat(format="yuv420p")
        frame.pts = number
        packets += context.encode(frame)
    return [bytes(packet) for packet in [*packets, *context.encode(None)]]


def decoded(units: Sequence[bytes]) -> list[DecodedPicture]:
    """What the decoder gives for access units of 40 ms each."""
    decoder = H264Decoder()
    pictures = [picture for n, unit in enumerate(units) for picture in decoder.decode(unit, 0.04 * n)]
    return [*pictures, *decoder.flush()]


def planes_of(rgb: NDArray[np.uint8]) -> Planes:
    """4:2:0 of an RGB picture of an even size."""
    height, width = rgb.shape[:2]
    i420 = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2YUV_I420), np.uint8)
    chroma = i420[height:].reshape(2, height // 2, width // 2)
    return Planes(i420[:height], chroma[0], chroma[1])


class Shift:
    """A restorer that makes the picture in the middle of its window ``by`` brighter, and keeps what it was given."""

    name, side = "shift", 256

    def __init__(self, by: int, before: int = 2, after: int = 2) -> None:
        self.by, self.before, self.after = by, before, after
        self.windows: list[list[FacePicture]] = []
        self.heard: list[Hearing] = []

    def restore(self, window: Sequence[FacePicture], hearing: Hearing) -> FacePlanes:
        self.windows.append(list(window))
        self.heard.append(hearing)
        planes = window[self.before].planes
        return FacePlanes(
            np.clip(planes.y.astype(int) + self.by, 0, 255).astype(np.uint8), planes.u, planes.v
        )


class Enlarge:
    """A restorer of 64×64 pictures that repeats their pixels."""

    name, side, before, after = "enlarge", 64, 1, 1

    def restore(self, window: Sequence[FacePicture], hearing: Hearing) -> FacePlanes:  # noqa: ARG002
        planes = window[1].planes
        return FacePlanes(
            *(np.kron(plane, np.ones((4, 4), np.uint8)) for plane in (planes.y, planes.u, planes.v))
        )


class KnownFaces:
    """A face detector that is told where the faces are."""

    name = "known"

    def __init__(self, *faces: Face) -> None:
        self.faces = list(faces)
        self.asked = 0

    def detect(self, rgb: NDArray[np.uint8], near: Face | None = None) -> list[Face]:  # noqa: ARG002
        self.asked += 1
        return self.faces


class SteadyLandmarks:
    """A landmark detector that sees the same plain face in every square, as surely as it is told."""

    def __init__(self, confidences: Iterator[float] | None = None) -> None:
        self._confidences = confidences

    def detect(self, rgb: NDArray[np.uint8], mel: NDArray[np.float32] | None = None) -> NDArray[np.float32]:
        return self.detect_with_confidence(rgb, mel).points

    def detect_with_confidence(
        self,
        rgb: NDArray[np.uint8],
        mel: NDArray[np.float32] | None = None,  # noqa: ARG002
    ) -> Detection:
        assert rgb.shape == (256, 256, 3)
        return Detection(frontal_shape()[:68], 0.9 if self._confidences is None else next(self._confidences))
