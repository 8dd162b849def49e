"""One low-resolution face frame on the wire: a header of two to three bytes, then the codec's payload.

The header is a bit string, and the payload follows it at once, in the middle of a byte where need be: a bit
that a round byte would waste is one percent of the whole packet. FORMAT.md draws the fields.
"""

from __future__ import annotations

from dataclasses import dataclass

from callcodec.wire.bits import BitReader, BitWriter
from callcodec.wire.emotion import EmotionState

FRAME_NUMBERS = 256
MAX_REFERENCE_DISTANCE = 35
MIN_CAPTURE_OFFSET_MS = -640
MAX_CAPTURE_OFFSET_MS = 635
MAX_HINTS_BYTES = 6
MAX_FACE_PACKET_BYTES = 4096

# The two qualities of the lowest rung that are named in one or two bits (lowres.QUALITIES lists them).
SHORT_QUALITY = 5
SECOND_SHORT_QUALITY = 9

_NEAR_OFFSETS_MS = (-15, 60)
_FAR_OFFSETS_MS = (-95, 140)


@dataclass(frozen=True)
class Rung:
    """One step of the ladder: `size` x `size` pixels, `frames_per_second` on the 25 FPS timeline."""

    index: int
    size: int
    frames_per_second: float

    @property
    def slots_per_frame(self) -> int:
        """Slots of 40 ms from one frame to the next."""
        return round(25 / self.frames_per_second)


RUNGS: tuple[Rung, ...] = (
    Rung(0, 8, 5.0),
    Rung(1, 8, 12.5),
    Rung(2, 16, 5.0),
    Rung(3, 16, 12.5),
    Rung(4, 32, 5.0),
    Rung(5, 32, 12.5),
    Rung(6, 32, 25.0),
)


@dataclass(frozen=True)
class FacePacket:
    """A face frame and what the receiver must know to place and decode it.

    frame_number: 0..255, the sender's count of face frames, wrapping.
    reference_distance: predicted from the frame frame_number - reference_distance (1..35); None: intra-coded.
    rung, quality: indices into RUNGS and lowres.QUALITIES.
    capture_offset_ms: capture time minus the RTP time of the carrying voice packet; multiple of 5, -640..635.
    payload: of lowres.encode. Trailing zero bytes mean nothing and do not survive the wire.
    emotion: an EmotionState when it changed. hints: 1..6 opaque bytes. repeat: a copy of a frame sent before.
    """

    frame_number: int
    reference_distance: int | None
    rung: int
    quality: int
    capture_offset_ms: int
    payload: bytes
    emotion: int | None = None
    hints: bytes | None = None
    repeat: bool = False

    def __post_init__(self) -> None:
        """Raise ValueError where a field has no place on the wire."""
        if not 0 <= self.frame_number < FRAME_NUMBERS:
            raise ValueError(f"a face frame's number is 0 to {FRAME_NUMBERS - 1}, not {self.frame_number}")
        distance = self.reference_distance
        if distance is not None and not 1 <= distance <= MAX_REFERENCE_DISTANCE:
            raise ValueError(f"a reference is 1 to {MAX_REFERENCE_DISTANCE} frames back, not {distance}")
        if not 0 <= self.rung < len(RUNGS):
            raise ValueError(f"there is no rung {self.rung}")
        if not 0 <= self.quality < 16:
            raise ValueError(f"there is no quality {self.quality}")
        offset_ms = self.capture_offset_ms
        if offset_ms % 5 or not MIN_CAPTURE_OFFSET_MS <= offset_ms <= MAX_CAPTURE_OFFSET_MS:
            bounds = f"{MIN_CAPTURE_OFFSET_MS} to {MAX_CAPTURE_OFFSET_MS}"
            raise ValueError(f"a capture offset is a multiple of 5 ms from {bounds} ms, not {offset_ms}")
        if self.emotion is not None and not 0 <= self.emotion < len(EmotionState):
            raise ValueError(f"there is no emotion state {self.emotion}")
        if self.hints is not None and not 1 <= len(self.hints) <= MAX_HINTS_BYTES:
            raise ValueError(f"expression hints take 1 to {MAX_HINTS_BYTES} bytes, not {len(self.hints)}")
        if len(self.payload) > MAX_FACE_PACKET_BYTES - 16:
            raise ValueError(f"a face payload of {len(self.payload)} bytes is too long")

    def serialise(self) -> bytes:
        """The packet's bytes; the first bit is a one, by which a bundle knows a face packet."""
        bits = BitWriter()
        bits.write(1, 1)
        flagged = self.repeat or self.emotion is not None or self.hints is not None
        if flagged:
            bits.write(0b1110, 4)
            bits.write(int(self.repeat), 1)
            bits.write(int(self.emotion is not None), 1)
            bits.write(int(self.hints is not None), 1)
        _write_operating_point(bits, self.rung, self.quality)
        bits.write(self.frame_number, 8)
        _write_reference(bits, self.reference_distance)
        _write_offset(bits, self.capture_offset_ms)
        if self.emotion is not None:
            bits.write(self.emotion, 4)
        if self.hints is not None:
            bits.write(len(self.hints), 3)
            bits.write(int.from_bytes(self.hints, "big"), 8 * len(self.hints))
        bits.write_trimmed(self.payload)
        return bits.to_bytes()

    @classmethod
    def parse(cls, data: bytes) -> FacePacket:
        """The packet in `data`, which ends where the packet ends. ValueError when it is none."""
        if len(data) > MAX_FACE_PACKET_BYTES:
            raise ValueError(f"a face packet of {len(data)} bytes is too long")
        bits = BitReader(data)
        if not bits.read(1):
            raise ValueError("a face packet begins with a one bit")
        repeat = has_emotion = has_hints = False
        operating_point = _read_operating_point(bits)
        if operating_point is None:
            if bits.read(1):
                raise ValueError("a reserved flag of the face packet is set")
            repeat, has_emotion, has_hints = bool(bits.read(1)), bool(bits.read(1)), bool(bits.read(1))
            operating_point = _read_operating_point(bits)
            if operating_point is None:
                raise ValueError("the face packet names its flags twice")
        frame_number = bits.read(8)
        reference_distance = _read_reference(bits)
        capture_offset_ms = _read_offset(bits)
        emotion = bits.read(4) if has_emotion else None
        hints = None
        if has_hints:
            hints_bytes = bits.read(3)
            hints = bits.read(8 * hints_bytes).to_bytes(hints_bytes, "big")
        rung, quality = operating_point
        return cls(
            frame_number,
            reference_distance,
            rung,
            quality,
            capture_offset_ms,
            bits.read_rest(),
            emotion,
            hints,
            repeat,
        )


def _write_operating_point(bits: BitWriter, rung: int, quality: int) -> None:
    if (rung, quality) == (0, SHORT_QUALITY):
        bits.write(0b0, 1)
    elif (rung, quality) == (0, SECOND_SHORT_QUALITY):
        bits.write(0b10, 2)
    else:
        bits.write(0b110, 3)
        bits.write(rung, 4)
        bits.write(quality, 4)


def _read_operating_point(bits: BitReader) -> tuple[int, int] | None:
    """(rung, quality), or None where the flags come first."""
    if not bits.read(1):
        return 0, SHORT_QUALITY
    if not bits.read(1):
        return 0, SECOND_SHORT_QUALITY
    if not bits.read(1):
        return bits.read(4), bits.read(4)
    return None


def _write_reference(bits: BitWriter, distance: int | None) -> None:
    """Two frames back, one round trip of 200 ms to 400 ms at 5 FPS, is the usual case and costs one bit."""
    if distance is None:
        bits.write(0b1111, 4)
    elif distance == 2:
        bits.write(0b0, 1)
    elif distance == 1:
        bits.write(0b10, 2)
    elif distance == 3:
        bits.write(0b110, 3)
    else:
        bits.write(0b1110, 4)
        bits.write(distance - 4, 5)


def _read_reference(bits: BitReader) -> int | None:
    for distance in (2, 1, 3):
        if not bits.read(1):
            return distance
    return None if bits.read(1) else bits.read(5) + 4


def _write_offset(bits: BitWriter, offset_ms: int) -> None:
    """A frame waits for the end of the voice packet it was captured in: mostly 0 to 60 ms after its start."""
    if _NEAR_OFFSETS_MS[0] <= offset_ms <= _NEAR_OFFSETS_MS[1]:
        bits.write(0b0, 1)
        bits.write((offset_ms - _NEAR_OFFSETS_MS[0]) // 5, 4)
    elif _FAR_OFFSETS_MS[0] <= offset_ms <= _FAR_OFFSETS_MS[1]:
        bits.write(0b10, 2)
        bits.write((offset_ms - _FAR_OFFSETS_MS[0]) // 5 - (16 if offset_ms > 0 else 0), 5)
    else:
        bits.write(0b11, 2)
        bits.write((offset_ms - MIN_CAPTURE_OFFSET_MS) // 5, 8)


def _read_offset(bits: BitReader) -> int:
    if not bits.read(1):
        return _NEAR_OFFSETS_MS[0] + 5 * bits.read(4)
    if not bits.read(1):
        step = bits.read(5)
        return _FAR_OFFSETS_MS[0] + 5 * (step + (16 if step >= 16 else 0))
    return MIN_CAPTURE_OFFSET_MS + 5 * bits.read(8)
