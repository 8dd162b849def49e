"""What a display matrix does to a picture."""

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcodec.media.orientation import Turn

ONE = 1 << 16
PICTURE = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)


def matrix(a: int, b: int, c: int, d: int) -> bytes:
    return struct.pack("=9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)


@pytest.mark.parametrize(
    ("display_matrix", "quarter_turns"),
    [
        (matrix(ONE, 0, 0, ONE), 0),
        (matrix(0, -ONE, ONE, 0), 1),
        (matrix(-ONE, 0, 0, -ONE), 2),
        (matrix(0, ONE, -ONE, 0), 3),
    ],
)
def test_quarter_turns_are_undone(display_matrix: bytes, quarter_turns: int) -> None:
    turned = Turn.from_display_matrix(display_matrix).apply(PICTURE)
    assert np.array_equal(turned, np.rot90(PICTURE, quarter_turns))


def test_a_mirrored_picture_is_mirrored_back() -> None:
    assert np.array_equal(Turn.from_display_matrix(matrix(-ONE, 0, 0, ONE)).apply(PICTURE), PICTURE[:, ::-1])


def test_an_odd_angle_is_taken_for_the_nearest_quarter() -> None:
    nearly = matrix(round(0.99 * ONE), round(0.1 * ONE), round(-0.1 * ONE), round(0.99 * ONE))
    assert Turn.from_display_matrix(nearly) == Turn()


@given(st.binary(max_size=48))
def test_any_bytes_give_a_turn_or_a_value_error(data: bytes) -> None:
    try:
        turn = Turn.from_display_matrix(data)
    except ValueError:
        assert len(data) < 36
    else:
        assert sorted(turn.apply(PICTURE).reshape(-1)) == list(range(24))
