"""What the video track of a connection looks like to sender and receiver, whether its link is real or simulated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from callcodec.transport.access_units import AccessUnit

VIDEO_CLOCK_HZ = 90_000
"""The RTP clock of video (RFC 6184, 8.2.1)."""
MAX_SENT_BYTES = 1 << 18
"""An access unit of ours at most: a second of the highest rate is a tenth of it."""
MIN_KBPS, MAX_KBPS = 30.0, 200.0
"""What our own side sends."""


@dataclass
class VideoCounts:
    """What crossed the line. Requests and limits: of the direction in which they were sent."""

    units_sent: int = 0
    unit_bytes_sent: int = 0
    units_received: int = 0
    unit_bytes_received: int = 0
    packets_lost: int = 0
    key_requests_sent: int = 0
    key_requests_received: int = 0
    rate_limits_sent: int = 0


class VideoLine(Protocol):
    """One H.264 track each way, beside the voice. Everything is called, and calls back, on the endpoint's thread."""

    on_access_unit: Callable[[AccessUnit], None] | None
    """Called with every whole access unit, in the order of sending. Set by the owner."""
    on_key_frame_wanted: Callable[[], None] | None
    """Called when the other side asks for a key frame (PLI or FIR). Set by the owner."""
    on_rate_limited: Callable[[float], None] | None
    """Called when the other side says how many kbps it takes at most (REMB). Set by the owner."""
    on_aligned: Callable[[float], None] | None
    """Called with what, added to seconds of the video's RTP clock, gives seconds of the voice's, once the other side
    has told it of both (RTCP sender reports); each clock counts modulo its 2**32 units. Set by the owner."""

    @property
    def counts(self) -> VideoCounts:
        """What has crossed the line so far."""
        ...

    @property
    def can_send(self) -> bool:
        """Whether the other side takes a track of ours."""
        ...

    def send(self, access_unit: bytes, rtp_timestamp: int) -> None:
        """Sends one access unit in Annex B form at once; dropped unless it can be sent.

        `rtp_timestamp` arrives on the other side unchanged, modulo 2**32. ValueError for an impossible size.
        """
        ...

    def ask_for_key_frame(self) -> None:
        """Sends a PLI (RFC 4585, 6.3.1); dropped before anything has come."""
        ...

    def limit_rate(self, kbps: float) -> None:
        """Sends a REMB (draft-alvestrand-rmcat-remb-03); dropped before anything has come."""
        ...

    def tick(self, now_s: float) -> None:
        """To be called every few hundredths of a second: gives up what was waited for too long."""
        ...


def check_access_unit(data: bytes) -> None:
    """ValueError unless `data` is an access unit of 1 byte to 256 KiB."""
    if not 0 < len(data) <= MAX_SENT_BYTES:
        raise ValueError(f"An access unit has 1 to {MAX_SENT_BYTES} bytes, this one has {len(data)}.")
