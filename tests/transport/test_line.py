"""One call over two connections."""

from dataclasses import dataclass, field

from callcodec.transport.clock import SimulatedClock
from callcodec.transport.endpoint import Channel, ConnectionState, VoiceArrival
from callcodec.transport.line import Line
from callcodec.transport.link import LinkProfile
from callcodec.transport.simulated import SimulatedEndpoint, SimulatedPair


@dataclass
class Call:
    """A line on the called side, with what it heard, and the callers' ends."""

    clock: SimulatedClock = field(default_factory=SimulatedClock)
    voice: list[VoiceArrival] = field(default_factory=list)
    changes: int = 0

    def __post_init__(self) -> None:
        self.caller, called = self.connection(seed=1)
        self.line = Line(called)
        self.line.on_voice = self.voice.append
        self.line.on_replaced = self._count

    def _count(self) -> None:
        self.changes += 1

    def connection(self, seed: int) -> tuple[SimulatedEndpoint, SimulatedEndpoint]:
        pair = SimulatedPair(self.clock, LinkProfile(delay_ms=10), seed=seed)
        pair.connect()
        return pair.caller, pair.called

    def run(self, seconds: float) -> None:
        self.clock.run_until(self.clock.now() + seconds)


def test_voice_goes_on_over_a_new_connection_as_after_a_pause() -> None:
    call = Call()
    call.run(1)
    for number in range(3):
        call.caller.send_voice(b"old", 2880 * number)
    call.run(1)
    call.caller.close()
    caller, called = call.connection(seed=2)
    call.line.attach(called)
    call.run(1)
    for number in range(50, 52):
        caller.send_voice(b"new", 2880 * number)
    call.run(1)
    first = call.voice[0].sequence
    assert [v.sequence - first for v in call.voice] == [0, 1, 2, 3, 4]
    assert [v.payload for v in call.voice] == [b"old"] * 3 + [b"new"] * 2
    assert call.changes == 1


def test_the_old_connection_serves_until_the_new_one_is_up() -> None:
    call = Call()
    call.run(1)
    _, called = call.connection(seed=2)
    call.line.attach(called)
    call.caller.send_voice(b"old", 0)
    call.run(0.015)
    assert [v.payload for v in call.voice] == [b"old"]
    assert call.changes == 0


def test_a_line_without_a_successor_ends_with_its_connection() -> None:
    call = Call()
    call.run(1)
    call.caller.close()
    call.run(1)
    assert call.line.ended
    states = []
    for replaceable in (False, True):
        call.line.replaceable = replaceable
        states.append(call.line.state)
    assert states == [ConnectionState.CLOSED, ConnectionState.CONNECTING]
    call.line.send_message(Channel.CONTROL, b"into the void")


def test_bytes_of_both_connections_are_the_calls() -> None:
    call = Call()
    call.run(1)
    before = call.line.wire_statistics()
    _, called = call.connection(seed=2)
    call.line.attach(called)
    call.run(1)
    after = call.line.wire_statistics() - before
    assert after.received.dtls > 1000
    assert abs(after.seconds - 1) < 1e-6
