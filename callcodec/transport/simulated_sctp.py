"""The sending half of an SCTP association in simulated time: what data channels cost, and how fast they are.

It follows aiortc's RTCSctpTransport (RFC 9260 with RFC 3758): one chunk a packet, every packet acknowledged
at once, a retransmission timeout of at least one second, fast retransmission after three reports, slow start.
All channels share one association, one sequence of transmission numbers (TSN) and one congestion window.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from callcodec.transport.clock import Event, SimulatedClock
from callcodec.transport.endpoint import Channel
from callcodec.transport.simulated_sctp_receiver import (
    Acknowledgement,
    Chunk,
    Forward,
    Fragment,
    SimulatedSctpReceiver,
)

MAX_FRAGMENT_BYTES = 1160
"""aiortc's USERDATA_MAX_LENGTH: what fits the smallest IPv6 packet with everything around it."""

RTO_INITIAL_S = 1.0
RTO_MIN_S = 1.0
RTO_MAX_S = 60.0


@dataclass(eq=False)
class _Outstanding:
    fragment: Fragment
    sent_s: float
    sent_count: int = 1
    in_flight: bool = True
    acknowledged: bool = False
    repeat: bool = False
    reports_missing: int = 0
    abandoned: bool = False


class SimulatedSctp:
    """One side; `transmit` puts a chunk on the link, `deliver` hands a message up."""

    def __init__(
        self,
        clock: SimulatedClock,
        transmit: Callable[[Chunk], None],
        deliver: Callable[[Channel, bytes], None],
    ) -> None:
        self._clock = clock
        self._transmit = transmit
        self._receiving = SimulatedSctpReceiver(transmit, deliver)
        self._messages: deque[tuple[Channel, bytes]] = deque()
        self._message_numbers = dict.fromkeys(Channel, 0)
        self._next_tsn = 1
        self._fragments: deque[Fragment] = deque()
        self._outstanding: list[_Outstanding] = []
        self._acknowledged_tsn = 0
        self._forward_tsn = 0
        self._forward_due = False
        self._window_bytes = 3 * MAX_FRAGMENT_BYTES
        self._slow_start_bytes = 1 << 20
        self._partial_bytes = 0
        self._recovery_exit: int | None = None
        self._smoothed_rtt_s: float | None = None
        self._rtt_variation_s = 0.0
        self._rto_s = RTO_INITIAL_S
        self._timer: Event | None = None

    def send(self, channel: Channel, data: bytes) -> None:
        """Queues a message; it leaves as soon as the congestion window allows."""
        self._messages.append((channel, data))
        self._flush()

    def unacknowledged_bytes(self, channel: Channel) -> int:
        """Bytes of messages that wait to leave, or whose arrival is not confirmed."""
        under_way = [item.fragment for item in self._outstanding if not item.acknowledged]
        waiting = sum(len(data) for queued, data in self._messages if queued is channel)
        return waiting + sum(len(f.data) for f in (*self._fragments, *under_way) if f.channel is channel)

    def receive(self, chunk: Chunk) -> None:
        """Takes a chunk that has arrived."""
        if isinstance(chunk, Acknowledgement):
            self._acknowledge(chunk)
        else:
            self._receiving.take(chunk)

    def stop(self) -> None:
        """Sends nothing any more."""
        self._messages.clear()
        self._fragments.clear()
        self._outstanding.clear()
        self._set_timer(running=False)

    def _flush(self) -> None:
        while self._messages and not self._fragments:
            channel, data = self._messages.popleft()
            count = -(-len(data) // MAX_FRAGMENT_BYTES)
            for index in range(count):
                part = data[index * MAX_FRAGMENT_BYTES : (index + 1) * MAX_FRAGMENT_BYTES]
                number = self._message_numbers[channel]
                self._fragments.append(Fragment(self._next_tsn, channel, number, index, count, part))
                self._next_tsn += 1
            self._message_numbers[channel] += 1
            self._send_window()

    def _in_flight_bytes(self) -> int:
        return sum(len(item.fragment.data) for item in self._outstanding if item.in_flight)

    def _send_window(self) -> None:
        if self._forward_due:
            self._forward_due = False
            self._transmit(Forward(self._forward_tsn))
            if self._timer is None:
                self._set_timer(running=True)
        burst = (2 if self._recovery_exit is not None else 4) * MAX_FRAGMENT_BYTES
        in_flight = self._in_flight_bytes()
        window = min(in_flight + burst, self._window_bytes)
        for item in self._outstanding:
            if item.repeat:
                if in_flight >= window:
                    return
                item.repeat, item.in_flight, item.reports_missing = False, True, 0
                item.sent_count += 1
                in_flight += len(item.fragment.data)
                self._transmit(item.fragment)
                self._set_timer(running=True)
        while self._fragments and in_flight < window:
            fragment = self._fragments.popleft()
            self._outstanding.append(_Outstanding(fragment, self._clock.now()))
            in_flight += len(fragment.data)
            self._transmit(fragment)
            if self._timer is None:
                self._set_timer(running=True)

    def _acknowledge(self, report: Acknowledgement) -> None:
        if report.cumulative < self._acknowledged_tsn:
            return
        self._acknowledged_tsn = report.cumulative
        window_was_full = self._in_flight_bytes() >= self._window_bytes
        newly = [item for item in self._outstanding if item.fragment.tsn <= report.cumulative]
        gone_bytes = sum(len(item.fragment.data) for item in newly if not item.acknowledged)
        if newly and newly[0].sent_count == 1:
            self._measure_rtt(self._clock.now() - newly[0].sent_s)
        del self._outstanding[: len(newly)]
        gap_bytes, lost = self._take_gaps(report)
        self._adapt_window(report, bool(newly) and window_was_full, gone_bytes + gap_bytes, lost)
        if not self._outstanding:
            self._set_timer(running=False)
        elif newly:
            self._set_timer(running=True)
        self._give_up_abandoned()
        self._flush()
        self._send_window()

    def _take_gaps(self, report: Acknowledgement) -> tuple[int, bool]:
        """Marks what arrived beyond a gap: bytes newly arrived, and whether three reports missed one."""
        lost = False
        gone_bytes = 0
        highest_new = report.cumulative
        for item in self._outstanding:
            if item.fragment.tsn in report.beyond:
                if not item.acknowledged:
                    gone_bytes += len(item.fragment.data)
                    item.acknowledged = True
                    highest_new = item.fragment.tsn
                item.in_flight = item.repeat = False
        for item in self._outstanding:
            if item.fragment.tsn < highest_new and not item.acknowledged:
                item.reports_missing += 1
                if item.reports_missing == 3:
                    self._miss(item)
                    lost = True
        return gone_bytes, lost

    def _miss(self, item: _Outstanding) -> None:
        item.in_flight = False
        if item.fragment.channel.reliable:
            item.repeat = True
        else:
            # maxRetransmits = 0: the other side is told not to wait for it (RFC 3758, 3.5).
            item.abandoned = True

    def _adapt_window(self, report: Acknowledgement, grow: bool, gone_bytes: int, lost: bool) -> None:
        if self._recovery_exit is not None:
            if report.cumulative >= self._recovery_exit:
                self._recovery_exit = None
            return
        if grow and self._window_bytes <= self._slow_start_bytes:
            self._window_bytes += min(gone_bytes, MAX_FRAGMENT_BYTES)
        elif grow:
            self._partial_bytes += gone_bytes
            if self._partial_bytes >= self._window_bytes:
                self._partial_bytes -= self._window_bytes
                self._window_bytes += MAX_FRAGMENT_BYTES
        if lost:
            self._slow_start_bytes = max(self._window_bytes // 2, 4 * MAX_FRAGMENT_BYTES)
            self._window_bytes = self._slow_start_bytes
            self._partial_bytes = 0
            self._recovery_exit = self._outstanding[-1].fragment.tsn

    def _give_up_abandoned(self) -> None:
        self._forward_tsn = max(self._forward_tsn, self._acknowledged_tsn)
        while self._outstanding and self._outstanding[0].abandoned:
            self._forward_tsn = self._outstanding.pop(0).fragment.tsn
        self._forward_due = self._forward_tsn > self._acknowledged_tsn

    def _measure_rtt(self, rtt_s: float) -> None:
        """RFC 9260, 6.3.1."""
        if self._smoothed_rtt_s is None:
            self._smoothed_rtt_s, self._rtt_variation_s = rtt_s, rtt_s / 2
        else:
            self._rtt_variation_s = 0.75 * self._rtt_variation_s + 0.25 * abs(self._smoothed_rtt_s - rtt_s)
            self._smoothed_rtt_s = 0.875 * self._smoothed_rtt_s + 0.125 * rtt_s
        self._rto_s = max(RTO_MIN_S, min(self._smoothed_rtt_s + 4 * self._rtt_variation_s, RTO_MAX_S))

    def _set_timer(self, running: bool) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._clock.schedule_in(self._rto_s, self._timed_out) if running else None

    def _timed_out(self) -> None:
        self._timer = None
        for item in self._outstanding:
            if not item.acknowledged:
                self._miss(item)
        self._give_up_abandoned()
        self._recovery_exit = None
        self._partial_bytes = 0
        self._slow_start_bytes = max(self._window_bytes // 2, 4 * MAX_FRAGMENT_BYTES)
        self._window_bytes = MAX_FRAGMENT_BYTES
        self._send_window()
