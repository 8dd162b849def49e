"""The video line of a simulated connection: the packets, the repetitions and the feedback of the real one."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Protocol

from callcodec.transport import aiortc_patches
from callcodec.transport.access_units import SEQUENCES, AccessUnit, AccessUnitAssembler, VideoPacket
from callcodec.transport.clock import SimulatedClock
from callcodec.transport.tally import PacketClass
from callcodec.transport.video_line import VideoCounts, check_access_unit

RTP_OVERHEAD_BYTES = 22
"""RTP header (12) and SRTP tag (10)."""
RTX_BYTES = 2
"""The original sequence number in front of a repeated packet (RFC 4588, 4)."""
HISTORY = 128
"""Packets that can be repeated, as in aiortc."""
RTCP_OVERHEAD_BYTES = 26
"""Header with both sources (12), SRTCP index (4) and tag (10)."""
NACK_ITEM_BYTES, NACK_ITEM_SPAN = 4, 17
"""A generic NACK names a packet, and by a bit mask the 16 after it (RFC 4585, 6.2.1)."""
REMB_BYTES = 12
REPORT_BYTES = {"sending": 70, "receiving": 46}
REPORT_INTERVAL_S = (5.0, 15.0)


class Carriage(Protocol):
    """What a video line needs of its endpoint."""

    def transmit(self, kind: PacketClass, payload_bytes: int, deliver: Callable[[], None]) -> None:
        """Sends a packet of that size to the other side; `deliver` is called when it arrives."""
        ...

    @property
    def is_up(self) -> bool:
        """Whether packets can be sent."""
        ...


class SimulatedVideo:
    """Implements VideoLine on a SimulatedEndpoint; `pair_with` makes it one."""

    def __init__(self, clock: SimulatedClock, carriage: Carriage, sends: bool, seed: str) -> None:
        self.on_access_unit: Callable[[AccessUnit], None] | None = None
        self.on_key_frame_wanted: Callable[[], None] | None = None
        self.on_rate_limited: Callable[[float], None] | None = None
        self.on_aligned: Callable[[float], None] | None = None
        self.counts = VideoCounts()
        self._clock = clock
        self._carriage = carriage
        self._sends = sends
        self._random = random.Random(seed)
        self._assembler = AccessUnitAssembler()
        self._sequence = self._random.randrange(SEQUENCES // 2)
        self._history: dict[int, VideoPacket] = {}
        self._newest: int | None = None
        self._missing: set[int] = set()
        self._reporting: set[str] = set()
        self._other: SimulatedVideo | None = None

    def pair_with(self, other: SimulatedVideo) -> None:
        """Both are the ends of one line from now on."""
        self._other, other._other = other, self

    @property
    def can_send(self) -> bool:
        """See VideoLine."""
        return self._sends and self._other is not None

    def send(self, access_unit: bytes, rtp_timestamp: int) -> None:
        """See VideoLine."""
        check_access_unit(access_unit)
        if not self.can_send or not self._carriage.is_up:
            return
        self.counts.units_sent += 1
        self.counts.unit_bytes_sent += len(access_unit)
        payloads = aiortc_patches.packetised_h264(access_unit)
        for index, payload in enumerate(payloads):
            is_last = index == len(payloads) - 1
            data = aiortc_patches.depayloaded_h264(payload)
            packet = VideoPacket(self._sequence, rtp_timestamp % 2**32, is_last, payload, data)
            self._history[self._sequence % HISTORY] = packet
            self._sequence = (self._sequence + 1) % SEQUENCES
            self._transmit(packet, 0)
        self._report("sending")

    def ask_for_key_frame(self) -> None:
        """See VideoLine."""
        if self._newest is not None:
            self.counts.key_requests_sent += 1
            self._feed_back(0, SimulatedVideo._key_frame_wanted)

    def limit_rate(self, kbps: float) -> None:
        """See VideoLine."""
        if self._newest is not None:
            self.counts.rate_limits_sent += 1
            self._feed_back(REMB_BYTES, lambda other: other._rate_limited(kbps))

    def tick(self, now_s: float) -> None:
        """See VideoLine."""
        self._hand_over(self._assembler.release(now_s))

    def _transmit(self, packet: VideoPacket, extra_bytes: int) -> None:
        def arrive() -> None:
            if self._other is not None:
                self._other._take(packet)

        self._carriage.transmit("rtp", RTP_OVERHEAD_BYTES + len(packet.payload) + extra_bytes, arrive)

    def _feed_back(self, item_bytes: int, deliver: Callable[[SimulatedVideo], None]) -> None:
        def arrive() -> None:
            if self._other is not None:
                deliver(self._other)

        self._carriage.transmit("rtcp", RTCP_OVERHEAD_BYTES + item_bytes, arrive)

    def _take(self, packet: VideoPacket) -> None:
        self._report("receiving")
        if self._note_missing(packet.sequence):
            self._ask_again()
        self._hand_over(self._assembler.push(packet, self._clock.now()))

    def _note_missing(self, sequence: int) -> bool:
        """Whether packets before this one are found missing now, as aiortc notes it."""
        newest = sequence if self._newest is None else self._newest
        ahead = (sequence - newest) % SEQUENCES
        if ahead >= SEQUENCES // 2:
            self._missing.discard(sequence)
            return False
        self._newest = sequence
        self._missing |= {(newest + step) % SEQUENCES for step in range(1, min(ahead, HISTORY))}
        self._missing = {lost for lost in self._missing if (sequence - lost) % SEQUENCES <= HISTORY}
        return ahead > 1

    def _ask_again(self) -> None:
        wanted = sorted(self._missing)
        items, reach = 0, -1
        for sequence in wanted:
            if sequence > reach:
                items, reach = items + 1, sequence + NACK_ITEM_SPAN - 1
        self._feed_back(items * NACK_ITEM_BYTES, lambda other: other._repeat(wanted))

    def _repeat(self, wanted: list[int]) -> None:
        for sequence in wanted:
            packet = self._history.get(sequence % HISTORY)
            if packet is not None and packet.sequence == sequence:
                self._transmit(packet, RTX_BYTES)

    def _hand_over(self, units: list[AccessUnit]) -> None:
        self.counts.packets_lost = self._assembler.lost_packets
        for unit in units:
            self.counts.units_received += 1
            self.counts.unit_bytes_received += len(unit.data)
            if self.on_access_unit is not None:
                self.on_access_unit(unit)

    def _key_frame_wanted(self) -> None:
        self.counts.key_requests_received += 1
        if self.on_key_frame_wanted is not None:
            self.on_key_frame_wanted()

    def _rate_limited(self, kbps: float) -> None:
        if self.on_rate_limited is not None:
            self.on_rate_limited(kbps)

    def _report(self, direction: str) -> None:
        """Begin to report, every 5 to 15 s, once there is something to report."""
        if direction in self._reporting:
            return
        self._reporting.add(direction)

        def report() -> None:
            if self._carriage.is_up:
                self._carriage.transmit("rtcp", REPORT_BYTES[direction], lambda: None)
                self._clock.schedule_in(self._random.uniform(*REPORT_INTERVAL_S), report)

        self._clock.schedule_in(self._random.uniform(*REPORT_INTERVAL_S), report)
