"""The delay of playout follows the link and the sender's sound card, and never more than it has to."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from receiver.playout_clock import PlayoutClock, PlayoutSettings

PACKET_S = 0.06
MARGIN_S = 0.025


def started(
    settings_: PlayoutSettings | None = None, packets: int = 200, jitter_s: float = 0.0
) -> PlayoutClock:
    """A clock that has heard `packets` packets, sent every 60 ms and 0.1 s (plus jitter) under way."""
    clock = PlayoutClock(settings_ or PlayoutSettings())
    feed(clock, 0, packets, jitter_s=jitter_s)
    return clock


def feed(
    clock: PlayoutClock, first: int, last: int, *, jitter_s: float = 0.0, transit_s: float = 0.1
) -> None:
    """Packets first..last-1, each sent when its 60 ms are over."""
    dice = random.Random(first)
    for number in range(first, last):
        sent_s = (number + 1) * PACKET_S
        clock.arrived(number * PACKET_S, sent_s + transit_s + dice.uniform(0, jitter_s))


def test_before_the_first_packet_nothing_is_due() -> None:
    assert PlayoutClock(PlayoutSettings()).media_time(5.0) is None


def test_a_steady_link_waits_for_the_packet_and_the_margin_only() -> None:
    clock = started()
    assert clock.delay_s(12.2) == pytest.approx(PACKET_S + 0.1 + MARGIN_S)
    assert clock.depth_s(12.2) == pytest.approx(MARGIN_S)


def test_the_pictures_wait_is_added() -> None:
    clock = started(PlayoutSettings(extra_delay_s=0.2))
    assert clock.depth_s(12.2) == pytest.approx(MARGIN_S + 0.2)


def test_a_new_wait_for_the_picture_is_glided_to() -> None:
    clock = started()
    clock.set_extra_delay(0.1, 12.2)
    depths = [clock.depth_s(12.2 + step / 100) for step in range(300)]
    assert max(np.diff(depths)) <= 0.0011
    assert depths[-1] == pytest.approx(MARGIN_S + 0.1)


def test_jitter_is_covered_within_two_seconds() -> None:
    clock = started()
    feed(clock, 200, 233, jitter_s=0.1)
    assert clock.depth_s(233 * PACKET_S + 0.2) > 0.1


def test_jitter_never_stops_the_clock() -> None:
    clock = started()
    feed(clock, 200, 203)
    clock.arrived(204 * PACKET_S, 205 * PACKET_S + 0.1)
    clock.arrived(203 * PACKET_S, 205 * PACKET_S + 0.3)
    times_s = [clock.media_time(205 * PACKET_S + 0.3 + step / 100) or 0.0 for step in range(200)]
    assert min(np.diff(times_s)) >= 0.9 * 0.01 - 1e-9


def test_what_comes_later_than_the_bound_is_not_waited_for() -> None:
    clock = PlayoutClock(PlayoutSettings(max_jitter_s=0.2))
    dice = random.Random(9)
    arrivals = sorted(
        ((number + 1) * PACKET_S + (0.9 if dice.random() < 0.2 else 0.1), number * PACKET_S)
        for number in range(500)
    )
    for arrival_s, media_s in arrivals:
        clock.arrived(media_s, arrival_s)
    assert clock.depth_s(arrivals[-1][0]) == pytest.approx(MARGIN_S)


def test_jitter_is_forgotten_within_ten_seconds() -> None:
    clock = started(jitter_s=0.1)
    feed(clock, 200, 366)
    assert clock.depth_s(200 * PACKET_S + 10) == pytest.approx(MARGIN_S, abs=0.015)


def test_one_packet_in_a_hundred_that_is_late_changes_nothing() -> None:
    clock = started()
    clock.arrived(200 * PACKET_S, 201 * PACKET_S + 0.3)
    assert clock.depth_s(201 * PACKET_S + 2.0) == pytest.approx(MARGIN_S)


@pytest.mark.parametrize("ppm", [-200, 200])
def test_drift_moves_the_clock_and_not_the_depth(ppm: int) -> None:
    clock = PlayoutClock(PlayoutSettings())
    dice = random.Random(7)
    depths, paces = [], []
    for number in range(30_000):
        now_s = number * 0.12 * (1 + ppm * 1e-6) + dice.uniform(0, 0.005)
        clock.arrived(number * 0.12, now_s)
        if number > 100:
            depths.append(clock.depth_s(now_s))
            paces.append(clock.delay_s(now_s + 0.1) - clock.delay_s(now_s))
    assert max(depths) - min(depths) < 0.015
    assert max(np.abs(paces)) <= 0.1 * 0.005 + 1e-9


def test_a_link_that_became_much_slower_is_waited_for() -> None:
    clock = started()
    feed(clock, 200, 230, transit_s=0.9)
    now_s = 230 * PACKET_S + 0.9
    assert clock.delay_s(now_s + 1.0) == pytest.approx(PACKET_S + 0.9 + MARGIN_S, abs=0.045)


def test_a_link_that_became_much_faster_is_caught_up_with_at_once() -> None:
    clock = started()
    feed(clock, 200, 300, transit_s=0.9)
    feed(clock, 320, 420, transit_s=0.1)
    assert clock.delay_s(421 * PACKET_S) == pytest.approx(PACKET_S + 0.1 + MARGIN_S, abs=0.045)


def test_a_single_packet_from_another_time_moves_nothing() -> None:
    clock = started()
    assert not clock.arrived(0.0, 12.3)
    assert not clock.arrived(500.0, 12.3)
    assert clock.depth_s(12.5) == pytest.approx(MARGIN_S)


def test_a_sender_that_slept_is_followed_within_a_second() -> None:
    clock = started()
    restarts = [
        clock.arrived(number * PACKET_S, number * PACKET_S + PACKET_S + 0.1 + 60.0)
        for number in range(200, 217)
    ]
    assert sum(restarts) == 1
    assert clock.depth_s(217 * PACKET_S + 60.1) == pytest.approx(MARGIN_S, abs=0.045)


def test_a_long_silence_leaves_the_delay_as_it_was() -> None:
    clock = started()
    feed(clock, 600, 610)
    assert clock.depth_s(610 * PACKET_S + 0.1) == pytest.approx(MARGIN_S)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0, 0.6), min_size=20, max_size=120))
def test_media_time_never_goes_back_whatever_the_link_does(jitters_s: list[float]) -> None:
    clock = PlayoutClock(PlayoutSettings())
    arrivals = sorted((number * PACKET_S + jitter_s, number) for number, jitter_s in enumerate(jitters_s))
    previous_s = -np.inf
    for arrival_s, number in arrivals:
        now_s = clock.media_time(arrival_s)
        assert now_s is None or now_s >= previous_s - 1e-9
        clock.arrived(number * PACKET_S, arrival_s)
        now_s = clock.media_time(arrival_s)
        assert now_s is not None
        assert now_s >= previous_s - 1e-9
        previous_s = now_s


@pytest.mark.parametrize(
    "settings_",
    [
        {"margin_s": -0.1},
        {"max_jitter_s": 0.0},
        {"window_s": 0.0},
        {"late_fraction": 1.0},
        {"extra_delay_s": -1.0},
    ],
)
def test_impossible_settings_are_refused(settings_: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"must be|cannot be"):
        PlayoutSettings(**settings_)
