"""The rows marked R: two programs over an emulated link."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from callcodec.call.config import CallConfig
from callcodec.config import load_config
from callcodec.measure.links.bars import Check, Kind, Result
from callcodec.measure.links.person import PersonJob, enlarging
from callcodec.measure.links.real_call import RealCall, Script, hold
from callcodec.measure.links.sample_film import long_sample
from callcodec.measure.links.simulated_rows import mean, percentile
from callcodec.measure.links.watch import Notes
from callcodec.media.clip import open_clip
from callcodec.transport.authentication import Role
from callcodec.transport.link import LinkProfile
from receiver.state import State

CALM = LinkProfile(delay_ms=40.0, seed=21)
DARK = LinkProfile(loss=1.0, seed=22)
BEFORE_S, AFTER_S = 10.0, 8.0
END_LIMIT_S = 30.0
NARROW_S, LOSS_S, RTT_S, TEN_MINUTES_S, GLASS_S = 45.0, 60.0, 120.0, 600.0, 40.0
KILL_LIMIT_S = 20.0
SPARE_S = 30.0


def talk(
    link: LinkProfile,
    script: Script,
    config: CallConfig,
    seconds: float,
    both: bool = False,
    record: Path | None = None,
    shown_by: CallConfig | None = None,
) -> RealCall:
    """The caller sends the sample, the listener watches; with `both`, the listener sends it as well.

    seconds: how long it takes. shown_by: the listener's configuration, where it is another.
    """
    clip = str(long_sample(seconds + SPARE_S))

    def caller(url: str) -> PersonJob:
        return PersonJob(Role.CALL, url, config, clip)

    def listener(url: str) -> PersonJob:
        return PersonJob(Role.LISTEN, url, shown_by or config, clip if both else "none", record=record)

    return hold(link, caller, listener, script)


def for_seconds(seconds: float) -> Script:
    """Nothing happens; then the caller is stopped politely, and both end."""

    async def script(call: RealCall) -> None:
        await call.wait(seconds)
        call.caller.process.terminate()
        await call.ended(END_LIMIT_S)

    return script


def narrow_row(seconds: float) -> Result:
    """20 kbps: set-up, first face, refinement, and what crosses the wire."""
    config = load_config("calls/frugal", CallConfig)
    link = LinkProfile(rate_kbps=20.0, delay_ms=100.0, seed=23)
    near = enlarging(config, hints=True)
    call = talk(link, for_seconds(seconds), near, seconds, both=True, shown_by=config)
    near_notes, far_notes = notes_of(call)
    looked_s = call.caller.said.when("Looking for")
    started_s = far_notes.events.get("started")
    refined_s = far_notes.events.get("identity_layer_2")
    steady = [steady_kbps(notes, refined_s) for notes in (near_notes, far_notes)]
    return Result(
        "narrow",
        "20 kbps, 100 ms",
        Kind.REAL,
        seconds,
        (
            Check("call up after", _difference(call.connected_s, looked_s), 3.0, "s"),
            Check(
                "first reconstructed face after",
                _difference(far_notes.events.get(f"state {State.RECONSTRUCTING.value}"), started_s),
                6.0,
                "s",
            ),
            Check("refined after", _difference(refined_s, started_s), 25.0, "s"),
            Check("voice concealed", float(far_notes.samples[-1].voice_concealed), 0.0, "packets"),
            Check("caller sends", steady[0], 14.0, "kbps"),
            Check("listener sends", steady[1], 14.0, "kbps"),
        ),
        short=seconds < NARROW_S,
    )


def loss_row(name: str, loss: float, seconds: float) -> Result:
    """Random loss in both directions."""
    link = replace(CALM, loss=loss)
    call = talk(link, for_seconds(seconds), _plain(), seconds)
    near, far = notes_of(call)
    last = far.samples[-1]
    heard = 100 * last.voice_played / max(1, last.voice_played + last.voice_concealed)
    came = 100 * far.faces_in_time / max(1.0, near.counts["face_packets_sent"])
    there = call.relay.dropped_packets[0] / max(
        1, sum(call.relay.dropped_packets[:1]) + call.relay.delivered_packets[0]
    )
    kept = 100 * (1 - there)
    return Result(
        name,
        f"40 ms, {loss:.0%} lost (random)",
        Kind.REAL,
        seconds,
        (
            Check("ended early", float(not _lasted(call, seconds)), 0.0),
            Check("voice heard", heard, kept - 2, "%", at_least=True),
            Check("faces in time", came, kept - 3, "%", at_least=True),
        ),
        short=seconds < LOSS_S,
        note=f"lost in this call: {there:.1%}",
    )


def outage_row(name: str, link: str, profile: LinkProfile, seconds: float) -> Result:
    """A link that is bad for a while; picture and voice come back soon after it does."""
    moments: dict[str, float] = {}

    async def script(call: RealCall) -> None:
        await call.wait(BEFORE_S)
        moments["bad"] = call.set_link(profile)
        await call.wait(seconds)
        moments["back"] = call.set_link(CALM)
        await for_seconds(AFTER_S)(call)

    call = talk(CALM, script, _plain(), BEFORE_S + seconds + AFTER_S)
    near, far = notes_of(call)
    identity_again = near.counts["identity_bytes_sent"]
    checks = [
        Check("picture back after", picture_back_s(far, near, moments["back"]), 2.0, "s"),
        Check("voice back after", voice_back_s(far, moments["back"]), 2.0, "s"),
    ]
    if profile is DARK:
        lost_s = call.listener.said.when("Lost", moments["bad"])
        checks.append(Check("noticed after", _difference(lost_s, moments["bad"]), 2.0, "s"))
    anew = call.caller.said.when("Connected anew") is not None
    note = "a new connection" if anew else "the same connection"
    return Result(
        name, link, Kind.REAL, seconds, tuple(checks), note=f"{note}, identity {identity_again:.0f} bytes"
    )


def kill_row(_: float) -> Result:
    """The caller's process is killed."""
    with tempfile.TemporaryDirectory() as folder:
        film = Path(folder) / "film.mp4"
        killed: list[float] = []

        async def script(call: RealCall) -> None:
            await call.wait(BEFORE_S)
            call.caller.process.kill()
            killed.append(call.now())
            await call.until(lambda: call.listener.over, KILL_LIMIT_S, "the call does not end")

        call = talk(CALM, script, _plain(), BEFORE_S, record=film)
        done = call.listener.done
        length_s = open_clip(film).duration_s if film.exists() else None
    return Result(
        "killed",
        "40 ms, the other side is killed",
        Kind.REAL,
        BEFORE_S,
        (
            Check("noticed after", _difference(call.listener.said.when("Lost"), killed[0]), 2.0, "s"),
            Check("ended after", _difference(None if done is None else done.at_s, killed[0]), 10.0, "s"),
            Check("film lasts", length_s, BEFORE_S - 2, "s", at_least=True),
        ),
    )


def round_trip_row(seconds: float) -> Result:
    """600 ms there and back."""
    call = talk(LinkProfile(delay_ms=300.0, seed=24), for_seconds(seconds), _plain(), seconds)
    _, far = notes_of(call)
    last = far.samples[-1]
    return Result(
        "round trip",
        "300 ms one way",
        Kind.REAL,
        seconds,
        (
            Check("ended early", float(not _lasted(call, seconds)), 0.0),
            Check("voice concealed", 100 * last.voice_concealed / max(1, last.voice_received), 1.0, "%"),
        ),
        short=seconds < RTT_S,
    )


def ten_minutes_row(seconds: float) -> Result:
    """Long enough for what leaks to be seen."""
    call = talk(replace(CALM, jitter_ms=20.0, loss=0.01), for_seconds(seconds), _plain(), seconds)
    _, far = notes_of(call)
    begin_s, end_s = far.samples[0].wall_s, far.samples[-1].wall_s
    at = [begin_s + (end_s - begin_s) * i / 4 for i in range(5)]
    first, last = far.between(at[1], at[2]), far.between(at[3], at[4])
    growth = 100 * (mean([s.memory_bytes for s in last]) / mean([s.memory_bytes for s in first]) - 1)
    drift = abs(mean([s.depth_ms for s in last]) - mean([s.depth_ms for s in first]))
    return Result(
        "ten minutes",
        "40 ms, jitter 0-20 ms, 1 % lost",
        Kind.REAL,
        seconds,
        (
            Check("ended early", float(not _lasted(call, seconds)), 0.0),
            Check("memory grows", growth, 2.0, "%"),
            Check("depth moves", drift, 15.0, "ms"),
        ),
        short=seconds < TEN_MINUTES_S,
    )


def glass_row(seconds: float) -> Result:
    """From the camera to the screen, reconstruction included."""
    config = load_config("calls/phone", CallConfig)
    causal = replace(config, receiver=replace(config.receiver, interpolation="causal"))
    near_config = enlarging(config, hints=True)
    call = talk(
        LinkProfile(delay_ms=50.0, seed=25), for_seconds(seconds), near_config, seconds, shown_by=causal
    )
    near, far = notes_of(call)
    began_s = near.events["started"]
    shown = [s for s in far.samples if s.state == State.RECONSTRUCTING.value and s.wall_s - began_s > 10.0]
    ages_ms = [1000 * (s.wall_s - began_s - s.shown_s) for s in shown if s.shown_s is not None]
    return Result(
        "glass to glass",
        "50 ms, voice packets of 60 ms, causal interpolation, compact",
        Kind.REAL,
        seconds,
        (Check("picture delay, 95th percentile", percentile(ages_ms, 95), 300.0, "ms"),),
        short=seconds < GLASS_S,
        note=f"median {np.median(ages_ms):.0f} ms" if ages_ms else "no picture was reconstructed",
    )


def notes_of(call: RealCall) -> tuple[Notes, Notes]:
    """The caller's and the listener's; empty where a process was killed."""
    near, far = (
        Notes() if person.done is None else person.done.notes for person in (call.caller, call.listener)
    )
    return near, far


def steady_kbps(notes: Notes, refined_s: float | None) -> float | None:
    """What one side sends once the identity is there, all headers included."""
    if refined_s is None:
        return None
    samples = [s for s in notes.samples if s.wall_s > refined_s + 1.0]
    if len(samples) < 2:
        return None
    seconds = samples[-1].wall_s - samples[0].wall_s
    return (samples[-1].sent_bytes - samples[0].sent_bytes) * 8 / 1000 / seconds


def picture_back_s(far: Notes, near: Notes, back_s: float) -> float | None:
    """From the link's return to the first picture on screen that was captured shortly before it, or later."""
    began_s = near.events.get("started", back_s)
    return next(
        (
            sample.wall_s - back_s
            for sample in far.samples
            if sample.wall_s >= back_s
            and sample.fresh
            and sample.state not in (State.LOST.value, State.FROZEN.value)
            and sample.shown_s is not None
            and began_s + sample.shown_s > back_s - 1.0
        ),
        None,
    )


def voice_back_s(far: Notes, back_s: float) -> float | None:
    """From the link's return to the first packet that is heard."""
    before = [sample.voice_played for sample in far.samples if sample.wall_s < back_s]
    heard = before[-1] if before else 0
    return next(
        (s.wall_s - back_s for s in far.samples if s.wall_s >= back_s and s.voice_played > heard + 1), None
    )


def _plain() -> CallConfig:
    return enlarging(load_config("calls/phone", CallConfig))


def _lasted(call: RealCall, seconds: float) -> bool:
    done = call.listener.done
    return done is not None and done.error is None and done.at_s - call.connected_s >= seconds - 1


def _difference(later_s: float | None, earlier_s: float | None) -> float | None:
    return None if later_s is None or earlier_s is None else later_s - earlier_s


RealRow = Callable[[float], Result]
