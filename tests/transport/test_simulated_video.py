"""The video line on simulated time: it costs, loses and repeats what the real one does."""

import asyncio
from dataclasses import dataclass, field

import pytest

from callcodec.transport.access_units import AccessUnit
from callcodec.transport.clock import SimulatedClock
from callcodec.transport.endpoint import ByteCounts
from callcodec.transport.link import LinkProfile
from callcodec.transport.simulated import SimulatedPair
from callcodec.transport.simulated_video import SimulatedVideo
from tests.transport.calls import until
from tests.transport.test_h264_track import access_units, video_call


@dataclass
class Seen:
    units: list[AccessUnit] = field(default_factory=list)
    key_requests: int = 0
    limits: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class VideoPair:
    """A connected pair and its two lines."""

    clock: SimulatedClock
    pair: SimulatedPair
    near: SimulatedVideo
    far: SimulatedVideo


def connected(profile: LinkProfile = LinkProfile()) -> VideoPair:  # noqa: B008 - frozen
    clock = SimulatedClock()
    pair = SimulatedPair(clock, profile, has_video=True)
    pair.connect()
    clock.run_until(10)
    assert pair.caller.video is not None
    assert pair.called.video is not None
    return VideoPair(clock, pair, pair.caller.video, pair.called.video)


def look(line: SimulatedVideo) -> Seen:
    seen = Seen()

    def key_frame_wanted() -> None:
        seen.key_requests += 1

    line.on_access_unit = seen.units.append
    line.on_key_frame_wanted = key_frame_wanted
    line.on_rate_limited = seen.limits.append
    return seen


def stream(call: VideoPair, units: list[bytes]) -> None:
    """25 a second, while the other side looks after its line."""
    for number, data in enumerate(units):
        call.near.send(data, number * 3600)
        for _ in range(4):
            call.clock.run_until(call.clock.now() + 0.01)
            call.far.tick(call.clock.now())


def test_access_units_cost_on_the_wire_what_they_cost_in_a_real_call() -> None:
    units = access_units(6)

    async def real() -> ByteCounts:
        async with video_call(called_sends=False) as (caller, called):
            arrived: list[AccessUnit] = []
            called.video.on_access_unit = arrived.append
            before = caller.wire_statistics()
            for number, data in enumerate(units):
                caller.video.send(data, number * 3600)
            await until(lambda: len(arrived) == len(units))
            return (caller.wire_statistics() - before).sent

    call = connected()
    before = call.pair.caller.wire_statistics()
    stream(call, units)
    simulated = (call.pair.caller.wire_statistics() - before).sent
    counted = asyncio.run(real())
    assert (simulated.rtp, simulated.rtp_packets) == (counted.rtp, counted.rtp_packets)


def test_the_same_seed_gives_the_same_losses_and_most_are_repeated() -> None:
    def run() -> tuple[list[int], int]:
        call = connected(LinkProfile(loss=0.1, delay_ms=40, seed=5))
        seen = look(call.far)
        stream(call, access_units(100))
        return [unit.rtp_timestamp for unit in seen.units], call.far.counts.packets_lost

    timestamps, lost = run()
    assert (timestamps, lost) == run()
    assert timestamps == sorted(timestamps)
    assert len(timestamps) >= 94


def test_a_round_trip_longer_than_the_wait_leaves_gaps_that_are_told() -> None:
    call = connected(LinkProfile(loss=0.1, delay_ms=200, seed=5))
    seen = look(call.far)
    stream(call, access_units(50))
    assert call.far.counts.packets_lost > 0
    assert any(unit.after_loss for unit in seen.units)


def test_key_frames_and_rates_are_asked_for_over_the_link() -> None:
    call = connected(LinkProfile(delay_ms=30))
    wishes = look(call.near)
    call.far.ask_for_key_frame()
    stream(call, access_units(2))
    call.far.ask_for_key_frame()
    call.far.limit_rate(50)
    assert wishes.key_requests == 0
    call.clock.run_until(call.clock.now() + 0.031)
    assert (wishes.key_requests, wishes.limits) == (1, [50])


def test_a_pair_without_video_has_no_line() -> None:
    pair = SimulatedPair(SimulatedClock(), LinkProfile())
    assert pair.caller.video is pair.called.video is None


def test_feedback_costs_what_its_packets_do() -> None:
    call = connected()
    stream(call, access_units(1))
    before = call.pair.called.wire_statistics()
    call.far.ask_for_key_frame()
    assert (call.pair.called.wire_statistics() - before).sent.rtcp == pytest.approx(28 + 12 + 14)
