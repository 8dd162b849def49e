"""One call on simulated time, the caller talking and the called one listening, with notes of what arrives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from callcodec.call.config import CallConfig
from callcodec.call.driver import STEP_S, EndDriver
from callcodec.call.end import Workers, build_end
from callcodec.call.source import SilentSource, Source
from callcodec.config import load_config
from callcodec.measure.links.talker import sample_talker
from callcodec.measure.links.watch import Notes, Watch
from callcodec.transport.clock import SimulatedClock
from callcodec.transport.endpoint import ConnectionState
from callcodec.transport.link import LinkProfile
from callcodec.transport.simulated import SimulatedPair
from callcodec.transport.worker import InlineWorker
from models.registry import create_reconstructor

CONNECT_LIMIT_S = 60.0


@dataclass(frozen=True)
class Finished:
    """What is left of a call. Wall times are seconds of its simulated clock."""

    near: Notes
    far: Notes
    pair: SimulatedPair
    started_s: float
    ended_s: float
    most_queued: tuple[int, int]
    """Most bytes and events under way, in the first quarter of the call and in the last."""


def link_config(interpolation: str = "causal") -> CallConfig:
    """What the rows call with: the phone call, its pictures enlarged instead of reconstructed, which says no less
    about a link."""
    config = load_config("calls/phone", CallConfig)
    face = replace(config.sender.face, hints=False)
    receiver = replace(config.receiver, reconstructor="bicubic", interpolation=interpolation)
    return replace(config, sender=replace(config.sender, face=face), receiver=receiver)


def simulate(
    there: LinkProfile,
    seconds: float,
    config: CallConfig | None = None,
    ppm: float = 0.0,
    meanwhile: Callable[[float, SimulatedPair], None] | None = None,
) -> Finished:
    """A call of `seconds` over `there`, and the same back with another seed.

    ppm: by which the talking side's clocks are fast. meanwhile: told the time since the beginning, every second.
    """
    clock = SimulatedClock()
    pair = SimulatedPair(clock, there, seed=there.seed)
    config = config or link_config()
    workers = Workers(InlineWorker(), InlineWorker())
    watches = (Watch(), Watch())
    sources: tuple[Source, Source] = (sample_talker(ppm), SilentSource())
    drivers = []
    for endpoint, source, watch in zip((pair.caller, pair.called), sources, watches, strict=True):
        end = build_end(config, endpoint, source, create_reconstructor("bicubic"), workers, watch)
        drivers.append(EndDriver(end, watch, lambda *_: None))
    pair.connect()
    while pair.caller.state is not ConnectionState.CONNECTED and clock.now() < CONNECT_LIMIT_S:
        clock.run_until(clock.now() + STEP_S)

    def stepper(driver: EndDriver) -> Callable[[], None]:
        def step() -> None:
            if not driver.step(clock.now()):
                clock.schedule_in(STEP_S, step)

        return step

    started_s = clock.now()
    for driver in drivers:
        clock.schedule_in(0, stepper(driver))
    queued: list[int] = []
    while clock.now() - started_s < seconds:
        if meanwhile is not None:
            meanwhile(clock.now() - started_s, pair)
        clock.run_until(clock.now() + 1.0)
        queued.append(pair.queued())
    for driver, watch in zip(drivers, watches, strict=True):
        watch.note_wire(driver.participant, clock.now())
    quarter = max(1, len(queued) // 4)
    most = (max(queued[:quarter]), max(queued[-quarter:]))
    return Finished(watches[0].notes, watches[1].notes, pair, started_s, clock.now(), most)
