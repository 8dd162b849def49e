"""The H.264 track of a real connection: what goes in comes out, in order, before any decoder."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import numpy as np
import pytest

from callcodec.media.h264_encoder import H264Encoder
from callcodec.transport.access_units import AccessUnit
from callcodec.transport.description import check_description
from callcodec.transport.h264_track import H264Track
from callcodec.transport.link import LinkProfile
from callcodec.transport.peer import WebRtcPeer
from callcodec.transport.relay import UdpRelay
from callcodec.transport.video_line import MAX_SENT_BYTES
from tests.transport.calls import TIMEOUT_S, until


@dataclass
class Seen:
    """What one side has received on its video line."""

    units: list[AccessUnit] = field(default_factory=list)
    key_requests: int = 0
    limits: list[float] = field(default_factory=list)


def look(line: H264Track) -> Seen:
    seen = Seen()

    def key_frame_wanted() -> None:
        seen.key_requests += 1

    line.on_access_unit = seen.units.append
    line.on_key_frame_wanted = key_frame_wanted
    line.on_rate_limited = seen.limits.append
    return seen


@asynccontextmanager
async def video_call(
    called_sends: bool = True, offers: bool = True, relay: UdpRelay | None = None
) -> AsyncIterator[tuple[WebRtcPeer, WebRtcPeer]]:
    caller = WebRtcPeer(loopback=True, offers_video=offers, sends_video=True)
    called = WebRtcPeer(loopback=True, sends_video=called_sends)
    try:
        offer = await caller.offer()
        answer = await called.answer(relay.route_offer(offer) if relay else offer)
        await caller.accept(relay.route_answer(check_description(answer, "answer")) if relay else answer)
        await asyncio.gather(caller.connected(TIMEOUT_S), called.connected(TIMEOUT_S))
        yield caller, called
    finally:
        await caller.close()
        await called.close()


def access_units(count: int) -> list[bytes]:
    """Noise that moves: key frames of several packets."""
    noise = np.random.default_rng(0).integers(0, 255, (128, 128, 3), np.uint8)
    encoder = H264Encoder(128, 128, 200, preset="ultrafast")
    return [encoder.encode(np.roll(noise, number, 0), key=number % 5 == 0) for number in range(count)]


def without_start_codes(data: bytes) -> list[bytes]:
    return [unit for unit in data.replace(b"\0\0\0\1", b"\0\0\1").split(b"\0\0\1") if unit]


def test_access_units_arrive_in_both_directions_with_their_timestamps() -> None:
    async def talk() -> None:
        async with video_call() as (caller, called):
            at_caller, at_called = look(caller.video), look(called.video)
            sent = access_units(6)
            for number, data in enumerate(sent):
                caller.video.send(data, 2**32 - 3600 + number * 3600)
                called.video.send(data, number * 3600)
            await until(lambda: len(at_caller.units) == len(at_called.units) == 6)
            assert [unit.rtp_timestamp for unit in at_called.units] == [2**32 - 3600, *range(0, 18000, 3600)]
            assert [unit.is_key for unit in at_called.units] == [True, False, False, False, False, True]
            for unit, data in zip(at_caller.units, sent, strict=True):
                assert without_start_codes(unit.data) == without_start_codes(data)

    asyncio.run(talk())


def test_who_only_listens_takes_a_track_and_sends_none() -> None:
    async def talk() -> None:
        async with video_call(called_sends=False) as (caller, called):
            seen = look(called.video)
            assert caller.video.can_send
            assert not called.video.can_send
            called.video.send(b"\0\0\1\x65", 0)
            caller.video.send(access_units(1)[0], 0)
            await until(lambda: len(seen.units) == 1)
            assert called.video.counts.units_sent == 0

    asyncio.run(talk())


def test_without_an_offer_of_video_there_is_none() -> None:
    async def talk() -> None:
        async with video_call(offers=False) as (caller, called):
            assert not caller.video.can_send
            assert not called.video.can_send

    asyncio.run(talk())


def test_a_key_frame_and_a_lower_rate_can_be_asked_for() -> None:
    async def talk() -> None:
        async with video_call(called_sends=False) as (caller, called):
            wishes, seen = look(caller.video), look(called.video)
            called.video.ask_for_key_frame()  # nobody to ask yet
            caller.video.send(access_units(1)[0], 0)
            await until(lambda: len(seen.units) == 1)
            called.video.ask_for_key_frame()
            called.video.limit_rate(48)
            await until(lambda: wishes.key_requests == 1 and wishes.limits != [])
            assert wishes.limits == [pytest.approx(48, rel=0.01)]
            assert called.video.counts.key_requests_sent == 1

    asyncio.run(talk())


def test_lost_packets_are_repeated_over_a_bad_link() -> None:
    async def talk() -> None:
        relay = UdpRelay(LinkProfile(loss=0.1, seed=3))
        await relay.start()
        try:
            async with video_call(called_sends=False, relay=relay) as (caller, called):
                seen = look(called.video)
                for number, data in enumerate(access_units(60)):
                    caller.video.send(data, number * 3600)
                    await asyncio.sleep(0.01)
                    called.video.tick(asyncio.get_running_loop().time())
                await asyncio.sleep(0.3)
                called.video.tick(asyncio.get_running_loop().time())
                assert relay.dropped_packets[0] > 5
                assert len(seen.units) >= 57
                timestamps = [unit.rtp_timestamp for unit in seen.units]
                assert timestamps == sorted(timestamps)
        finally:
            await relay.close()

    asyncio.run(talk())


@pytest.mark.parametrize("size", [0, MAX_SENT_BYTES + 1])
def test_an_access_unit_of_impossible_size_is_refused(size: int) -> None:
    async def talk() -> None:
        peer = WebRtcPeer(loopback=True, sends_video=True)
        try:
            with pytest.raises(ValueError, match="access unit"):
                peer.video.send(bytes(size), 0)
        finally:
            await peer.close()

    asyncio.run(talk())
