"""Two simulated ends: same bytes every time, at the cost of the real ones."""

from dataclasses import dataclass, field
from functools import partial

import pytest

from callcodec.transport.clock import SimulatedClock
from callcodec.transport.endpoint import Channel, ConnectionState, MessageArrival, VoiceArrival
from callcodec.transport.link import LinkProfile
from callcodec.transport.simulated import SimulatedEndpoint, SimulatedPair
from tests.transport.budget import payload_sizes

PERFECT = LinkProfile()


@dataclass
class Heard:
    """What an endpoint has received."""

    voice: list[VoiceArrival] = field(default_factory=list)
    messages: list[MessageArrival] = field(default_factory=list)


def listen(endpoint: SimulatedEndpoint) -> Heard:
    heard = Heard()
    endpoint.on_voice = heard.voice.append
    endpoint.on_message = heard.messages.append
    return heard


def connected_pair(clock: SimulatedClock, profile: LinkProfile = PERFECT) -> SimulatedPair:
    pair = SimulatedPair(clock, profile)
    pair.connect()
    clock.run_until(clock.now() + 10)
    assert pair.caller.state is pair.called.state is ConnectionState.CONNECTED
    return pair


def talk(
    clock: SimulatedClock, endpoint: SimulatedEndpoint, seconds: float, packet_ms: int, size: int
) -> None:
    start_s = clock.now()
    for number in range(int(seconds * 1000 / packet_ms)):
        clock.schedule(
            start_s + number * packet_ms / 1000,
            partial(endpoint.send_voice, bytes(size), number * packet_ms * 48),
        )


@pytest.mark.parametrize(
    ("packet_ms", "voice_bytes", "limit_kbps"), [(60, 45, 14), (120, 90, 11), (60, 60, 18)]
)
def test_a_call_with_five_faces_a_second_keeps_within_its_budget(
    packet_ms: int, voice_bytes: int, limit_kbps: float
) -> None:
    clock = SimulatedClock()
    pair = connected_pair(clock)
    before = pair.caller.wire_statistics()
    start_s = clock.now()
    for number, size in enumerate(payload_sizes(packet_ms, voice_bytes, seconds=60)):
        at_s = start_s + number * packet_ms / 1000
        for endpoint in (pair.caller, pair.called):
            clock.schedule(at_s, partial(endpoint.send_voice, bytes(size), number * packet_ms * 48))
    clock.run_until(start_s + 60)
    stretch = pair.caller.wire_statistics() - before
    assert 0.7 * limit_kbps < stretch.sent_kbps <= limit_kbps
    assert stretch.received_kbps == pytest.approx(stretch.sent_kbps, rel=0.02)


def test_voice_arrives_with_the_timestamps_it_was_sent_with() -> None:
    clock = SimulatedClock()
    pair = connected_pair(clock, LinkProfile(delay_ms=50))
    heard = listen(pair.called)
    pair.caller.send_voice(b"one", 2**32 - 2880)
    pair.caller.send_voice(b"two", 2**32)
    clock.run_until(clock.now() + 1)
    assert [arrival.rtp_timestamp for arrival in heard.voice] == [2**32 - 2880, 0]
    assert heard.voice[1].sequence == heard.voice[0].sequence + 1
    assert heard.voice[0].arrival_s == pytest.approx(clock.now() - 0.95)


def test_the_same_seed_gives_the_same_call() -> None:
    def call() -> tuple[list[VoiceArrival], list[MessageArrival], int]:
        clock = SimulatedClock()
        pair = connected_pair(clock, LinkProfile(delay_ms=80, jitter_ms=40, loss=0.1, seed=7))
        heard = listen(pair.called)
        talk(clock, pair.caller, 20, 60, 50)
        for number in range(30):
            pair.caller.send_message(Channel.IDENTITY, bytes([number]) * 300)
        clock.run_until(60)
        return heard.voice, heard.messages, pair.caller.wire_statistics().sent.total

    assert call() == call()


@pytest.mark.parametrize("loss", [0.0, 0.1, 0.3])
def test_reliable_channels_deliver_everything_in_order_whatever_the_loss(loss: float) -> None:
    clock = SimulatedClock()
    pair = connected_pair(clock, LinkProfile(delay_ms=50, jitter_ms=30, reorder=0.1, duplicate=0.05))
    pair.there.model.profile = pair.back.model.profile = LinkProfile(delay_ms=50, jitter_ms=30, loss=loss)
    heard = listen(pair.called)
    sent = [bytes([number]) * (200 + 100 * (number % 20)) for number in range(60)]
    for data in sent:
        pair.caller.send_message(Channel.IDENTITY, data)
        pair.caller.send_message(Channel.CONTROL, data[:5])
        pair.caller.send_message(Channel.FACE, data[:30])
    clock.run_until(600)
    for channel, length in ((Channel.IDENTITY, None), (Channel.CONTROL, 5)):
        assert [m.data for m in heard.messages if m.channel is channel] == [data[:length] for data in sent]
    faces = [m.data for m in heard.messages if m.channel is Channel.FACE]
    assert len(faces) == len(set(faces)) == pytest.approx(60 * (1 - loss), abs=60 * 0.17)
    assert pair.caller.unacknowledged_bytes(Channel.IDENTITY) == 0


def test_bytes_count_as_unacknowledged_until_their_arrival_is_confirmed() -> None:
    clock = SimulatedClock()
    pair = connected_pair(clock, LinkProfile(delay_ms=100))
    began_s = clock.now()
    pair.caller.send_message(Channel.IDENTITY, bytes(3000))
    assert pair.caller.unacknowledged_bytes(Channel.IDENTITY) == 3000
    assert pair.caller.unacknowledged_bytes(Channel.CONTROL) == 0
    clock.run_until(began_s + 0.15)
    assert pair.caller.unacknowledged_bytes(Channel.IDENTITY) > 0
    clock.run_until(began_s + 2)
    assert pair.caller.unacknowledged_bytes(Channel.IDENTITY) == 0


def test_setup_takes_five_round_trips_and_survives_loss() -> None:
    clock = SimulatedClock()
    pair = SimulatedPair(clock, LinkProfile(delay_ms=100))
    pair.connect()
    connected_at_s: list[float] = []
    pair.caller.on_state = lambda _: connected_at_s.append(clock.now())
    clock.run_until(10)
    assert connected_at_s == [pytest.approx(1.0)]
    lossy = SimulatedPair(clock, LinkProfile(delay_ms=100, loss=0.2, seed=3))
    lossy.connect()
    clock.run_until(60)
    assert lossy.called.state is ConnectionState.CONNECTED


def test_a_link_that_carries_nothing_ends_in_failure() -> None:
    clock = SimulatedClock()
    pair = SimulatedPair(clock, LinkProfile(loss=1))
    states: list[ConnectionState] = []
    pair.caller.on_state = states.append
    pair.connect()
    clock.run_until(120)
    assert states == [ConnectionState.CONNECTING, ConnectionState.FAILED]


def test_a_closed_call_is_closed_on_both_sides_and_sends_no_more() -> None:
    clock = SimulatedClock()
    pair = connected_pair(clock, LinkProfile(delay_ms=20))
    pair.caller.close()
    clock.run_until(clock.now() + 1)
    assert pair.called.state is ConnectionState.CLOSED
    before = pair.called.wire_statistics().sent
    pair.called.send_voice(b"late", 0)
    pair.called.send_message(Channel.CONTROL, b"late")
    clock.run_until(clock.now() + 60)
    assert pair.called.wire_statistics().sent == before


@pytest.mark.parametrize(
    ("profile", "survives"),
    [
        (LinkProfile(delay_ms=300), True),
        (LinkProfile(delay_ms=50, loss=0.3), True),
        (LinkProfile(outages_s=((60, 80),)), True),
        (LinkProfile(outages_s=((60, 110),)), False),
    ],
    ids=["600 ms round trip", "30 % loss", "20 s blackout", "50 s blackout"],
)
def test_consent_survives_bad_links_but_not_the_loss_of_the_other_side(
    profile: LinkProfile, survives: bool
) -> None:
    clock = SimulatedClock()
    pair = SimulatedPair(clock, profile)
    pair.connect()
    clock.run_until(1800)
    assert (pair.caller.state is ConnectionState.CONNECTED) is survives


def test_consent_of_a_vanished_side_expires_within_forty_seconds() -> None:
    clock = SimulatedClock()
    pair = connected_pair(clock)
    pair.called.vanish()
    clock.run_until(clock.now() + 40)
    assert pair.caller.state is ConnectionState.FAILED
