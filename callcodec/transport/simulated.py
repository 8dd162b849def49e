"""Both ends of a call on simulated time: the bytes of the real, trimmed WebRTC stack without a socket.

Sizes and their order were read off aiortc 1.16 with DTLS 1.2 (ECDHE-ECDSA, AES-128-GCM); a test compares
them with a real connection. Left out: the exchange of offer and answer, and several candidates per side.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

from callcodec.transport.clock import SimulatedClock
from callcodec.transport.consent import ConsentSchedule
from callcodec.transport.endpoint import (
    IPV4_UDP_BYTES,
    Channel,
    ConnectionState,
    MessageArrival,
    VoiceArrival,
    WireStatistics,
    check_message,
)
from callcodec.transport.link import LinkProfile, SimulatedLink
from callcodec.transport.simulated_sctp import SimulatedSctp
from callcodec.transport.simulated_sctp_receiver import Chunk, chunk_bytes
from callcodec.transport.simulated_setup import SetUp
from callcodec.transport.simulated_video import SimulatedVideo
from callcodec.transport.tally import PacketClass, WireTally

RTP_HEADER_BYTES = 12
SRTP_TAG_BYTES = 10
"""AES_CM_128_HMAC_SHA1_80 (RFC 5764, 4.1.2)."""
SENDER_REPORT_BYTES = 70
"""SR (28), SDES with a CNAME of 16 characters (28), SRTCP index (4) and tag (10)."""
RECEIVER_REPORT_BYTES = 46
"""RR with one block (32), SRTCP index and tag."""
RTCP_INTERVAL_S = (5.0, 15.0)
BYE_BYTES = 22
DTLS_RECORD_BYTES = 37
"""Record header (13), explicit nonce (8) and tag (16) of AES-128-GCM in DTLS 1.2."""
CONSENT_REQUEST_BYTES = 88
CONSENT_RESPONSE_BYTES = 64


class SimulatedEndpoint:
    """One end of a SimulatedPair. Implements Endpoint; everything happens while the clock runs."""

    def __init__(self, clock: SimulatedClock, link: SimulatedLink, seed: str) -> None:
        self.on_voice: Callable[[VoiceArrival], None] | None = None
        self.on_message: Callable[[MessageArrival], None] | None = None
        self.on_state: Callable[[ConnectionState], None] | None = None
        self._clock = clock
        self._link = link
        self._random = random.Random(seed)
        self._state = ConnectionState.NEW
        self._tally = WireTally(clock)
        self._sctp = SimulatedSctp(clock, self._transmit_chunk, self._deliver_message)
        # In the lower half, as aiortc does, so that SRTP never sees a wrap before the first packets arrive.
        self._sequence = self._random.randrange(32768)
        self._heard_voice = False
        self._alive = True
        self.video: SimulatedVideo | None = None
        self._consent = ConsentSchedule(self._random)
        self._consent_deadline_s = 0.0
        self._consent_pending = False
        self._other: SimulatedEndpoint

    @property
    def state(self) -> ConnectionState:
        """See Endpoint."""
        return self._state

    def send_voice(self, payload: bytes, rtp_timestamp: int) -> None:
        """See Endpoint."""
        if self._state is not ConnectionState.CONNECTED:
            return
        sequence = self._sequence
        self._sequence = (sequence + 1) % 2**16
        other = self._other

        def deliver() -> None:
            other._heard_voice = True
            if other.on_voice is not None:
                other.on_voice(VoiceArrival(sequence, rtp_timestamp % 2**32, payload, self._clock.now()))

        self.transmit("rtp", RTP_HEADER_BYTES + len(payload) + SRTP_TAG_BYTES, deliver)

    def send_message(self, channel: Channel, data: bytes) -> None:
        """See Endpoint."""
        check_message(data)
        if self._state is ConnectionState.CONNECTED:
            self._sctp.send(channel, data)

    def unacknowledged_bytes(self, channel: Channel) -> int:
        """See Endpoint."""
        return self._sctp.unacknowledged_bytes(channel)

    def wire_statistics(self) -> WireStatistics:
        """See Endpoint."""
        return self._tally.statistics()

    def close(self) -> None:
        """Hangs up: the other side learns of it, if the packet arrives."""
        if self._state is ConnectionState.CONNECTED:
            other = self._other
            self.transmit("rtcp", BYE_BYTES, lambda: None)
            self.transmit("dtls", DTLS_RECORD_BYTES + 2, lambda: other.enter(ConnectionState.CLOSED))
        self.enter(ConnectionState.CLOSED)

    def vanish(self) -> None:
        """Falls silent for ever without a word, as when the machine loses its power."""
        self._alive = False
        self._sctp.stop()

    def transmit(self, kind: PacketClass, payload_bytes: int, deliver: Callable[[], None]) -> None:
        if not self._alive:
            return
        size = payload_bytes + IPV4_UDP_BYTES
        self._tally.count_sent(kind, size)

        def arrive() -> None:
            if self._other._alive and self._other._state not in _FINAL:
                self._other._tally.count_received(kind, size)
                deliver()

        self._link.send(size, arrive)

    def _transmit_chunk(self, chunk: Chunk) -> None:
        self.transmit(
            "dtls", DTLS_RECORD_BYTES + chunk_bytes(chunk), lambda: self._other._sctp.receive(chunk)
        )

    def _deliver_message(self, channel: Channel, data: bytes) -> None:
        if self.on_message is not None:
            self.on_message(MessageArrival(channel, data, self._clock.now()))

    def enter(self, state: ConnectionState) -> None:
        if self._state in (*_FINAL, state):
            return
        self._state = state
        if state in _FINAL:
            self._sctp.stop()
        if state is ConnectionState.CONNECTED:
            self._consent_deadline_s = self._clock.now() + self._consent.lifetime_s
            self._clock.schedule_in(self._consent.interval_s(healthy=True), self._check_consent)
            self._clock.schedule_in(self._random.uniform(*RTCP_INTERVAL_S), self._report_sending)
            self._clock.schedule_in(self._random.uniform(*RTCP_INTERVAL_S), self._report_receiving)
        if self.on_state is not None:
            self.on_state(state)

    @property
    def is_up(self) -> bool:
        """Whether packets of the call can be sent."""
        return self._alive and self._state is ConnectionState.CONNECTED

    def _report_sending(self) -> None:
        if self.is_up:
            self.transmit("rtcp", SENDER_REPORT_BYTES, lambda: None)
            self._clock.schedule_in(self._random.uniform(*RTCP_INTERVAL_S), self._report_sending)

    def _report_receiving(self) -> None:
        if self.is_up:
            if self._heard_voice:
                self.transmit("rtcp", RECEIVER_REPORT_BYTES, lambda: None)
            self._clock.schedule_in(self._random.uniform(*RTCP_INTERVAL_S), self._report_receiving)

    def _check_consent(self) -> None:
        if not self.is_up:
            return
        self._consent_pending = True
        delay_s = 0.0
        for wait_s in self._consent.timeouts_s:
            self._clock.schedule_in(delay_s, self._ask_consent)
            delay_s += wait_s
        self._clock.schedule_in(delay_s, self._consent_timed_out)

    def _ask_consent(self) -> None:
        if not self.is_up or not self._consent_pending:
            return

        def answer() -> None:
            self._other.transmit("stun", CONSENT_RESPONSE_BYTES, self._consent_given)

        self.transmit("stun", CONSENT_REQUEST_BYTES, answer)

    def _consent_given(self) -> None:
        if self._consent_pending:
            self._consent_pending = False
            self._consent_deadline_s = self._clock.now() + self._consent.lifetime_s
            self._clock.schedule_in(self._consent.interval_s(healthy=True), self._check_consent)

    def _consent_timed_out(self) -> None:
        if not self._consent_pending or not self.is_up:
            return
        self._consent_pending = False
        if self._clock.now() >= self._consent_deadline_s:
            self.enter(ConnectionState.FAILED)
        else:
            self._clock.schedule_in(self._consent.interval_s(healthy=False), self._check_consent)


_FINAL = (ConnectionState.FAILED, ConnectionState.CLOSED)


class SimulatedPair:
    """Two endpoints, the links between them and the set-up. The same seed gives the same call."""

    def __init__(
        self,
        clock: SimulatedClock,
        there: LinkProfile,
        back: LinkProfile | None = None,
        seed: int = 0,
        has_video: bool = False,
    ) -> None:
        """`there` carries what the caller sends, `back` what it receives; None: `there` with another seed.

        `has_video`: there is a video line beside the voice, on which both may send.
        """
        if back is None:
            back = replace(there, seed=there.seed + 1)
        self.there = SimulatedLink(clock, there)
        self.back = SimulatedLink(clock, back)
        self.caller = SimulatedEndpoint(clock, self.there, f"{seed}/caller")
        self.called = SimulatedEndpoint(clock, self.back, f"{seed}/called")
        self.caller._other, self.called._other = self.called, self.caller
        self._clock = clock
        if has_video:
            self.caller.video = SimulatedVideo(clock, self.caller, True, f"{seed}/video/caller")
            self.called.video = SimulatedVideo(clock, self.called, True, f"{seed}/video/called")
            self.caller.video.pair_with(self.called.video)

    def queued(self) -> int:
        """Bytes that wait to be sent or confirmed on either side, and events that are yet to happen."""
        ends = (self.caller, self.called)
        waiting = sum(end.unacknowledged_bytes(channel) for end in ends for channel in Channel)
        return waiting + self._clock.pending

    def connect(self) -> None:
        """Begins the set-up now; both sides are CONNECTED once its last answer has arrived."""
        SetUp(self._clock, self.caller, self.called).begin()
