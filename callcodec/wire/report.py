"""What a receiver tells of the way to it, in five bytes beside an acknowledgement: loss, queue, and an echo.

All fields are as they stand on the wire, so that a report survives it unchanged.
"""

from __future__ import annotations

from dataclasses import dataclass

REPORT_BYTES = 5
REPORT_TAG = 0b0011_0000
LOSS_UNIT = 1 / 255
QUEUE_UNIT_MS = 10
ECHO_UNIT = 960
"""20 ms of the RTP clock: every voice packet is one or more of them long."""
HOLD_UNIT_MS = 5


@dataclass(frozen=True)
class Report:
    """Four bytes, each 0..255.

    lost: share of the voice packets of the last seconds that never came, in 255ths. queue: how much longer than the
    quickest of the last minute the quickest packets of the last second were under way, in 10 ms; 255: that or more.
    echo: RTP timestamp of the newest voice packet, in units of 960, modulo 256. hold: time since it came, in 5 ms;
    255: that or more.
    """

    lost: int
    queue: int
    echo: int
    hold: int

    def __post_init__(self) -> None:
        """Raise ValueError where a field has no place on the wire."""
        if not all(0 <= value < 256 for value in (self.lost, self.queue, self.echo, self.hold)):
            raise ValueError(f"each field of a report is 0 to 255: {self}")

    @classmethod
    def of(cls, loss: float, queue_s: float, rtp_timestamp: int, hold_s: float) -> Report:
        """From fractions and seconds, rounded."""
        return cls(
            lost=round(min(max(loss, 0.0), 1.0) / LOSS_UNIT),
            queue=min(255, round(max(queue_s, 0.0) * 1000 / QUEUE_UNIT_MS)),
            echo=echo_of(rtp_timestamp),
            hold=min(255, round(max(hold_s, 0.0) * 1000 / HOLD_UNIT_MS)),
        )

    @property
    def loss(self) -> float:
        """0..1."""
        return self.lost * LOSS_UNIT

    @property
    def queue_s(self) -> float:
        """Seconds, at most 2.55."""
        return self.queue * QUEUE_UNIT_MS / 1000

    @property
    def hold_s(self) -> float:
        """Seconds, at most 1.275."""
        return self.hold * HOLD_UNIT_MS / 1000

    def serialise(self) -> bytes:
        """REPORT_BYTES bytes."""
        return bytes((REPORT_TAG, self.lost, self.queue, self.echo, self.hold))

    @classmethod
    def parse(cls, data: bytes) -> Report:
        """The report that `data` begins with. ValueError where it begins with none."""
        if len(data) < REPORT_BYTES:
            raise ValueError("the bundle ends inside its report")
        if data[0] != REPORT_TAG:
            raise ValueError("a reserved bit of the report is set")
        return cls(*data[1:REPORT_BYTES])


def echo_of(rtp_timestamp: int) -> int:
    """How a report names the voice packet of that RTP timestamp."""
    return rtp_timestamp // ECHO_UNIT % 256
