"""Shapes between two known ones, and openings that are told."""

import numpy as np
import pytest
from numpy.typing import NDArray

from callcodec.face.expression import deviations, openings, shape_between
from tests.face.drawn_shape import drawn_shape


def test_without_anything_told_the_shape_moves_in_a_straight_line() -> None:
    first, last = drawn_shape(mouth=0.0), drawn_shape(mouth=0.4)
    middle = shape_between(first, last, 0.25, None)
    assert np.allclose(middle, 0.75 * first + 0.25 * last, atol=1e-4)


def test_openings_in_between_come_back_as_they_were() -> None:
    first, last = drawn_shape(mouth=0.1, eyes=0.3), drawn_shape(mouth=0.2, eyes=0.28)
    path = [drawn_shape(mouth=m, eyes=e) for m, e in ((0.4, 0.3), (0.5, 0.02), (0.1, 0.02), (0.0, 0.25))]
    exact = openings(np.stack(path))
    told = deviations(exact, first, last)
    shown = [shape_between(first, last, k / 5, told) for k in range(1, 5)]
    assert openings(np.stack(shown)) == pytest.approx(exact, abs=0.03)


def test_half_way_between_two_told_moments_lies_half_way() -> None:
    shape = drawn_shape(mouth=0.1, eyes=0.3)
    told = np.array([[0.4, 0.2, 0.0, 0.0], [0, 0, 0, 0]], np.float32)
    shown = shape_between(shape, shape, 1.5 / 5, told)
    assert openings(shown)[0] == pytest.approx(openings(shape)[0] + 0.3, abs=0.03)


def test_nothing_told_applies_at_the_ends() -> None:
    first, last = drawn_shape(mouth=0.1), drawn_shape(mouth=0.3)
    told: NDArray[np.float32] = np.full((2, 4), 0.5, np.float32)
    assert np.array_equal(shape_between(first, last, 0.0, told), first)
    assert np.allclose(shape_between(first, last, 1.0, told), last)
