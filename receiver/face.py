"""The incoming low-resolution stream: decodes what has its reference, and says what it has decoded."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from callcodec.wire.bundle import Acknowledgement
from callcodec.wire.colour import FRACTION
from callcodec.wire.face_packet import FRAME_NUMBERS, MAX_REFERENCE_DISTANCE, RUNGS, FacePacket
from callcodec.wire.hints import HintReference, Hints, decode_hints
from callcodec.wire.lowres import QUALITIES, LowResFrame, decode

ACKNOWLEDGEMENT_BITS = 8
HISTORY = MAX_REFERENCE_DISTANCE + ACKNOWLEDGEMENT_BITS + 1


@dataclass(frozen=True)
class DecodedFace:
    """``number``: unwrapped. ``picture``: (S, S, 3) uint8 RGB. ``media_time_s``: capture on the sender's timeline.

    ``step``: quantiser step of its luma, in grey levels. ``hints``: None where the packet has none, or unreadable ones.
    """

    number: int
    picture: NDArray[np.uint8]
    media_time_s: float
    emotion: int | None
    step: float
    hints: Hints | None


@dataclass
class FaceCounts:
    """What has arrived. ``undecodable``: its reference is missing or its payload is damaged. ``hinted``: has hints."""

    received: int = 0
    decoded: int = 0
    duplicate: int = 0
    undecodable: int = 0
    hinted: int = 0


class FaceDecoder:
    """Keeps the frames that packets to come may refer to."""

    def __init__(self) -> None:
        self._frames: dict[int, LowResFrame] = {}
        self._hints: dict[int, Hints] = {}
        self._newest: int | None = None
        self._newest_s = 0.0
        self._emotion: int | None = None
        self.counts = FaceCounts()

    def decode(self, packet: FacePacket, rtp_time_s: float) -> DecodedFace | None:
        """Decode one packet that rode with the voice of ``rtp_time_s``; None when it is of no use."""
        if abs(rtp_time_s - self._newest_s) > MAX_REFERENCE_DISTANCE / RUNGS[packet.rung].frames_per_second:
            # Nothing that was kept can be referred to, and how often the numbers went round meanwhile is unknown.
            self._forget()
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
        self._newest_s = max(self._newest_s, rtp_time_s)
        hints = self._decode_hints(packet, number)
        self.counts.decoded += 1
        step = QUALITIES[packet.quality].step / FRACTION
        if packet.emotion is not None:
            self._emotion = packet.emotion
        media_time_s = rtp_time_s + packet.capture_offset_ms / 1000
        return DecodedFace(number, frame.rgb(), media_time_s, self._emotion, step, hints)

    def acknowledgement(self) -> Acknowledgement | None:
        """The newest decoded frame and which of those before it are there too; None before the first."""
        if self._newest is None:
            return None
        received = 0
        for bit in range(ACKNOWLEDGEMENT_BITS):
            if self._newest - 1 - bit in self._frames:
                received |= 1 << bit
        return Acknowledgement(self._newest % FRAME_NUMBERS, received)

    def _decode_hints(self, packet: FacePacket, number: int) -> Hints | None:
        """The packet's hints; unreadable ones do not cost the picture."""
        if packet.hints is None:
            return None
        distance = packet.reference_distance
        named = None if distance is None else self._hints.get(number - distance)
        reference = None if named is None or distance is None else HintReference(named, distance)
        try:
            hints = decode_hints(packet.hints, RUNGS[packet.rung], reference)
        except ValueError:
            return None
        self._hints[number] = hints
        self.counts.hinted += 1
        return hints

    def _forget(self) -> None:
        self._frames.clear()
        self._hints.clear()
        self._newest = None
        self._newest_s = 0.0

    def _remember(self, number: int, frame: LowResFrame) -> None:
        self._frames[number] = frame
        self._newest = number if self._newest is None else max(self._newest, number)
        for old in [n for n in self._frames if n <= self._newest - HISTORY]:
            del self._frames[old]
            self._hints.pop(old, None)

    def _unwrap(self, wire_number: int) -> int:
        if self._newest is None:
            return FRAME_NUMBERS + wire_number
        half = FRAME_NUMBERS // 2
        return self._newest + (wire_number - self._newest + half) % FRAME_NUMBERS - half
