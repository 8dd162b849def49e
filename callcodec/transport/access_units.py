"""From RTP packets of H.264 (RFC 6184) to access units, in order: whole, or not at all."""

from __future__ import annotations

from dataclasses import dataclass

SEQUENCES = 1 << 16
MAX_WAITING = 512
"""Packets held back while one before them is missing: about a second of video at a megabit."""
MAX_ACCESS_UNIT_BYTES = 1 << 20
"""A key frame of 1080p at the highest rates has less; whatever claims more is not assembled."""

SLICE, IDR_SLICE = 1, 5
BEFORE_FIRST_SLICE = frozenset({7, 8, 9})
"""Parameter sets and delimiters stand only before the first slice (ITU-T H.264, 7.4.1.2.3)."""
STAP_A, FU_A = 24, 28


@dataclass(frozen=True)
class VideoPacket:
    """One RTP packet of a video track, as it came. ``payload`` comes from outside and is not checked.

    ``data``: the bytes of an Annex B stream that it carries, start codes included.
    """

    sequence: int
    rtp_timestamp: int
    marker: bool
    payload: bytes
    data: bytes


@dataclass(frozen=True)
class AccessUnit:
    """One coded picture in Annex B form. ``rtp_timestamp``: modulo 2**32, in units of 1/90000 s.

    ``after_loss``: something before it was lost for good, so what it refers to may be missing. ``arrival_s``: when it
    could be handed over.
    """

    data: bytes
    rtp_timestamp: int
    is_key: bool
    after_loss: bool
    arrival_s: float


class AccessUnitAssembler:
    """Puts packets in order, waits ``hold_s`` for missing ones to be repeated, then goes on without them."""

    def __init__(self, hold_s: float = 0.25) -> None:
        self._hold_s = hold_s
        self._waiting: dict[int, tuple[float, VideoPacket]] = {}  # in the order of arrival
        self._next: int | None = None
        self._newest = 0
        self._unit: list[VideoPacket] = []
        self._unit_bytes = 0
        self._seeking = True
        self._lost = False
        self.lost_packets = 0

    def push(self, packet: VideoPacket, now_s: float) -> list[AccessUnit]:
        """Take one packet in any order; what it completes."""
        number = self._unwrap(packet.sequence)
        if self._next is None or abs(number - self._next) > MAX_WAITING:
            self._restart(number)
        assert self._next is not None
        if number >= self._next and number not in self._waiting:
            self._waiting[number] = (now_s, packet)
        return self._advance(now_s)

    def release(self, now_s: float) -> list[AccessUnit]:
        """What can be handed over at ``now_s`` because its predecessors are no longer waited for."""
        units: list[AccessUnit] = []
        while self._waiting and self._next is not None:
            oldest_s, _ = next(iter(self._waiting.values()))
            if now_s - oldest_s < self._hold_s - 1e-9:
                break
            following = min(self._waiting)
            self.lost_packets += following - self._next
            self._next = following
            self._lose()
            units += self._advance(now_s)
        return units

    def _restart(self, number: int) -> None:
        """Go on from there: the stream begins, has begun anew, or was away for long."""
        if self._next is not None:
            self._lose()
        self._waiting.clear()
        self._next = self._newest = number

    def _lose(self) -> None:
        self._lost = self._seeking = True
        self._unit.clear()
        self._unit_bytes = 0

    def _advance(self, now_s: float) -> list[AccessUnit]:
        units: list[AccessUnit] = []
        while self._next in self._waiting:
            _, packet = self._waiting.pop(self._next)
            self._next += 1
            units += self._take(packet, now_s)
        return units

    def _take(self, packet: VideoPacket, now_s: float) -> list[AccessUnit]:
        units: list[AccessUnit] = []
        if self._unit and packet.rtp_timestamp != self._unit[0].rtp_timestamp:
            units.append(
                self._finish(now_s)
            )  # its last packet had no marker: allowed, but late (RFC 6184, 5.1)
        if self._seeking and not begins_access_unit(packet.payload):
            return units
        self._seeking = False
        self._unit.append(packet)
        self._unit_bytes += len(packet.data)
        if self._unit_bytes > MAX_ACCESS_UNIT_BYTES:
            self._lose()
        elif packet.marker:
            units.append(self._finish(now_s))
        return units

    def _finish(self, now_s: float) -> AccessUnit:
        data = b"".join(packet.data for packet in self._unit)
        unit = AccessUnit(
            data,
            self._unit[0].rtp_timestamp,
            any(nal_type(packet.payload) == IDR_SLICE for packet in self._unit),
            self._lost,
            now_s,
        )
        self._unit.clear()
        self._unit_bytes = 0
        self._lost = False
        return unit

    def _unwrap(self, sequence: int) -> int:
        half = SEQUENCES // 2
        number = self._newest + (sequence - self._newest + half) % SEQUENCES - half
        self._newest = max(self._newest, number)
        return number


def begins_access_unit(payload: bytes) -> bool:
    """Whether an RTP payload surely holds the beginning of an access unit: parameter sets, or macroblock 0."""
    header, body = _first_unit(payload)
    if header in BEFORE_FIRST_SLICE:
        return True
    # first_mb_in_slice is an Exp-Golomb code, and 0 is the one that begins with a set bit (7.3.3, 9.1).
    return header in (SLICE, IDR_SLICE) and bool(body) and bool(body[0] & 0x80)


def nal_type(payload: bytes) -> int:
    """nal_unit_type of the slice in an RTP payload, of an aggregate's last unit; 0 where there is none."""
    if not payload:
        return 0
    kind = payload[0] & 31
    if kind == FU_A:
        return payload[1] & 31 if len(payload) > 1 else 0
    if kind != STAP_A:
        return kind
    position, last = 1, 0
    while position + 2 < len(payload):
        last = payload[position + 2] & 31
        position += 2 + int.from_bytes(payload[position : position + 2], "big")
    return last


def _first_unit(payload: bytes) -> tuple[int, bytes]:
    """nal_unit_type of the first unit that begins in a payload (0: none does) and what follows its header."""
    if len(payload) < 2:
        return 0, b""
    kind = payload[0] & 31
    if kind == FU_A:
        return (payload[1] & 31, payload[2:]) if payload[1] & 0x80 else (0, b"")
    if kind == STAP_A:
        return (payload[3] & 31, payload[4:]) if len(payload) > 3 else (0, b"")
    return kind, payload[1:]
