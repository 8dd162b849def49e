"""The way to the other side, as its reports tell it: loss, queue and round trip."""

from collections import deque

from callcodec.wire.report import Report, echo_of

REMEMBERED = 300
"""Voice packets: 5 s of the shortest, as long as an echo means one packet alone."""
ECHO_AGE_S = 5.0
HEAVY_LOSS, RELIEVED_LOSS = 0.10, 0.06
SMOOTHING = 0.3


class LinkState:
    """Nothing is known before the first report."""

    def __init__(self) -> None:
        self._sent: deque[tuple[int, float]] = deque(maxlen=REMEMBERED)
        self.loss: float | None = None
        """Share of voice packets that were lost, smoothed, 0..1."""
        self.queue_s: float | None = None
        """How much longer than at its best a packet is under way."""
        self.round_trip_s: float | None = None
        self.lossy = False
        """Loss has risen above HEAVY_LOSS, and not yet fallen below RELIEVED_LOSS: faces are sent twice."""

    def sent(self, rtp_timestamp: int, now_s: float) -> None:
        """One voice packet has left."""
        self._sent.append((echo_of(rtp_timestamp), now_s))

    def reported(self, report: Report, now_s: float) -> None:
        """The other side has told."""
        self.loss = report.loss if self.loss is None else self.loss + SMOOTHING * (report.loss - self.loss)
        self.queue_s = report.queue_s
        self.lossy = self.loss > (RELIEVED_LOSS if self.lossy else HEAVY_LOSS)
        for echo, sent_s in reversed(self._sent):
            if echo == report.echo and now_s - sent_s < ECHO_AGE_S:
                self.round_trip_s = max(0.0, now_s - sent_s - report.hold_s)
                return
