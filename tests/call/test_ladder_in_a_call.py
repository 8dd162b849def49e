"""A call that follows the ladder: as much as the link gives."""

from dataclasses import replace
from pathlib import Path

import pytest

from callcodec.call.config import CallConfig
from callcodec.call.driver import STEP_S, EndDriver
from callcodec.call.end import Workers, build_end
from callcodec.call.source import ClipSource, SilentSource, Source
from callcodec.config import load_config
from callcodec.measure.links.watch import Watch
from callcodec.transport.clock import SimulatedClock
from callcodec.transport.link import LinkProfile
from callcodec.transport.simulated import SimulatedPair
from callcodec.transport.worker import InlineWorker
from models.registry import create_reconstructor
from receiver.state import State
from tests.call.talking_clip import write_talking_clip


def config() -> CallConfig:
    loaded = load_config("calls/adaptive", CallConfig)
    receiver = replace(loaded.receiver, reconstructor="bicubic", interpolation="adaptive")
    face = replace(loaded.sender.face, hints=False)
    return replace(loaded, sender=replace(loaded.sender, face=face), receiver=receiver)


def talk(folder: Path, seconds: float, profile: LinkProfile) -> tuple[list[str], Watch, Watch]:
    """The rungs at every second, and who looked on."""
    clip = write_talking_clip(folder / "clip.mp4", seconds + 1)
    clock = SimulatedClock()
    pair = SimulatedPair(clock, profile)
    watches = Watch(), Watch()
    sources: tuple[Source, Source] = (ClipSource(clip), SilentSource())
    workers = Workers(InlineWorker(), InlineWorker())
    ends = [
        build_end(config(), endpoint, source, create_reconstructor("bicubic"), workers, watch)
        for endpoint, source, watch in zip((pair.caller, pair.called), sources, watches, strict=True)
    ]
    drivers = [EndDriver(end, watch, lambda *_: None) for end, watch in zip(ends, watches, strict=True)]
    pair.connect()
    clock.run_until(2.0)
    rungs: list[str] = []
    for step in range(round(seconds / STEP_S)):
        if step % 100 == 0:
            rungs.append(ends[0].sender.rung_name)
        clock.run_until(2.0 + step * STEP_S)
        for driver in drivers:
            driver.step(clock.now())
    for watch, end in zip(watches, ends, strict=True):
        watch.note_wire(end, clock.now())
    return rungs, watches[0], watches[1]


@pytest.mark.slow
def test_on_a_wide_link_pictures_grow_and_arrive(tmp_path: Path) -> None:
    rungs, near, far = talk(tmp_path, 36.0, LinkProfile(delay_ms=40))
    assert rungs[0] == "8×8 at 5"
    assert rungs[-1] == "32×32 at 25"
    assert far.notes.counts["face_packets_received"] >= near.notes.counts["face_packets_sent"] - 12
    assert far.notes.samples[-1].state == State.RECONSTRUCTING.value
    assert far.notes.samples[-1].voice_concealed == 0
