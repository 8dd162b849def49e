"""What travels with one voice packet: an acknowledgement, a report and face packets, each if there is one.

A bundle is a row of items whose first bits say what they are; a single face packet is its own bundle and
costs nothing more.
"""

from __future__ import annotations

from dataclasses import dataclass

from callcodec.wire.face_packet import FRAME_NUMBERS, MAX_FACE_PACKET_BYTES, FacePacket
from callcodec.wire.report import REPORT_BYTES, REPORT_TAG, Report

MAX_BUNDLE_BYTES = 8192
MAX_FACES = 16
_LONG_LENGTH = 31


@dataclass(frozen=True)
class Acknowledgement:
    """Which face frames have arrived and can serve as references.

    frame_number: the newest one received, 0..255. received: bit i (0..7) is set when frame_number - 1 - i was
    received too.
    """

    frame_number: int
    received: int

    def __post_init__(self) -> None:
        """Raise ValueError where a field has no place on the wire."""
        if not 0 <= self.frame_number < FRAME_NUMBERS:
            raise ValueError(f"a face frame's number is 0 to {FRAME_NUMBERS - 1}, not {self.frame_number}")
        if not 0 <= self.received < 256:
            raise ValueError(f"an acknowledgement covers eight frames before its newest: {self.received:#b}")

    def frames(self) -> tuple[int, ...]:
        """The numbers of all frames that this acknowledges, newest first."""
        older = (i for i in range(8) if self.received >> i & 1)
        return (self.frame_number, *((self.frame_number - 1 - i) % FRAME_NUMBERS for i in older))

    def serialise(self) -> bytes:
        """Two bytes where the two oldest frames were received, three otherwise."""
        if self.received >> 6 == 0b11:
            return (0b01 << 14 | self.frame_number << 6 | self.received & 0x3F).to_bytes(2, "big")
        return bytes((0b0010_0000, self.frame_number, self.received))


@dataclass(frozen=True)
class Bundle:
    """An acknowledgement for the other side's frames, and this side's frames, oldest first.

    report: of the way from the other side; only to those who say that they read reports.
    """

    acknowledgement: Acknowledgement | None = None
    faces: tuple[FacePacket, ...] = ()
    report: Report | None = None

    def __post_init__(self) -> None:
        """Raise ValueError where there are more faces than a bundle may carry."""
        if len(self.faces) > MAX_FACES:
            raise ValueError(f"a bundle carries at most {MAX_FACES} face packets, not {len(self.faces)}")

    def serialise(self) -> bytes:
        """The bundle's bytes; an empty bundle has none."""
        parts = [item.serialise() for item in (self.acknowledgement, self.report) if item is not None]
        for face in self.faces[:-1]:
            data = face.serialise()
            parts += [_length_prefix(len(data)), data]
        if self.faces:
            parts.append(self.faces[-1].serialise())
        return b"".join(parts)

    @classmethod
    def parse(cls, data: bytes) -> Bundle:
        """The bundle in `data`, which ends where the bundle ends. ValueError when it is none."""
        if len(data) > MAX_BUNDLE_BYTES:
            raise ValueError(f"a bundle of {len(data)} bytes is too long")
        acknowledgement: Acknowledgement | None = None
        report: Report | None = None
        faces: list[FacePacket] = []
        at = 0
        while at < len(data):
            first = data[at]
            if first >> 7:
                faces.append(FacePacket.parse(data[at:]))
                return cls(acknowledgement, tuple(faces), report)
            if first >> 4 == REPORT_TAG >> 4:
                if report or faces:
                    raise ValueError("a report stands before the faces of a bundle, and once")
                report, at = Report.parse(data[at:]), at + REPORT_BYTES
            elif first >> 5:
                if acknowledgement or report or faces:
                    raise ValueError("an acknowledgement stands first in a bundle, and once")
                acknowledgement, at = _parse_acknowledgement(data)
            else:
                length, at = _parse_length(data, at)
                if not 1 <= length <= len(data) - at - 1:
                    raise ValueError("a face packet's length does not fit into its bundle")
                faces.append(FacePacket.parse(data[at : at + length]))
                at += length
        if faces:
            raise ValueError("the bundle ends where another face packet was announced")
        return cls(acknowledgement, report=report)


def _length_prefix(length: int) -> bytes:
    if length <= _LONG_LENGTH:
        return bytes((length - 1,))
    return bytes((_LONG_LENGTH,)) + length.to_bytes(2, "big")


def _parse_length(data: bytes, at: int) -> tuple[int, int]:
    """(length of the face packet, where it begins)."""
    if data[at] < _LONG_LENGTH:
        return data[at] + 1, at + 1
    length = int.from_bytes(data[at + 1 : at + 3], "big")
    if not _LONG_LENGTH < length <= MAX_FACE_PACKET_BYTES:
        raise ValueError("a face packet's length is out of its bounds")
    return length, at + 3


def _parse_acknowledgement(data: bytes) -> tuple[Acknowledgement, int]:
    """(the acknowledgement that `data` begins with, where the next item begins)."""
    size = 2 if data[0] >> 6 else 3
    if len(data) < size:
        raise ValueError("the bundle ends inside its acknowledgement")
    if size == 2:
        value = int.from_bytes(data[:2], "big")
        return Acknowledgement(value >> 6 & 0xFF, 0b1100_0000 | value & 0x3F), 2
    if data[0] != 0b0010_0000:
        raise ValueError("a reserved bit of the acknowledgement is set")
    return Acknowledgement(data[1], data[2]), 3
