"""A real call between two peers of this process, over the loopback."""

import asyncio
from itertools import pairwise

import pytest

from callcodec.transport.clock import MonotonicClock
from callcodec.transport.endpoint import Channel, ConnectionState
from callcodec.transport.peer import WebRtcPeer
from tests.transport.calls import call, until

SECTIONS = "m=audio\r\na=mid:0\r\nm=application\r\na=mid:1\r\n"


def test_voice_arrives_as_it_was_sent_with_the_senders_timestamps() -> None:
    async def talk() -> None:
        async with call() as both:
            timestamps = [2**32 - 5760, 2**32 - 2880, 2**32, 2**32 + 2880]
            for number, timestamp in enumerate(timestamps):
                both.caller.send_voice(bytes([0x0B, number]), timestamp)
            await until(lambda: len(both.at_called.voice) == len(timestamps))
            arrivals = both.at_called.voice
            assert [arrival.rtp_timestamp for arrival in arrivals] == [t % 2**32 for t in timestamps]
            assert [arrival.payload for arrival in arrivals] == [bytes([0x0B, number]) for number in range(4)]
            assert {b.sequence - a.sequence for a, b in pairwise(arrivals)} == {1}

    asyncio.run(talk())


def test_a_voice_packet_is_with_the_other_side_at_once() -> None:
    async def talk() -> list[float]:
        clock, delays_ms = MonotonicClock(), []
        async with call() as both:
            for number in range(20):
                sent_s = clock.now()
                both.caller.send_voice(b"\x0b" + bytes(50), number * 2880)
                await until(lambda n=number: len(both.at_called.voice) == n + 1)  # type: ignore[misc]
                delays_ms.append((both.at_called.voice[-1].arrival_s - sent_s) * 1000)
        return delays_ms

    # The best quarter: what the machine does besides is not measured here.
    assert sorted(asyncio.run(talk()))[5] < 5


def test_messages_of_all_channels_arrive_whole() -> None:
    async def talk() -> None:
        async with call() as both:
            sent = {Channel.CONTROL: b"\x00", Channel.IDENTITY: bytes(range(256)) * 40, Channel.FACE: b"face"}
            for channel, data in sent.items():
                both.called.send_message(channel, data)
            await until(lambda: len(both.at_caller.messages) == 3)
            assert {message.channel: message.data for message in both.at_caller.messages} == sent
            await until(lambda: both.called.unacknowledged_bytes(Channel.IDENTITY) == 0)

    asyncio.run(talk())


def test_hanging_up_is_seen_by_the_other_side() -> None:
    async def talk() -> None:
        async with call() as both:
            states: list[ConnectionState] = []
            both.called.on_state = states.append
            await both.caller.close()
            await until(lambda: states == [ConnectionState.CLOSED])
            both.called.send_voice(b"late", 0)
            both.called.send_message(Channel.CONTROL, b"late")

    asyncio.run(talk())


def test_an_error_in_the_owners_callback_does_not_end_the_call() -> None:
    async def talk() -> None:
        async with call() as both:
            asyncio.get_running_loop().set_exception_handler(lambda *_: None)
            both.called.on_voice = lambda _: 1 / 0  # type: ignore[assignment]
            both.caller.send_voice(b"one", 0)
            await asyncio.sleep(0.01)
            heard: list[bytes] = []
            both.called.on_voice = lambda arrival: heard.append(arrival.payload)
            both.caller.send_voice(b"two", 2880)
            await until(lambda: heard == [b"two"])

    asyncio.run(talk())


def test_a_peer_that_nobody_answers_says_so() -> None:
    async def wait() -> None:
        peer = WebRtcPeer(loopback=True)
        try:
            await peer.offer()
            with pytest.raises(ConnectionError, match=r"within 0\.05 s"):
                await peer.connected(0.05)
        finally:
            await peer.close()
        assert peer.state is ConnectionState.CLOSED

    asyncio.run(wait())


@pytest.mark.parametrize(
    ("offer", "message"),
    [
        ({}, "something else than an offer"),
        ({"type": "answer", "sdp": "m=audio 9 x"}, "something else than an offer"),
        ({"type": "offer", "sdp": 5}, "something else than an offer"),
        ({"type": "offer", "sdp": "v=0\r\n" * 10_000}, "more than 32768"),
        ({"type": "offer", "sdp": "v=0\r\n"}, "describes nothing"),
        ({"type": "offer", "sdp": "m=audio\r\nm=application\r\n"}, "on one path"),
        ({"type": "offer", "sdp": f"a=group:BUNDLE 0 0\r\n{SECTIONS}".replace("1", "0")}, "on one path"),
        ({"type": "offer", "sdp": f"a=group:BUNDLE 0 1\r\n{SECTIONS}"}, "could not be understood"),
    ],
)
def test_an_unusable_offer_is_refused_with_a_sentence(offer: dict[str, object], message: str) -> None:
    async def answer() -> None:
        peer = WebRtcPeer(loopback=True)
        try:
            with pytest.raises(ValueError, match=message):
                await peer.answer(offer)
        finally:
            await peer.close()

    asyncio.run(answer())


@pytest.mark.parametrize("payload", [b"", bytes(1201)])
def test_a_voice_packet_of_impossible_size_is_refused(payload: bytes) -> None:
    async def send() -> None:
        peer = WebRtcPeer(loopback=True)
        try:
            with pytest.raises(ValueError, match="1 to 1200 bytes"):
                peer.send_voice(payload, 0)
        finally:
            await peer.close()

    asyncio.run(send())
