"""What one side of a call looks like to sender and receiver, whether its link is real or simulated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from enum import Enum
from typing import Protocol

RTP_CLOCK_HZ = 48_000
"""The RTP clock of Opus at every sampling rate (RFC 7587, 4.1)."""

IPV4_UDP_BYTES = 28
"""IPv4 header without options (20) and UDP header (8): what every datagram costs besides its payload."""

IPV6_UDP_BYTES = 48
"""IPv6 header without extensions (40) and UDP header (8)."""


@dataclass(frozen=True)
class VoiceArrival:
    """One voice packet as it came from the link: nothing was reordered, repaired or waited for."""

    sequence: int
    """RTP sequence number, 0..65535."""
    rtp_timestamp: int
    """RTP timestamp as the other side's `send_voice` was given it, modulo 2**32, in units of 1/48000 s."""
    payload: bytes
    """An Opus packet, padding and all. It comes from outside and is not checked."""
    arrival_s: float
    """When it arrived, in seconds of the endpoint's clock."""


class Channel(Enum):
    """The message channels beside the voice; the value is the data channel's stream number (RFC 8832)."""

    CONTROL = 0
    """Reliable and ordered."""
    IDENTITY = 1
    """Reliable and ordered; apart from CONTROL, so that a large image does not hold up a small message."""
    FACE = 2
    """Unordered, never repeated: late is lost."""

    @property
    def reliable(self) -> bool:
        """Whether messages are repeated until they arrive and are delivered in the order of sending."""
        return self is not Channel.FACE


@dataclass(frozen=True)
class MessageArrival:
    """One whole message. Its content comes from outside and is not checked."""

    channel: Channel
    data: bytes
    arrival_s: float
    """When its last byte arrived, in seconds of the endpoint's clock."""


class ConnectionState(Enum):
    """The life of a connection, in this order; after FAILED or CLOSED a new endpoint is needed."""

    NEW = "new"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    """Voice and all three channels can be sent."""
    FAILED = "failed"
    """It never came up, or the consent of the other side has expired (RFC 7675)."""
    CLOSED = "closed"
    """One of the two sides hung up."""


@dataclass(frozen=True)
class ByteCounts:
    """Whole IP packets of one direction by class: IP and UDP headers, encryption, retransmissions included.

    The classes are told apart as on the wire: RFC 7983 for STUN, DTLS and RTP, RFC 5761 for RTP and RTCP.
    """

    rtp: int = 0
    rtcp: int = 0
    stun: int = 0
    dtls: int = 0
    """The DTLS handshake and all data channel traffic, acknowledgements included."""
    rtp_packets: int = 0
    rtcp_packets: int = 0
    stun_packets: int = 0
    dtls_packets: int = 0

    @property
    def total(self) -> int:
        """Bytes of all classes."""
        return self.rtp + self.rtcp + self.stun + self.dtls

    @property
    def packets(self) -> int:
        """Packets of all classes."""
        return self.rtp_packets + self.rtcp_packets + self.stun_packets + self.dtls_packets

    def __sub__(self, earlier: ByteCounts) -> ByteCounts:
        """What was added since `earlier`."""
        return ByteCounts(**{f.name: getattr(self, f.name) - getattr(earlier, f.name) for f in fields(self)})

    def __add__(self, other: ByteCounts) -> ByteCounts:
        """Both together."""
        return ByteCounts(**{f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(self)})


@dataclass(frozen=True)
class WireStatistics:
    """What crossed the wire since the endpoint was made, set-up included; subtract two for a stretch."""

    sent: ByteCounts
    received: ByteCounts
    seconds: float
    """Time since the endpoint was made, or the length of the stretch."""

    @property
    def sent_kbps(self) -> float:
        """Mean rate sent, in 1000 bits per second."""
        return _kbps(self.sent.total, self.seconds)

    @property
    def received_kbps(self) -> float:
        """Mean rate received, in 1000 bits per second."""
        return _kbps(self.received.total, self.seconds)

    def __sub__(self, earlier: WireStatistics) -> WireStatistics:
        """The stretch between `earlier` and this."""
        return WireStatistics(
            self.sent - earlier.sent, self.received - earlier.received, self.seconds - earlier.seconds
        )

    def __add__(self, later: WireStatistics) -> WireStatistics:
        """Two stretches that follow each other."""
        return WireStatistics(
            self.sent + later.sent, self.received + later.received, self.seconds + later.seconds
        )


def _kbps(count_bytes: int, seconds: float) -> float:
    return count_bytes * 8 / 1000 / seconds if seconds > 0 else 0.0


class Endpoint(Protocol):
    """One side of a connection. Everything is called, and calls back, on one thread (the event loop's)."""

    on_voice: Callable[[VoiceArrival], None] | None
    """Called with every voice packet, as soon as it arrives. Set by the owner."""
    on_message: Callable[[MessageArrival], None] | None
    """Called with every message, as soon as it is whole. Set by the owner."""
    on_state: Callable[[ConnectionState], None] | None
    """Called when the state has changed. Set by the owner."""

    @property
    def state(self) -> ConnectionState:
        """Where the connection stands."""
        ...

    def send_voice(self, payload: bytes, rtp_timestamp: int) -> None:
        """Sends one Opus packet at once; dropped unless CONNECTED, for voice cannot wait.

        `rtp_timestamp` arrives on the other side unchanged, modulo 2**32.
        """
        ...

    def send_message(self, channel: Channel, data: bytes) -> None:
        """Queues one message; not empty, at most 64 KiB (ValueError). Dropped once FAILED or CLOSED.

        The owner paces: whatever is queued goes out as fast as congestion control lets it, beside the voice.
        """
        ...

    def unacknowledged_bytes(self, channel: Channel) -> int:
        """Bytes given to `send_message` that have not left yet, or whose arrival is not confirmed."""
        ...

    def wire_statistics(self) -> WireStatistics:
        """What has crossed the wire so far."""
        ...


MAX_MESSAGE_BYTES = 65_536
"""What every WebRTC implementation accepts in one message (RFC 8841, 6.1)."""


def check_message(data: bytes) -> None:
    """ValueError unless `data` is 1..65536 bytes: an empty message would arrive as something else."""
    if not 0 < len(data) <= MAX_MESSAGE_BYTES:
        raise ValueError(f"A message must have 1 to {MAX_MESSAGE_BYTES} bytes, this one has {len(data)}.")
