"""How a simulated connection comes up: ICE, DTLS and SCTP as exchanges of sized packets that may get lost."""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import dataclass
from typing import Protocol

from callcodec.transport.clock import SimulatedClock
from callcodec.transport.endpoint import ConnectionState
from callcodec.transport.tally import PacketClass

SETUP_LIMIT_S = 60.0


@dataclass(frozen=True)
class Exchange:
    """A request and its answer during set-up; the request is repeated until it is answered."""

    by_caller: bool
    kind: PacketClass
    request_bytes: int
    response_bytes: int
    timeout_s: float
    """Wait for the first answer."""
    backoff: float
    """Each further wait is this many times longer."""


SETUP: tuple[tuple[Exchange, ...], ...] = (
    (Exchange(True, "stun", 92, 64, 0.5, 2), Exchange(False, "stun", 88, 64, 0.5, 2)),
    (Exchange(False, "dtls", 165, 781, 1, 2),),
    (Exchange(False, "dtls", 659, 75, 1, 2),),
    (Exchange(True, "dtls", 81, 109, 1, 1), Exchange(False, "dtls", 81, 109, 1, 1)),
    (Exchange(True, "dtls", 77, 53, 1, 1), Exchange(False, "dtls", 77, 53, 1, 1)),
)
"""Stages of set-up, the exchanges of one running side by side: ICE checks, the two round trips of the DTLS
handshake (the called side is its client), SCTP's INIT and COOKIE in both directions."""


class Side(Protocol):
    """What set-up needs of an endpoint."""

    @property
    def state(self) -> ConnectionState:
        """Where its connection stands."""
        ...

    def enter(self, state: ConnectionState) -> None:
        """Moves on to `state`."""
        ...

    def transmit(self, kind: PacketClass, payload_bytes: int, deliver: Callable[[], None]) -> None:
        """Sends a packet of that size to the other side; `deliver` is called when it arrives."""
        ...


class SetUp:
    """Takes two sides through the stages; both become CONNECTED together, or FAILED after a minute."""

    def __init__(self, clock: SimulatedClock, caller: Side, called: Side) -> None:
        self._clock = clock
        self._sides = (caller, called)

    def begin(self) -> None:
        """Starts now."""
        for side in self._sides:
            side.enter(ConnectionState.CONNECTING)
        self._clock.schedule_in(SETUP_LIMIT_S, self._give_up)
        self._stage(0)

    def _give_up(self) -> None:
        for side in self._sides:
            if side.state is ConnectionState.CONNECTING:
                side.enter(ConnectionState.FAILED)

    def _stage(self, number: int) -> None:
        if number == len(SETUP):
            for side in self._sides:
                side.enter(ConnectionState.CONNECTED)
            return
        unanswered = set(SETUP[number])

        def answered(exchange: Exchange) -> None:
            if exchange in unanswered:
                unanswered.remove(exchange)
                if not unanswered:
                    self._stage(number + 1)

        for exchange in SETUP[number]:
            self._ask(exchange, unanswered, answered, 0)

    def _ask(
        self,
        exchange: Exchange,
        unanswered: Set[Exchange],
        answered: Callable[[Exchange], None],
        attempt: int,
    ) -> None:
        here, there = self._sides if exchange.by_caller else self._sides[::-1]
        if exchange not in unanswered or here.state is not ConnectionState.CONNECTING:
            return

        def answer() -> None:
            there.transmit(exchange.kind, exchange.response_bytes, lambda: answered(exchange))

        here.transmit(exchange.kind, exchange.request_bytes, answer)
        self._clock.schedule_in(
            exchange.timeout_s * exchange.backoff**attempt,
            lambda: self._ask(exchange, unanswered, answered, attempt + 1),
        )
