"""What a user really gets of a codec at a few kbit/s: smaller pictures, fewer of them, enlarged and held."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from callcodec.measure.codecs.catalogue import Mode, find_codec
from callcodec.measure.codecs.coding import CodedVideo, code
from callcodec.media.timeline import FRAMES_PER_SECOND

Picture = NDArray[np.uint8]
SIZES = (256, 128, 64)
RATES = (25.0, 12.5, 5.0)  # pictures a second
FULL_SIZE = 256


@dataclass(frozen=True)
class CodecPoint:
    """One setting of one codec: ``size`` pixels a side, ``frames_per_second`` of 25, constant rate factor ``crf``."""

    codec: str
    size: int
    frames_per_second: float
    crf: int
    mode: Mode = Mode.CALL

    def __post_init__(self) -> None:
        find_codec(self.codec)
        if self.size not in SIZES or self.frames_per_second not in RATES:
            raise ValueError(
                f"codecs are measured at {', '.join(map(str, SIZES))} pixels and "
                f"{', '.join(f'{rate:g}' for rate in RATES)} pictures a second, "
                f"not {self.size} and {self.frames_per_second:g}"
            )

    @property
    def every_slots(self) -> int:
        """Slots of 40 ms from one picture to the next."""
        return round(FRAMES_PER_SECOND / self.frames_per_second)

    @property
    def label(self) -> str:
        """As reports name it."""
        offline = "" if self.mode is Mode.CALL else ", offline"
        return f"{self.codec} {self.size}×{self.size} {self.frames_per_second:g} FPS crf {self.crf}{offline}"


@dataclass(frozen=True)
class Conventional:
    """A coded clip as a screen shows it: a ``Method`` of the upsampler's table."""

    name: str
    point: CodecPoint
    video: CodedVideo

    @property
    def kbps(self) -> float:
        """Payload of all pictures but the first."""
        return self.video.kbps

    def pictures(self, slots: Sequence[int]) -> Iterator[Picture]:
        """(256, 256, 3) for each of ascending ``slots``; the same array again while a picture is held."""
        number, shown = -1, np.zeros(0, np.uint8)
        for slot in slots:
            wanted = slot // self.point.every_slots
            if wanted != number:
                number, shown = wanted, resized(self.video.pictures[wanted], FULL_SIZE, cv2.INTER_CUBIC)
            yield shown


def encode_point(frames: Sequence[Picture], point: CodecPoint, name: str | None = None) -> Conventional:
    """Code a clip of (256, 256, 3) pictures at 25 a second as ``point`` says. Raises as ``code`` does."""
    chosen = [resized(frame, point.size, cv2.INTER_AREA) for frame in frames[:: point.every_slots]]
    video = code(chosen, point.frames_per_second, find_codec(point.codec), point.crf, point.mode)
    return Conventional(name or point.label, point, video)


def resized(picture: Picture, size: int, interpolation: int) -> Picture:
    """(S, S, 3) → (size, size, 3)."""
    if picture.shape[0] == size:
        return picture
    return np.asarray(cv2.resize(picture, (size, size), interpolation=interpolation), np.uint8)
