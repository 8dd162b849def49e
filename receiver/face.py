"""The incoming low-resolution stream: decodes what has its reference, and says what it has decoded."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from callcodec.wire.bundle import Acknowledgement
from callcodec.wire.colour import FRACTION
from callcodec.wire.face_packet import FRAME_NUMBERS, MAX_REFERENCE_DISTANCE, RUNGS, FacePacket
from callcodec.wire.lowres import QUALITIES, LowResFrame, decode

ACKNOWLEDGEMENT_BITS = 8
HISTORY = MAX_REFERENCE_DISTANCE + ACKNOWLEDGEMENT_BITS + 1


@dataclass(frozen=True)
class DecodedFace:
    """``number``: unwrapped. ``picture``: (S, S, 3) uint8 RGB. ``media_time_s``: capture on the sender's timeline.

    ``step``: quantiser step of its luma, in grey levels.
    """

    number: int
    picture: NDArray[np.uint8]
    media_time_s: float
    emotion: int | None
    step: float


@dataclass
class FaceCounts:
    """What has arrived. ``undecodable``: its reference is missing or its payload is damaged."""

    received: int = 0
    decoded: int = 0
    duplicate: int = 0
    undecodable: int = 0


class FaceDecoder:
    """Keeps the frames that packets to come may refer to."""

    def __init__(self) -> None:
        self._frames: dict[int, LowResFrame] = {}
        self._newest: int | None = None
        self._emotion: int | None = None
        self.counts = FaceCounts()

    def decode(self, packet: FacePacket, rtp_time_s: float) -> DecodedFace | None:
        """Decode one packet that rode with the voice of ``rtp_time_s``; None when it is of no use."""
        number = self._unwrap(packet.frame_number)
        if number in self._frames:
            self.counts.duplicate += 1
            return None
        self.counts.received += 1
        reference: LowResFrame | None = None
        if packet.reference_distance is not None:
            reference = self._frames.get(number - packet.reference_distance)
            if reference is None:
                self.counts.undecodable += 1
                return None
        try:
            frame = decode(packet.payload, RUNGS[packet.rung].size, packet.quality, reference)
        except ValueError:
            self.counts.undecodable += 1
            return None
        self._remember(number, frame)
        self.counts.decoded += 1
        step = QUALITIES[packet.quality].step / FRACTION
        if packet.emotion is not None:
            self._emotion = packet.emotion
        return DecodedFace(
            number, frame.rgb(), rtp_time_s + packet.capture_offset_ms / 1000, self._emotion, step
        )

    def acknowledgement(self) -> Acknowledgement | None:
        """The newest decoded frame and which of those before it are there too; None before the first."""
        if self._newest is None:
            return None
        received = 0
        for bit in range(ACKNOWLEDGEMENT_BITS):
            if self._newest - 1 - bit in self._frames:
                received |= 1 << bit
        return Acknowledgement(self._newest % FRAME_NUMBERS, received)

    def _remember(self, number: int, frame: LowResFrame) -> None:
        self._frames[number] = frame
        self._newest = number if self._newest is None else max(self._newest, number)
        for old in [n for n in self._frames if n <= self._newest - HISTORY]:
            del self._frames[old]

    def _unwrap(self, wire_number: int) -> int:
        if self._newest is None:
            return FRAME_NUMBERS + wire_number
        half = FRAME_NUMBERS // 2
        return self._newest + (wire_number - self._newest + half) % FRAME_NUMBERS - half
