"""Bundles travel inside the voice or beside it."""

import pytest

from callcodec.transport.carriers import CARRIERS, create_carrier
from callcodec.transport.clock import SimulatedClock
from callcodec.transport.endpoint import Channel, MessageArrival
from callcodec.transport.link import LinkProfile
from callcodec.transport.simulated import SimulatedPair
from tests.transport.calls import listen

OPUS = bytes([0x0B << 3]) + bytes(range(40))
"""A SILK wideband packet of one frame of 60 ms (RFC 6716, 3.1)."""


@pytest.mark.parametrize("name", sorted(CARRIERS))
def test_voice_and_bundle_come_out_as_they_went_in(name: str) -> None:
    clock = SimulatedClock()
    pair = SimulatedPair(clock, LinkProfile(delay_ms=10))
    pair.connect()
    clock.run_until(1)
    heard = listen(pair.called)
    carrier = create_carrier(name)
    carrier.send(pair.caller, OPUS, 2**32 + 2880, b"bundle")
    carrier.send(pair.caller, OPUS, 2**32 + 5760, b"")
    clock.run_until(2)
    voice = [carrier.voice_arrived(arrival) for arrival in heard.voice]
    beside = [carried for arrival in heard.messages if (carried := carrier.message_arrived(arrival))]
    assert [(carried.opus, carried.rtp_timestamp) for carried in voice] == [(OPUS, 2880), (OPUS, 5760)]
    bundles = [(c.bundle, c.rtp_timestamp) for c in (*voice, *beside) if c.bundle]
    assert bundles == [(b"bundle", 2880)]


def test_a_message_of_another_channel_is_not_the_carriers() -> None:
    arrival = MessageArrival(Channel.CONTROL, b"hello", 0.0)
    assert create_carrier("channel").message_arrived(arrival) is None


def test_a_face_message_without_a_bundle_is_refused() -> None:
    with pytest.raises(ValueError, match="longer than its 4-byte timestamp"):
        create_carrier("channel").message_arrived(MessageArrival(Channel.FACE, b"1234", 0.0))


def test_an_unknown_carrier_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="channel, opus"):
        create_carrier("pigeon")
