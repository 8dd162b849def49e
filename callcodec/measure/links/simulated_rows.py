"""The rows on simulated time: loss, jitter, the long way round, an hour."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from callcodec.measure.links.bars import Check, Kind, Result
from callcodec.measure.links.simulated_call import Finished, simulate
from callcodec.measure.links.watch import Notes, Sample
from callcodec.transport.link import LinkProfile, SimulatedLink
from callcodec.transport.simulated import SimulatedPair

LOSS_S, JITTER_S, INTERNATIONAL_S, HOUR_S = 120.0, 120.0, 120.0, 3600.0
ONE_WAY_MS, PACKET_MS = 40.0, 60.0
SETTLED_S = 10.0
HOUR_PPM = 200.0
GROWING_MS = 20.0


def loss_row(name: str, loss: float, burst: float | None, seconds: float) -> Result:
    """Random loss, or Gilbert bursts of `burst` packets on average."""
    profile = LinkProfile(delay_ms=ONE_WAY_MS, loss=loss, burst_packets=burst, seed=11)
    call = simulate(profile, seconds)
    lost = lost_share(call.pair.there)
    how = "random" if burst is None else f"bursts of {burst:g}"
    return Result(
        name,
        f"{ONE_WAY_MS:g} ms, {loss:.0%} lost ({how})",
        Kind.SIMULATED,
        seconds,
        (*delivery_checks(call, lost), *delay_checks(call, ONE_WAY_MS)),
        short=seconds < LOSS_S,
        note=f"lost in this call: {lost:.1%}",
    )


def jitter_row(seconds: float) -> Result:
    """Jitter, reordering and duplication in the middle of a call that is calm before and after."""
    calm = LinkProfile(delay_ms=ONE_WAY_MS, seed=12)
    rough = replace(calm, jitter_ms=100.0, reorder=0.05, duplicate=0.02)
    begin_s, end_s = seconds / 6, seconds * 2 / 3

    def meanwhile(time_s: float, pair: SimulatedPair) -> None:
        for link in (pair.there, pair.back):
            link.model.profile = rough if begin_s <= time_s < end_s else calm

    call = simulate(calm, seconds, meanwhile=meanwhile)
    samples = call.far.samples
    before = depth_ms(call, begin_s - 5, begin_s)
    back = next(
        (
            s.wall_s - call.started_s - end_s
            for s in samples
            if s.wall_s - call.started_s >= end_s and before is not None and s.depth_ms <= before + 15
        ),
        None,
    )
    heard = samples[-1].voice_played + samples[-1].voice_concealed
    return Result(
        "jitter",
        f"{ONE_WAY_MS:g} ms, jitter 0-100 ms, 5 % reordered by 150 ms, 2 % doubled",
        Kind.SIMULATED,
        seconds,
        (
            Check("voice concealed", 100 * samples[-1].voice_concealed / heard, 1.0, "%"),
            Check("depth back after", back, 10.0, "s"),
        ),
        short=seconds < JITTER_S,
    )


def international_row(seconds: float) -> Result:
    """Half the world away: picture and voice in step."""
    profile = LinkProfile(delay_ms=250.0, jitter_ms=100.0, loss=0.1, burst_packets=3.0, seed=13)
    call = simulate(profile, seconds)
    offsets = np.array(call.far.offsets_ms)
    lost = lost_share(call.pair.there)
    return Result(
        "international",
        "250 ms, jitter 0-100 ms, 10 % lost (bursts of 3)",
        Kind.SIMULATED,
        seconds,
        (
            Check("picture to voice, 95th percentile", percentile(np.abs(offsets), 95), 45.0, "ms"),
            *delivery_checks(call, lost),
        ),
        short=seconds < INTERNATIONAL_S,
        note=f"lost in this call: {lost:.1%}",
    )


def hour_row(seconds: float) -> Result:
    """An hour, the two sides' clocks 200 ppm apart."""
    profile = LinkProfile(delay_ms=ONE_WAY_MS, jitter_ms=20.0, loss=0.01, seed=14)
    call = simulate(profile, seconds, ppm=HOUR_PPM)
    first, last = quarters(call.far, call)
    growth = 100 * (mean([s.memory_bytes for s in last]) / mean([s.memory_bytes for s in first]) - 1)
    drift = mean([s.depth_ms for s in last]) - mean([s.depth_ms for s in first])
    return Result(
        "hour",
        f"{ONE_WAY_MS:g} ms, jitter 0-20 ms, 1 % lost, clocks {HOUR_PPM:g} ppm apart",
        Kind.SIMULATED,
        seconds,
        (
            Check("memory grows", growth, 2.0, "%"),
            Check("queues grow", float(call.most_queued[1] - call.most_queued[0]), 2000.0, "bytes"),
            Check("depth moves", abs(drift), 15.0, "ms"),
            *delivery_checks(call, lost_share(call.pair.there)),
        ),
        short=seconds < HOUR_S,
    )


def delivery_checks(call: Finished, lost: float) -> tuple[Check, ...]:
    """Voice and faces against what the link lost, in per cent."""
    sent, came = call.near.counts, call.far.samples[-1]
    under_way = 10  # packets at the end that wait for playout
    voice = 100 * came.voice_played / max(1.0, sent["voice_packets_sent"] - under_way)
    faces = 100 * call.far.faces_in_time / max(1.0, sent["face_packets_sent"])
    kept = 100 * (1 - lost)
    return (
        Check("voice heard", min(voice, 100.0), kept - 2, "%", at_least=True),
        Check("faces in time", faces, kept - 3, "%", at_least=True),
    )


def delay_checks(call: Finished, one_way_ms: float) -> tuple[Check, ...]:
    """From the camera to the screen, and from the microphone to the speaker."""
    settled = [s for s in call.far.samples if s.wall_s - call.started_s > SETTLED_S]
    began_s = call.near.events["started"]
    voice = [1000 * (s.wall_s - began_s - s.played_s) for s in settled if s.played_s is not None]
    picture = [1000 * (s.wall_s - began_s - s.shown_s) for s in settled if s.shown_s is not None]
    half = len(voice) // 2
    bar = one_way_ms + 150 + PACKET_MS
    return (
        Check("voice delay, 95th percentile", percentile(voice, 95), bar, "ms"),
        Check("picture delay, 95th percentile", percentile(picture, 95), bar, "ms"),
        Check("delay grows", mean(voice[half:]) - mean(voice[:half]), GROWING_MS, "ms"),
    )


def lost_share(link: SimulatedLink) -> float:
    """Of the packets of one direction."""
    return link.dropped_packets / max(1, link.dropped_packets + link.delivered_packets)


def depth_ms(call: Finished, from_s: float, to_s: float) -> float | None:
    """Mean playout depth of a stretch, in seconds since the beginning."""
    samples = call.far.between(call.started_s + from_s, call.started_s + to_s)
    return mean([s.depth_ms for s in samples]) if samples else None


def quarters(notes: Notes, call: Finished) -> tuple[list[Sample], list[Sample]]:
    """The second quarter of a call, when everything has settled, and the last."""
    length_s = (call.ended_s - call.started_s) / 4
    at = [call.started_s + length_s * i for i in range(5)]
    return notes.between(at[1], at[2]), notes.between(at[3], at[4])


def mean(values: list[float] | list[int]) -> float:
    """Of at least one value."""
    return float(np.mean(values))


def percentile(values: object, share: float) -> float | None:
    """None where there is nothing to judge."""
    array = np.asarray(values, np.float64)
    return float(np.percentile(array, share)) if array.size else None
