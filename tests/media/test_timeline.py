"""What the 25 FPS timeline promises of any times."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from callcodec.media.timeline import SLOT_S, Stamped, Timed, on_slots, steady_times

stamps = st.lists(
    st.one_of(st.none(), st.floats(-1e6, 1e6), st.floats(0, 2)).map(lambda time: (time, 0.04)), max_size=30
)


def jumps_of(items: list[Stamped[int]]) -> tuple[list[Timed[int]], int]:
    jumps: list[None] = []
    timed = list(steady_times(items, lambda: jumps.append(None)))
    return timed, len(jumps)


@given(stamps)
def test_times_start_at_nought_and_never_run_backwards(
    given_stamps: list[tuple[float | None, float]],
) -> None:
    items = [Stamped(time, length, i) for i, (time, length) in enumerate(given_stamps)]
    timed, _ = jumps_of(items)
    assert [item.picture for item in timed] == list(range(len(items)))
    times = [item.time_s for item in timed]
    assert times == sorted(times)
    assert all(b - a <= 60.0 + 1e-6 for a, b in pairwise(times))
    assert not times or times[0] == 0.0


@given(st.lists(st.floats(0, 3), min_size=1, max_size=30).map(sorted))
def test_each_slot_shows_the_nearest_earlier_picture(times: list[float]) -> None:
    start = times[0]
    timed = [Timed(time - start, time - start + 0.04, i) for i, time in enumerate(times)]
    slots = list(on_slots(timed))
    assert [number for number, _ in slots] == list(range(len(slots)))
    for number, picture in slots:
        now_s = number * SLOT_S
        assert timed[picture].time_s <= now_s + 0.005
        assert picture + 1 == len(timed) or timed[picture + 1].time_s >= now_s + 0.003


def test_pictures_without_times_follow_each_other() -> None:
    timed, jumps = jumps_of([Stamped(None, 0.1, i) for i in range(3)])
    assert [round(item.time_s, 3) for item in timed] == [0.0, 0.1, 0.2]
    assert jumps == 0


def test_a_jump_by_hours_is_closed_and_reported() -> None:
    timed, jumps = jumps_of([Stamped(time, 0.04, 0) for time in (0.0, 0.04, 95_443.7, 95_443.74)])
    assert [round(item.time_s, 3) for item in timed] == [0.0, 0.04, 0.08, 0.12]
    assert jumps == 1


def test_times_rounded_to_a_millisecond_keep_their_slots() -> None:
    timed = [Timed(time, time + 0.04, i) for i, time in enumerate((0.0, 0.041, 0.081, 0.12))]
    assert [picture for _, picture in on_slots(timed)] == [0, 1, 2, 3]
