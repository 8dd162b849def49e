"""Counters of RTP go on beyond their wrap-around."""

from hypothesis import given
from hypothesis import strategies as st

from receiver.unwrap import Unwrapper


def test_a_counter_goes_on_over_its_end() -> None:
    counter = Unwrapper(16)
    assert [counter.unwrap(value) for value in (65534, 65535, 0, 1)] == [65534, 65535, 65536, 65537]


def test_a_straggler_from_before_the_wrap_keeps_its_place() -> None:
    counter = Unwrapper(16)
    assert [counter.unwrap(value) for value in (65534, 1, 65535, 2)] == [65534, 65537, 65535, 65538]


def test_a_value_from_before_the_first_is_negative() -> None:
    counter = Unwrapper(32)
    assert [counter.unwrap(value) for value in (0, 2**32 - 960)] == [0, -960]


@given(st.integers(0, 2**32 - 1), st.lists(st.integers(-(2**15) + 1, 2**15 - 1), max_size=50))
def test_any_walk_of_less_than_half_the_range_is_followed(first: int, steps: list[int]) -> None:
    counter = Unwrapper(16)
    offset = counter.unwrap(first % 2**16) - first
    newest = first
    for step in steps:
        value = newest + step
        assert counter.unwrap(value % 2**16) == value + offset
        newest = max(newest, value)
