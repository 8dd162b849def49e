"""A video line without a connection, for tests."""

from collections.abc import Callable

from callcodec.transport.access_units import AccessUnit
from callcodec.transport.video_line import VideoCounts


class FakeVideoLine:
    """Remembers what it was given; ``receive`` and the callbacks play the other side."""

    def __init__(self, can_send: bool = True) -> None:
        self.on_access_unit: Callable[[AccessUnit], None] | None = None
        self.on_key_frame_wanted: Callable[[], None] | None = None
        self.on_rate_limited: Callable[[float], None] | None = None
        self.on_aligned: Callable[[float], None] | None = None
        self.counts = VideoCounts()
        self.can_send = can_send
        self.sent: list[tuple[bytes, int]] = []
        self.limits: list[float] = []
        self.ticks: list[float] = []

    @property
    def key_requests(self) -> int:
        """How often a key frame was asked for."""
        return self.counts.key_requests_sent

    def send(self, access_unit: bytes, rtp_timestamp: int) -> None:
        self.sent.append((access_unit, rtp_timestamp))
        self.counts.units_sent += 1
        self.counts.unit_bytes_sent += len(access_unit)

    def ask_for_key_frame(self) -> None:
        self.counts.key_requests_sent += 1

    def limit_rate(self, kbps: float) -> None:
        self.limits.append(kbps)

    def tick(self, now_s: float) -> None:
        self.ticks.append(now_s)

    def receive(self, unit: AccessUnit) -> None:
        """The other side has sent this."""
        assert self.on_access_unit is not None
        self.on_access_unit(unit)
