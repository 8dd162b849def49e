"""The outgoing low-resolution stream: which frame each packet is predicted from, and what it carries."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from callcodec.wire.bundle import Acknowledgement
from callcodec.wire.face_packet import FRAME_NUMBERS, MAX_REFERENCE_DISTANCE, FacePacket, Rung
from callcodec.wire.lowres import LowResFrame, encode
from sender.expression import ExpressionTracker

OFFSET_UNIT_MS = 5


def area_average(picture: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """(H, W, 3) with H = W a multiple of ``size`` → (size, size, 3): the rounded mean of every block."""
    side = picture.shape[0]
    if picture.shape != (side, side, 3) or side % size:
        raise ValueError(f"a picture of shape {picture.shape} cannot be averaged to {size}×{size}")
    block = side // size
    sums = picture.reshape(size, block, size, block, 3).sum(axis=(1, 3), dtype=np.uint32)
    pixels = block * block
    return np.asarray((sums + pixels // 2) // pixels, np.uint8)


@dataclass(frozen=True)
class EncodedFace:
    """A face packet's content, complete but for its offset, which depends on the voice packet it will ride in.

    ``rung``, ``quality``: indices, as of FacePacket.
    """

    frame_number: int
    reference_distance: int | None
    media_time_s: float
    payload: bytes
    emotion: int | None
    hints: bytes | None
    rung: int
    quality: int

    def packet(self, rtp_time_s: float, repeat: bool = False) -> FacePacket:
        """The packet for the voice packet that starts at ``rtp_time_s`` (same media clock, seconds)."""
        units = round((self.media_time_s - rtp_time_s) * 1000 / OFFSET_UNIT_MS)
        return FacePacket(
            frame_number=self.frame_number,
            reference_distance=self.reference_distance,
            rung=self.rung,
            quality=self.quality,
            capture_offset_ms=units * OFFSET_UNIT_MS,
            payload=self.payload,
            emotion=self.emotion,
            hints=self.hints,
            repeat=repeat,
        )


class FaceEncoder:
    """Encodes each low-resolution picture from the newest frame that the receiver says it has decoded."""

    def __init__(self, rung: Rung, quality: int, expression: ExpressionTracker | None = None) -> None:
        """expression: writes the packets' hints; None: they have none."""
        self._expression = expression
        self.rung = rung
        self.quality = quality
        self.next_number = 0
        self._sent: dict[int, LowResFrame] = {}
        self._acknowledged: set[int] = set()
        self._emotion: int | None = None
        self._emotion_since = 0
        self._emotion_known = True

    def change(self, rung: Rung, quality: int) -> None:
        """Another rung and quality from the next frame on; one of another size is intra-coded."""
        if rung.size != self.rung.size:
            self._sent.clear()
            self._acknowledged.clear()
        self.rung, self.quality = rung, quality
        if self._expression is not None:
            self._expression.use_rung(rung)

    def set_emotion(self, emotion: int | None) -> None:
        """The state (0-14) that the next packets announce until one of them is acknowledged."""
        if emotion != self._emotion:
            self._emotion = emotion
            self._emotion_since = self.next_number
            self._emotion_known = emotion is None

    def encode(self, picture: NDArray[np.uint8], media_time_s: float) -> EncodedFace:
        """Encode the 256×256 RGB ``picture`` captured at ``media_time_s``."""
        number = self.next_number
        self.next_number += 1
        distance = self._reference_distance(number)
        reference = None if distance is None else self._sent[number - distance]
        encoded = encode(area_average(picture, self.rung.size), self.quality, reference)
        self._sent[number] = encoded.reconstruction
        for old in [n for n in self._sent if n < number - MAX_REFERENCE_DISTANCE]:
            del self._sent[old]
        self._acknowledged = {n for n in self._acknowledged if n in self._sent}
        emotion = None if self._emotion_known else self._emotion
        hints = None
        if self._expression is not None:
            hints = self._expression.hints(
                number, media_time_s, None if distance is None else number - distance
            )
        return EncodedFace(
            number % FRAME_NUMBERS,
            distance,
            media_time_s,
            encoded.payload,
            emotion,
            hints,
            self.rung.index,
            self.quality,
        )

    def acknowledge(self, acknowledgement: Acknowledgement) -> None:
        """Note what the receiver has decoded; the frames that it names become references."""
        confirmed = {self._unwrap(number) for number in acknowledgement.frames()} & self._sent.keys()
        if any(number >= self._emotion_since for number in confirmed):
            self._emotion_known = True
        self._acknowledged |= confirmed

    def _reference_distance(self, number: int) -> int | None:
        usable = [n for n in self._acknowledged if n in self._sent and number - n <= MAX_REFERENCE_DISTANCE]
        return number - max(usable) if usable else None

    def _unwrap(self, wire_number: int) -> int:
        behind = (self.next_number - 1 - wire_number) % FRAME_NUMBERS
        return self.next_number - 1 - behind
