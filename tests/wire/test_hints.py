"""Expression hints: both ends see the same shape, six bytes at most, and garbage is harmless."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from callcodec.wire.face_packet import RUNGS, Rung
from callcodec.wire.hints import (
    MAX_COEFFICIENT,
    HintReference,
    Hints,
    decode_hints,
    encode_hints,
    origin_tag,
)
from callcodec.wire.hints_tables import MODES, SHAPE_POINTS, load_hint_tables

ORIGIN = 9
LAST_STEPS = settings(max_examples=60, deadline=None)


def smile(amount: float) -> NDArray[np.float32]:
    """A displacement that the modes can say: ``amount`` units of three of them."""
    state = np.zeros(MODES)
    state[[2, 5, 7]] = amount
    return (state @ load_hint_tables().modes / 16384).astype(np.float32).reshape(SHAPE_POINTS, 2)


def hints_of(state: list[int], origin: int = ORIGIN) -> Hints:
    return Hints(origin, np.array(state, np.int64), np.zeros(4, np.float32), np.zeros(4, np.float32))


states = st.lists(st.integers(-MAX_COEFFICIENT, MAX_COEFFICIENT), min_size=MODES, max_size=MODES)
references = st.none() | st.builds(
    HintReference, st.builds(hints_of, states, st.integers(0, 15)), st.integers(1, 35)
)
rungs = st.sampled_from(RUNGS)


def same(first: Hints, second: Hints) -> bool:
    return (
        first.origin == second.origin
        and np.array_equal(first.state, second.state)
        and np.array_equal(first.openings(), second.openings())
    )


@LAST_STEPS
@given(st.integers(0, 2**32 - 1), st.floats(0, 200), st.integers(0, 15), rungs, references, st.integers(1, 6))
def test_the_decoder_sees_what_the_encoder_saw(
    seed: int, spread: float, origin: int, rung: Rung, reference: HintReference | None, budget: int
) -> None:
    random = np.random.default_rng(seed)
    displacement = random.normal(0, spread, (SHAPE_POINTS, 2)).astype(np.float32)
    told = random.normal(0, 0.1, (2, rung.slots_per_frame - 1)).astype(np.float32)
    encoded = encode_hints(displacement, origin, rung, reference, lambda _: told, budget)
    if encoded is not None:
        assert 1 <= len(encoded.payload) <= budget
        assert same(decode_hints(encoded.payload, rung, reference), encoded.decoded)


@LAST_STEPS
@given(st.binary(max_size=8), rungs, references)
def test_garbage_gives_hints_or_a_value_error(
    payload: bytes, rung: Rung, reference: HintReference | None
) -> None:
    try:
        hints = decode_hints(payload, rung, reference)
    except ValueError:
        return
    assert np.abs(hints.state).max() <= MAX_COEFFICIENT
    assert np.isfinite(hints.displacement()).all()
    assert hints.openings().shape == (2, rung.slots_per_frame - 1)


def test_an_expression_arrives_within_a_pixel() -> None:
    encoded = encode_hints(smile(40), ORIGIN, RUNGS[0], None)
    assert encoded is not None
    assert np.abs(encoded.decoded.displacement() - smile(40)).mean() < 1


def test_an_expression_that_stays_takes_fewer_bytes_than_a_new_one() -> None:
    first = encode_hints(smile(40), ORIGIN, RUNGS[0], None)
    assert first is not None
    second = encode_hints(smile(40), ORIGIN, RUNGS[0], HintReference(first.decoded, 2))
    assert second is not None
    assert len(second.payload) < len(first.payload)


def test_a_smaller_budget_gives_a_coarser_shape() -> None:
    errors = []
    for budget in (3, 6):
        encoded = encode_hints(smile(25), ORIGIN, RUNGS[0], None, max_bytes=budget)
        assert encoded is not None
        errors.append(np.abs(encoded.decoded.displacement() - smile(25)).mean())
    assert errors[1] < errors[0]


def test_a_shape_that_no_step_can_say_in_the_budget_is_not_sent() -> None:
    assert encode_hints(smile(400), ORIGIN, RUNGS[0], None, max_bytes=1) is None


@pytest.mark.parametrize("rung", [RUNGS[0], RUNGS[1]])
def test_openings_between_two_packets_arrive(rung: Rung) -> None:
    count = rung.slots_per_frame - 1
    bump = 0.3 * np.sin(np.pi * np.arange(1, count + 1) / (count + 1))
    told = np.stack((bump, -bump / 2)).astype(np.float32)
    encoded = encode_hints(smile(0), ORIGIN, rung, None, lambda _: told)
    assert encoded is not None
    assert np.abs(encoded.decoded.openings() - told).max() < 0.06


def test_what_lies_in_between_is_told_against_the_shape_as_it_arrives() -> None:
    seen: list[NDArray[np.float32]] = []

    def between(decoded: NDArray[np.float32]) -> NDArray[np.float32]:
        seen.append(decoded)
        return np.zeros((2, 0), np.float32)

    encoded = encode_hints(smile(40), ORIGIN, RUNGS[0], None, between)
    assert encoded is not None
    assert np.array_equal(seen[-1], encoded.decoded.displacement())


def test_another_identity_is_another_origin_and_nothing_is_predicted_across() -> None:
    before = HintReference(hints_of([20000] * MODES, origin=3), 2)
    encoded = encode_hints(smile(10), ORIGIN, RUNGS[0], before)
    assert encoded is not None
    decoded = decode_hints(encoded.payload, RUNGS[0], before)
    assert decoded.origin == ORIGIN
    assert np.abs(decoded.displacement() - smile(10)).mean() < 1


def test_the_origin_goes_on_where_hints_are_predicted() -> None:
    before = HintReference(hints_of([0] * MODES, origin=3), 2)
    encoded = encode_hints(smile(10), 3, RUNGS[0], before)
    assert encoded is not None
    assert decode_hints(encoded.payload, RUNGS[0], before).origin == 3


def test_the_tag_of_an_identity_is_the_first_four_bits_of_its_hash() -> None:
    assert origin_tag(bytes([0xA7]) + bytes(31)) == 0xA


@pytest.mark.parametrize("displacement", [np.zeros((68, 2)), np.full((SHAPE_POINTS, 2), np.nan)])
def test_what_is_no_shape_is_refused(displacement: NDArray[np.float64]) -> None:
    with pytest.raises(ValueError, match="70 finite points"):
        encode_hints(displacement.astype(np.float32), ORIGIN, RUNGS[0], None)


@pytest.mark.parametrize(("origin", "budget"), [(16, 6), (0, 0), (0, 7)])
def test_an_origin_or_a_budget_out_of_bounds_is_refused(origin: int, budget: int) -> None:
    with pytest.raises(ValueError, match=r"origin|1 to 6 bytes"):
        encode_hints(smile(0), origin, RUNGS[0], None, max_bytes=budget)
