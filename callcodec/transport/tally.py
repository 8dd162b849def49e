"""Counts packets as whole IP packets, by what their first bytes say they are."""

from __future__ import annotations

from collections import Counter
from typing import Literal

from callcodec.transport.clock import Clock
from callcodec.transport.endpoint import ByteCounts, WireStatistics

PacketClass = Literal["rtp", "rtcp", "stun", "dtls"]


def classify(datagram: bytes) -> PacketClass | None:
    """What a UDP payload on a WebRTC socket is (RFC 7983, 7 and RFC 5761, 4); None if it is nothing known."""
    first = datagram[0] if datagram else 255
    if first <= 3:
        return "stun"
    if 20 <= first <= 63:
        return "dtls"
    if 128 <= first <= 191 and len(datagram) >= 2:
        return "rtcp" if 192 <= datagram[1] <= 223 else "rtp"
    return None


class WireTally:
    """Running totals of both directions."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._start_s = clock.now()
        self._sent: Counter[str] = Counter()
        self._received: Counter[str] = Counter()

    def count_sent(self, kind: PacketClass, ip_bytes: int) -> None:
        """One packet has left; `ip_bytes` includes the IP and UDP headers."""
        self._sent[kind] += ip_bytes
        self._sent[f"{kind}_packets"] += 1

    def count_received(self, kind: PacketClass, ip_bytes: int) -> None:
        """One packet has come."""
        self._received[kind] += ip_bytes
        self._received[f"{kind}_packets"] += 1

    def statistics(self) -> WireStatistics:
        """Totals since the tally was made."""
        elapsed_s = self._clock.now() - self._start_s
        return WireStatistics(ByteCounts(**self._sent), ByteCounts(**self._received), elapsed_s)
