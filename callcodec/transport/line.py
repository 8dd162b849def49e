"""One call over one connection after another: what is above sees a single endpoint that never ends by itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from callcodec.transport.endpoint import (
    ByteCounts,
    Channel,
    ConnectionState,
    Endpoint,
    MessageArrival,
    VoiceArrival,
    WireStatistics,
)

ENDED = (ConnectionState.FAILED, ConnectionState.CLOSED)


class Line:
    """Implements Endpoint over the newest connection that came up.

    Sequence numbers of the voice go on over a change, so that the gap is a pause and not thousands of losses.
    """

    def __init__(self, first: Endpoint) -> None:
        self.on_voice: Callable[[VoiceArrival], None] | None = None
        self.on_message: Callable[[MessageArrival], None] | None = None
        self.on_state: Callable[[ConnectionState], None] | None = None
        self.on_replaced: Callable[[], None] | None = None
        """Called when a new connection has taken the place of the one before. Set by the owner."""
        self.replaceable = False
        """Whether somebody makes a new connection when this one ends; until then the end of one is the end."""
        self._current = first
        self._before = WireStatistics(ByteCounts(), ByteCounts(), 0.0)
        self._shift: int | None = 0
        self._last_sequence = 0
        self.attach(first)

    @property
    def state(self) -> ConnectionState:
        """See Endpoint; CONNECTING while a new connection is being made."""
        state = self._current.state
        return ConnectionState.CONNECTING if self.replaceable and state in ENDED else state

    @property
    def ended(self) -> bool:
        """Whether the newest connection has."""
        return self._current.state in ENDED

    def attach(self, connection: Endpoint) -> None:
        """Take `connection` for this call as soon as it is CONNECTED; the one before is no longer listened to."""
        connection.on_voice = partial(self._voice_arrived, connection)
        connection.on_message = partial(self._message_arrived, connection)
        connection.on_state = partial(self._state_changed, connection)

    def send_voice(self, payload: bytes, rtp_timestamp: int) -> None:
        """See Endpoint."""
        self._current.send_voice(payload, rtp_timestamp)

    def send_message(self, channel: Channel, data: bytes) -> None:
        """See Endpoint; what is sent while there is no connection is lost."""
        self._current.send_message(channel, data)

    def unacknowledged_bytes(self, channel: Channel) -> int:
        """See Endpoint."""
        return self._current.unacknowledged_bytes(channel)

    def wire_statistics(self) -> WireStatistics:
        """See Endpoint: of all connections together."""
        return self._before + self._current.wire_statistics()

    def _state_changed(self, connection: Endpoint, state: ConnectionState) -> None:
        if connection is not self._current:
            if state is ConnectionState.CONNECTED:
                self._replace(connection)
            return
        if self.on_state is not None:
            self.on_state(self.state)

    def _replace(self, connection: Endpoint) -> None:
        before, coming_up = self.wire_statistics(), connection.wire_statistics()
        # Both counted for a while: bytes of both are the call's, its seconds pass once.
        self._before = replace(before, seconds=before.seconds - coming_up.seconds)
        self._current = connection
        self._shift = None
        if self.on_replaced is not None:
            self.on_replaced()

    def _voice_arrived(self, connection: Endpoint, arrival: VoiceArrival) -> None:
        if connection is not self._current:
            return
        if self._shift is None:
            self._shift = self._last_sequence + 1 - arrival.sequence
        sequence = (arrival.sequence + self._shift) % 2**16
        self._last_sequence = sequence
        if self.on_voice is not None:
            self.on_voice(replace(arrival, sequence=sequence))

    def _message_arrived(self, connection: Endpoint, arrival: MessageArrival) -> None:
        if connection is self._current and self.on_message is not None:
            self.on_message(arrival)
