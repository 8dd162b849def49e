"""The model of a bad link."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcodec.transport.clock import SimulatedClock
from callcodec.transport.link import LinkModel, LinkProfile, SimulatedLink


def run(profile: LinkProfile, packets: int = 20_000, gap_s: float = 0.06) -> list[list[float]]:
    """Delays in seconds of each packet; [] for a lost one."""
    model = LinkModel(profile)
    return [
        [at_s - number * gap_s for at_s in model.deliveries(100, number * gap_s)] for number in range(packets)
    ]


def test_a_perfect_link_delivers_at_once() -> None:
    assert run(LinkProfile(), packets=3) == [[0.0], [0.0], [0.0]]


def test_the_same_seed_gives_the_same_link_and_another_seed_another() -> None:
    profile = LinkProfile(loss=0.1, jitter_ms=30, reorder=0.1, duplicate=0.1, seed=4)
    assert run(profile, 500) == run(profile, 500)
    assert run(profile, 500) != run(LinkProfile(loss=0.1, jitter_ms=30, reorder=0.1, duplicate=0.1), 500)


def test_jitter_leaves_the_lost_packets_the_same() -> None:
    smooth, shaken = run(LinkProfile(loss=0.2), 500), run(LinkProfile(loss=0.2, jitter_ms=50), 500)
    assert [bool(delays) for delays in smooth] == [bool(delays) for delays in shaken]


@pytest.mark.parametrize("loss", [0.01, 0.1, 0.3])
def test_independent_losses_have_the_fraction_asked_for(loss: float) -> None:
    assert sum(not delays for delays in run(LinkProfile(loss=loss))) == pytest.approx(20_000 * loss, rel=0.1)


@pytest.mark.parametrize("burst", [3.0, 8.0])
def test_bursts_have_the_mean_length_and_the_fraction_asked_for(burst: float) -> None:
    lost = [not delays for delays in run(LinkProfile(loss=0.1, burst_packets=burst), 100_000)]
    beginnings = sum(now and not before for before, now in pairwise([False, *lost]))
    assert sum(lost) == pytest.approx(10_000, rel=0.1)
    assert sum(lost) / beginnings == pytest.approx(burst, rel=0.1)


def test_jitter_stays_in_its_range_and_keeps_the_order() -> None:
    delays = [delay for (delay,) in run(LinkProfile(delay_ms=50, jitter_ms=40), 2000, gap_s=0.005)]
    assert 0.05 <= min(delays) < 0.055
    assert 0.085 < max(delays) <= 0.09 + 1e-9
    arrivals = [number * 0.005 + delay for number, delay in enumerate(delays)]
    assert arrivals == sorted(arrivals)


def test_some_packets_are_overtaken_and_some_arrive_twice() -> None:
    delays = run(LinkProfile(delay_ms=10, reorder=0.05, reorder_ms=150, duplicate=0.02))
    assert sum(len(times) == 2 for times in delays) == pytest.approx(400, rel=0.2)
    assert sum(times[0] > 0.1 for times in delays) == pytest.approx(1000, rel=0.15)


def test_a_narrow_link_passes_its_rate_and_drops_what_would_wait_too_long() -> None:
    model = LinkModel(LinkProfile(rate_kbps=20, queue_ms=300))
    times = [model.deliveries(250, 0.0) for _ in range(10)]
    # 250 bytes take 100 ms at 20 kbps; the fifth would begin after 400 ms.
    assert [at_s for packet in times for at_s in packet] == pytest.approx([0.1, 0.2, 0.3, 0.4])
    assert model.deliveries(250, 10.0) == [pytest.approx(10.1)]


def test_an_outage_loses_everything_from_its_beginning_to_its_end() -> None:
    model = LinkModel(LinkProfile(outages_s=((5, 10),)), start_s=100.0)
    assert [bool(model.deliveries(100, at_s)) for at_s in (104.9, 105.0, 109.9, 110.0)] == [
        True,
        False,
        False,
        True,
    ]


def test_a_simulated_link_counts_and_delivers_on_time() -> None:
    clock = SimulatedClock()
    link = SimulatedLink(clock, LinkProfile(delay_ms=250, loss=0.5, seed=1))
    arrivals: list[float] = []
    for _ in range(100):
        link.send(100, lambda: arrivals.append(clock.now()))
    clock.run_until(1)
    assert arrivals == [0.25] * link.delivered_packets
    assert link.delivered_packets + link.dropped_packets == 100


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"loss": 1.5}, "loss is a fraction"),
        ({"duplicate": -0.1}, "duplicate is a fraction"),
        ({"delay_ms": -1.0}, "at least 0 ms"),
        ({"jitter_ms": float("nan")}, "at least 0 ms"),
        ({"rate_kbps": 0.0}, "above 0"),
        ({"burst_packets": 0.5}, "at least 1"),
        ({"loss": 0.9, "burst_packets": 2.0}, "at least one packet arrives"),
        ({"outages_s": ((5, 4),)}, "ascending"),
    ],
)
def test_an_impossible_profile_is_refused_with_a_sentence(values: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        LinkProfile(**values)  # type: ignore[arg-type]


@given(
    st.builds(
        LinkProfile,
        rate_kbps=st.none() | st.floats(1, 1000),
        delay_ms=st.floats(0, 500),
        jitter_ms=st.floats(0, 200),
        loss=st.floats(0, 0.5),
        reorder=st.floats(0, 1),
        duplicate=st.floats(0, 1),
        seed=st.integers(0, 100),
    )
)
def test_nothing_arrives_before_it_could_have(profile: LinkProfile) -> None:
    assert all(delay >= profile.delay_ms / 1000 - 1e-9 for times in run(profile, 30, 0.01) for delay in times)
