"""What a call costs on the wire, everything included: real connections, and the simulation beside them."""

import asyncio
from dataclasses import dataclass
from functools import partial

import pytest

from callcodec.transport.aiortc_patches import RTCP_INTERVAL_FACTOR
from callcodec.transport.clock import MonotonicClock, SimulatedClock
from callcodec.transport.consent import ConsentSchedule
from callcodec.transport.endpoint import Channel, ConnectionState, WireStatistics
from callcodec.transport.link import LinkProfile
from callcodec.transport.simulated import SimulatedPair
from tests.transport.budget import payload_sizes
from tests.transport.calls import Call, call, until

SECONDS = 16.0
"""Longer than the longest pause between two reports."""


@dataclass(frozen=True)
class Bar:
    """A kind of call and what it may cost."""

    packet_ms: int
    voice_bytes: int
    limit_kbps: float


BARS = (Bar(60, 45, 14), Bar(120, 90, 11), Bar(60, 60, 18))
"""6 kbps in packets of 60 and 120 ms, 8 kbps in packets of 60 ms."""


@dataclass(frozen=True)
class Cost:
    """One direction of a call in its steady state."""

    rtp_kbps: float
    rtcp_packet_bytes: float
    stun_packet_bytes: float

    @classmethod
    def of(cls, stretch: WireStatistics) -> "Cost":
        # How many reports and consent checks fall into a few seconds is chance, so only their sizes are
        # measured; their number follows from the mean intervals.
        sent = stretch.sent
        return cls(
            sent.rtp * 8 / 1000 / SECONDS, sent.rtcp / sent.rtcp_packets, sent.stun / sent.stun_packets
        )

    @property
    def rtcp_kbps(self) -> float:
        """A sender and a receiver report, each once an interval."""
        return 2 * self.rtcp_packet_bytes * 8 / 1000 / RTCP_INTERVAL_FACTOR

    @property
    def stun_kbps(self) -> float:
        """A request of one's own and an answer to the other side's, each once an interval."""
        return 2 * self.stun_packet_bytes * 8 / 1000 / ConsentSchedule.healthy_interval_s

    @property
    def total_kbps(self) -> float:
        """All classes."""
        return self.rtp_kbps + self.rtcp_kbps + self.stun_kbps


async def measure_real(bar: Bar) -> tuple[WireStatistics, WireStatistics]:
    """Set-up and steady state of the caller's side of a real call."""
    async with call() as both:
        before = both.caller.wire_statistics()
        clock = MonotonicClock()
        start_s = clock.now()
        for number, size in enumerate(payload_sizes(bar.packet_ms, bar.voice_bytes, SECONDS)):
            await asyncio.sleep(start_s + number * bar.packet_ms / 1000 - clock.now())
            for peer in (both.caller, both.called):
                peer.send_voice(bytes(size), number * bar.packet_ms * 48)
        await asyncio.sleep(start_s + SECONDS - clock.now())
        return before, both.caller.wire_statistics() - before


def measure_simulated(bar: Bar) -> tuple[WireStatistics, WireStatistics]:
    """The same on simulated time."""
    clock = SimulatedClock()
    pair = SimulatedPair(clock, LinkProfile())
    pair.connect()
    clock.run_until(0.001)
    before = pair.caller.wire_statistics()
    start_s = clock.now()
    for number, size in enumerate(payload_sizes(bar.packet_ms, bar.voice_bytes, SECONDS)):
        for endpoint in (pair.caller, pair.called):
            clock.schedule(
                start_s + number * bar.packet_ms / 1000,
                partial(endpoint.send_voice, bytes(size), number * bar.packet_ms * 48),
            )
    clock.run_until(start_s + SECONDS)
    return before, pair.caller.wire_statistics() - before


@pytest.mark.slow
def test_real_calls_keep_within_their_budget_and_the_simulation_agrees(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def all_at_once() -> list[tuple[WireStatistics, WireStatistics]]:
        return await asyncio.gather(*map(measure_real, BARS))

    for bar, (setup, stretch) in zip(BARS, asyncio.run(all_at_once()), strict=True):
        simulated_setup, simulated_stretch = measure_simulated(bar)
        real, simulated = Cost.of(stretch), Cost.of(simulated_stretch)
        with capsys.disabled():
            for name, cost in (("real", real), ("simulated", simulated)):
                print(
                    f"\n{bar.voice_bytes} B of voice every {bar.packet_ms} ms, {name}: "
                    f"rtp {cost.rtp_kbps:.2f} + rtcp {cost.rtcp_kbps:.2f} + stun {cost.stun_kbps:.2f} "
                    f"= {cost.total_kbps:.2f} kbps (bar {bar.limit_kbps})",
                    end="",
                )
        assert real.total_kbps <= bar.limit_kbps
        assert stretch.sent.dtls == 0
        assert simulated.total_kbps == pytest.approx(real.total_kbps, rel=0.02)
        assert simulated_setup.sent.total == pytest.approx(setup.sent.total, rel=0.03)
        assert simulated_setup.received.total == pytest.approx(setup.received.total, rel=0.03)


def test_messages_cost_the_same_really_and_simulated() -> None:
    sizes = {Channel.CONTROL: (5, 40, 41), Channel.IDENTITY: (400,) * 10, Channel.FACE: (24,) * 10}
    count = sum(map(len, sizes.values()))

    async def really(both: Call) -> WireStatistics:
        before = both.caller.wire_statistics()
        for channel, lengths in sizes.items():
            for length in lengths:
                both.caller.send_message(channel, bytes(length))
                await asyncio.sleep(0.005)
        await until(lambda: len(both.at_called.messages) == count)
        await until(lambda: (both.caller.wire_statistics() - before).received.dtls_packets >= count)
        return both.caller.wire_statistics() - before

    async def real_call() -> WireStatistics:
        async with call() as both:
            return await really(both)

    real = asyncio.run(real_call())
    clock = SimulatedClock()
    pair = SimulatedPair(clock, LinkProfile(delay_ms=1))
    pair.connect()
    clock.run_until(1)
    assert pair.caller.state is ConnectionState.CONNECTED
    before = pair.caller.wire_statistics()
    for channel, lengths in sizes.items():
        for length in lengths:
            pair.caller.send_message(channel, bytes(length))
            clock.run_until(clock.now() + 0.005)
    simulated = pair.caller.wire_statistics() - before
    assert simulated.sent.dtls == real.sent.dtls
    assert simulated.received.dtls == real.received.dtls
