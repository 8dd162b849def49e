"""What the receiving half tells the sending side of the way here: loss and queue, more often when there is trouble."""

from collections import deque

from callcodec.wire.report import Report
from receiver.unwrap import SEQUENCE_BITS, Unwrapper

LOSS_WINDOW_S = 3.0
QUEUE_WINDOW_S = 1.0
BASE_SECTION_S = 10.0
BASE_SECTIONS = 6
CALM_INTERVAL_S, TROUBLE_INTERVAL_S = 2.0, 0.5
TROUBLE_LOSS, TROUBLE_QUEUE_S = 0.03, 0.05
MAX_ARRIVALS = 1000
"""More than the shortest voice packets make in a window: a flood does not fill the memory."""


class Reporter:
    """Fed with voice packets as they arrive. `now_s` and `arrival_s` are seconds of one clock, any."""

    def __init__(self) -> None:
        self._sequence = Unwrapper(SEQUENCE_BITS)
        self._arrivals: deque[tuple[float, int]] = deque(maxlen=MAX_ARRIVALS)  # when, and which
        self._transits: deque[tuple[float, float]] = deque(maxlen=MAX_ARRIVALS)
        self._bases: deque[tuple[float, float]] = deque()  # begin of a section, its shortest transit
        self._newest: tuple[int, int, float] | None = None  # sequence, RTP timestamp, arrival
        self._told_s = float("-inf")

    def arrived(self, sequence: int, rtp_timestamp: int, media_s: float, arrival_s: float) -> None:
        """One voice packet, in any order; `media_s`: of its first sample."""
        number = self._sequence.unwrap(sequence)
        if self._newest is not None and number <= self._newest[0] - MAX_ARRIVALS:
            return
        transit_s = arrival_s - media_s
        self._arrivals.append((arrival_s, number))
        self._transits.append((arrival_s, transit_s))
        if not self._bases or arrival_s - self._bases[-1][0] >= BASE_SECTION_S:
            self._bases.append((arrival_s, transit_s))
            while len(self._bases) > BASE_SECTIONS:
                self._bases.popleft()
        elif transit_s < self._bases[-1][1]:
            self._bases[-1] = (self._bases[-1][0], transit_s)
        if self._newest is None or number > self._newest[0]:
            self._newest = (number, rtp_timestamp, arrival_s)

    def loss(self, now_s: float) -> float | None:
        """Share of the voice packets of the last seconds that never came; None where none did."""
        self._forget(now_s)
        return self._loss() if self._arrivals else None

    def report(self, now_s: float) -> Report | None:
        """What the next outgoing packet should tell; None while there is nothing new, or it is too early."""
        if self._newest is None or now_s < self._told_s + TROUBLE_INTERVAL_S:
            return None
        self._forget(now_s)
        if not self._transits:
            return None
        loss = self._loss()
        queue_s = min(transit for _, transit in self._transits) - min(base for _, base in self._bases)
        _, rtp_timestamp, arrival_s = self._newest
        trouble = loss > TROUBLE_LOSS or queue_s > TROUBLE_QUEUE_S
        if not trouble and now_s < self._told_s + CALM_INTERVAL_S:
            return None
        self._told_s = now_s
        return Report.of(loss, queue_s, rtp_timestamp, now_s - arrival_s)

    def _forget(self, now_s: float) -> None:
        for window, length_s in ((self._arrivals, LOSS_WINDOW_S), (self._transits, QUEUE_WINDOW_S)):
            while window and window[0][0] < now_s - length_s:
                window.popleft()

    def _loss(self) -> float:
        numbers = {number for _, number in self._arrivals}
        span = max(numbers) - min(numbers) + 1
        return 1 - len(numbers) / span
