"""Voice and clock together over links that lose, delay, reorder, repeat and stop."""

import random
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callcodec.speech.opus import OpusDecoder, OpusEncoder
from receiver.pcm_timeline import Pcm
from receiver.playout import Playout, PlayoutStatistics
from receiver.playout_clock import PlayoutSettings
from tests.receiver.voice_link import (
    CONCEALED,
    TOC_60_MS,
    CountingDecoder,
    Sent,
    in_order_of_arrival,
    later,
    play,
    stream,
    uniform,
)

TRANSIT_S = 0.05


def playout(**settings_: float) -> Playout:
    return Playout(PlayoutSettings(**settings_), CountingDecoder)


def played_fraction(statistics: PlayoutStatistics) -> float:
    return statistics.played / (statistics.played + statistics.concealed)


def test_without_loss_the_decoders_sound_comes_out_unchanged() -> None:
    dice = np.random.default_rng(1)
    encoder, decoder = OpusEncoder(8_000, 60), OpusDecoder()
    packets = [encoder.encode(dice.normal(0, 3000, 960).astype(np.int16)) for _ in range(80)]
    wanted = np.concatenate([decoder.decode(packet) for packet in packets])
    receiver = Playout(PlayoutSettings(initial_jitter_s=0.0))
    heard = play(receiver, stream(80, payload=lambda number: packets[number]), 4.8)
    begin = int(np.flatnonzero(heard.pcm)[0])
    offset = int(np.flatnonzero(wanted)[0])
    length = len(wanted) - offset - 4000
    assert (heard.pcm[begin : begin + length] == wanted[offset : offset + length]).all()


@pytest.mark.parametrize("loss", [0.01, 0.1, 0.3])
def test_only_what_was_lost_is_concealed(loss: float) -> None:
    dice = random.Random(1)
    lost = {number for number in range(1, 1990) if dice.random() < loss}
    receiver = playout()
    play(receiver, stream(2000, lambda number: None if number in lost else TRANSIT_S), 120)
    statistics = receiver.statistics(120)
    assert statistics.concealed == len(lost)
    assert played_fraction(statistics) >= 1 - loss - 0.02


def test_under_jitter_of_100_ms_less_than_one_in_a_hundred_is_late() -> None:
    receiver = playout()
    heard = play(receiver, stream(2000, uniform(2, 0.05, 0.15)), 120)
    assert played_fraction(receiver.statistics(120)) > 0.99
    assert heard.depth_ms[heard.time_s > 10].max() < 140


def test_depth_comes_back_within_ten_seconds_of_the_jitters_end() -> None:
    jitter = uniform(3, 0.05, 0.15)
    receiver = playout()
    heard = play(receiver, stream(1000, lambda number: jitter(number) if 200 < number < 600 else 0.05), 60)
    before = heard.depth_ms[heard.time_s < 12][-1]
    assert heard.depth_ms[heard.time_s < 36].max() > before + 80
    assert heard.depth_ms[heard.time_s > 46].max() < before + 15


def test_reordered_packets_are_not_lost() -> None:
    dice = random.Random(4)
    receiver = playout()
    play(receiver, stream(2000, lambda _: 0.2 if dice.random() < 0.05 else 0.05), 120)
    assert played_fraction(receiver.statistics(120)) > 0.99


def test_repeated_packets_are_counted_and_change_nothing() -> None:
    packets = stream(300)
    twice = in_order_of_arrival([*packets, *later(packets, 0.25)])
    once, repeated = playout(), playout()
    sound = play(once, packets, 17).pcm
    assert (play(repeated, twice, 17).pcm == sound).all()
    assert repeated.statistics(17).duplicate > 270


@pytest.mark.slow
@pytest.mark.parametrize("ppm", [-200, 200])
def test_an_hour_of_drift_leaves_depth_and_voice_whole(ppm: int) -> None:
    dice = random.Random(6)
    hour = [
        Sent(packet.sequence, packet.rtp_timestamp, b"\x59" + packet.payload[1:], packet.arrival_s)
        for packet in stream(
            30_000, lambda n: 0.05 + n * 0.12 * ppm * 1e-6 + dice.random() * 0.005, packet_s=0.12
        )
    ]

    class LongDecoder(CountingDecoder):
        def decode(self, packet: bytes) -> Pcm:
            return np.tile(super().decode(packet), 2)

    receiver = Playout(PlayoutSettings(margin_s=0.13), LongDecoder)
    heard = play(receiver, hour, 3590, read_samples=1920)
    settled = heard.depth_ms[heard.time_s > 20]
    assert settled.max() - settled.min() < 15
    assert receiver.statistics(3590).concealed == 0
    assert not (heard.from_second(20.0) == CONCEALED).any()


def test_the_loudspeakers_drift_is_followed_too() -> None:
    receiver = playout()
    packets = iter(stream(3000))
    packet = next(packets)
    for read in range(8000):
        now_s = 0.11 + read * 0.02 * (1 - 200e-6)
        while packet.arrival_s <= now_s:
            receiver.push(packet.sequence, packet.rtp_timestamp, packet.payload, packet.arrival_s)
            packet = next(packets)
        sound = receiver.read(320, now_s)
    due_s = receiver.media_time(now_s)
    assert due_s is not None
    assert sound[0] == int((due_s - 10.0) / 0.06)
    assert receiver.statistics(now_s).concealed == 0


def test_sequence_and_timestamp_go_on_over_their_ends() -> None:
    receiver = playout()
    packets = stream(200, first_sequence=2**16 - 100, first_timestamp=2**32 - 100 * 2880)
    heard = play(receiver, packets, 12)
    assert receiver.statistics(12).concealed == 0
    assert set(np.unique(heard.from_second(1.0))) >= set(range(20, 190))
    assert (np.diff(heard.media_s) > 0).all()


def test_pauses_of_dtx_are_not_concealment() -> None:
    talking = [number for number in range(600) if number % 60 < 25]
    packets = [
        Sent(order, number * 2880, bytes([TOC_60_MS, 0, 1]), (number + 1) * 0.06 + TRANSIT_S)
        for order, number in enumerate(talking)
    ]
    receiver = playout()
    play(receiver, packets, 36)
    statistics = receiver.statistics(36)
    assert (statistics.concealed, statistics.late, statistics.played) == (0, 0, len(talking))


@pytest.mark.parametrize("queued", [False, True])
def test_after_a_blackout_of_five_seconds_the_voice_is_back_within_one(queued: bool) -> None:
    packets = [
        Sent(p.sequence, p.rtp_timestamp, p.payload, 25 + (p.arrival_s - 20) / 50)
        if 20 < p.arrival_s < 25
        else p
        for p in stream(700, uniform(5, 0.05, 0.07))
        if queued or not 20 < p.arrival_s < 25
    ]
    receiver = playout()
    heard = play(receiver, in_order_of_arrival(packets), 40)
    assert not (heard.from_second(26.0)[: 16_000 * 10] == CONCEALED).any()
    assert heard.from_second(26.0)[0] > 415
    assert heard.depth_ms[-1] == pytest.approx(heard.depth_ms[heard.time_s < 19][-1], abs=5)


def test_a_slower_link_costs_less_than_two_seconds_of_voice() -> None:
    receiver = playout()
    heard = play(receiver, stream(700, lambda number: 0.05 if number < 300 else 0.85), 40)
    after = heard.from_second(18.0 + 2.5)[: 16_000 * 15]
    assert not (after == CONCEALED).any()
    assert (np.diff(heard.media_s) >= 0).all()


def test_a_sender_that_slept_for_a_minute_is_heard_again() -> None:
    receiver = playout()
    packets = stream(600, lambda number: TRANSIT_S + (60.0 if number >= 300 else 0.0))
    heard = play(receiver, packets, 97)
    statistics = receiver.statistics(97)
    assert statistics.restarts == 1
    assert statistics.played > 585
    assert heard.from_second(80.0)[0] > 300


def test_without_a_loudspeaker_the_voice_is_still_there_for_the_networks() -> None:
    receiver = playout(extra_delay_s=0.2)
    for packet in stream(300, lambda number: None if number == 200 else TRANSIT_S):
        receiver.push(packet.sequence, packet.rtp_timestamp, packet.payload, packet.arrival_s)
    due_s = receiver.media_time(300 * 0.06 + TRANSIT_S)
    assert due_s is not None
    window = receiver.pcm_around(due_s, 0.1, 0.1)
    assert len(window) == 3200
    assert set(np.unique(window)) <= set(range(290, 300))
    assert receiver.statistics(18.0).ahead == 0


def test_the_voice_around_a_moment_is_what_is_heard_there() -> None:
    receiver = playout(extra_delay_s=0.2)
    packets = stream(100)
    heard = play(receiver, packets, 6.0)
    due_s = receiver.media_time(heard.time_s[-1] + 0.02)
    assert due_s is not None
    assert (receiver.pcm_around(due_s, 0.5, 0.0) == heard.pcm[-8000:]).mean() > 0.99
    assert not receiver.pcm_around(due_s + 100, 0.1, 0.1).any()


def test_a_call_without_packets_is_silent() -> None:
    receiver = playout()
    assert receiver.media_time(1.0) is None
    assert not receiver.read(320, 1.0).any()
    assert not receiver.pcm_around(0.0, 0.1, 0.1).any()
    assert receiver.statistics(1.0).received == 0


def test_the_media_time_of_a_packet_counts_in_seconds_of_48_khz() -> None:
    assert playout().push(5, 96_000, b"\x58\x00", 0.0) == 2.0


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 2**16 - 1),
            st.integers(0, 2**32 - 1),
            st.one_of(st.binary(max_size=12), st.just(b"\x58\x01")),
            st.floats(0, 1.0),
        ),
        max_size=60,
    )
)
def test_hostile_packets_are_survived(packets: list[tuple[int, int, bytes, float]]) -> None:
    receiver = Playout(PlayoutSettings())
    now_s = 0.0
    for sequence, timestamp, payload, wait_s in packets:
        now_s += wait_s
        receiver.push(sequence, timestamp, payload, now_s)
        assert len(receiver.read(320, now_s)) == 320
        receiver.pcm_around(receiver.media_time(now_s) or 0.0, 0.1, 0.1)


def test_a_flood_does_not_fill_the_memory() -> None:
    receiver = playout()
    dice = random.Random(8)
    tracemalloc.start()
    for number in range(20_000):
        receiver.push(dice.randrange(2**16), dice.randrange(400_000), b"\x58\x00\x00\x01", number / 10_000)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak_bytes < 8_000_000
