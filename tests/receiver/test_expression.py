"""The other side's face at any moment, whatever was lost."""

import numpy as np
import pytest

from callcodec.face.expression import openings
from callcodec.wire.face_packet import RUNGS
from callcodec.wire.hints import Hints, encode_hints
from receiver.expression import OLDEST_S, ExpressionTimeline
from tests.face.drawn_shape import drawn_shape

IDENTITY = drawn_shape()
TAG = 4


def hints(right: float, origin: int = TAG, mouth: tuple[float, ...] = ()) -> Hints:
    """The face has moved to the right by some pixels; ``mouth``: openings in between, off the line."""
    told = np.stack((mouth, np.zeros(len(mouth)))).astype(np.float32)
    displacement = np.full((70, 2), (right, 0), np.float32)
    encoded = encode_hints(displacement, origin, RUNGS[0], None, lambda _: told)
    assert encoded is not None
    return encoded.decoded


def timeline(*keys: tuple[int, Hints]) -> ExpressionTimeline:
    """Keys by frame number, 0.2 s apart."""
    made = ExpressionTimeline()
    made.know_origin(TAG, IDENTITY)
    for number, told in keys:
        made.add(number, number / 5, told)
    return made


def moved(made: ExpressionTimeline, media_time_s: float) -> float:
    shape = made.at(media_time_s)
    assert shape is not None
    return float((shape - IDENTITY)[:, 0].mean())


def test_between_two_packets_the_face_moves_evenly() -> None:
    made = timeline((0, hints(0)), (1, hints(10)))
    assert moved(made, 0.2) == pytest.approx(10, abs=2)
    assert moved(made, 0.1) == pytest.approx((moved(made, 0.0) + moved(made, 0.2)) / 2, abs=0.1)


def test_the_mouth_opens_between_two_packets_as_told() -> None:
    made = timeline((0, hints(0)), (1, hints(0, mouth=(0.2, 0.3, 0.3, 0.2))))
    shape = made.at(0.08)
    assert shape is not None
    assert openings(shape)[0] == pytest.approx(openings(IDENTITY)[0] + 0.3, abs=0.08)


def test_what_was_told_about_a_lost_packets_interval_is_not_applied_elsewhere() -> None:
    made = timeline((0, hints(0)), (2, hints(0, mouth=(0.2, 0.3, 0.3, 0.2))))
    shape = made.at(0.2)
    assert shape is not None
    assert openings(shape)[0] == pytest.approx(openings(IDENTITY)[0], abs=0.05)


def test_packets_may_come_in_any_order() -> None:
    keys = [(number, hints(4.0 * number)) for number in range(4)]
    there, back = timeline(*keys), timeline(*reversed(keys))
    assert moved(there, 0.33) == moved(back, 0.33)


def test_the_last_shape_is_held_for_a_while_only() -> None:
    made = timeline((0, hints(0)), (1, hints(10)))
    assert moved(made, 0.2 + OLDEST_S - 0.01) == moved(made, 0.2)
    assert made.at(0.2 + OLDEST_S + 0.01) is None


def test_nothing_is_known_before_the_first_hints() -> None:
    assert timeline().at(1.0) is None
    assert timeline((5, hints(0))).at(0.9) is None


def test_a_long_gap_is_not_bridged() -> None:
    made = timeline((0, hints(0)), (8, hints(10)))
    assert made.at(0.8) is None
    assert made.at(0.3) is not None


def test_without_the_identity_picture_nothing_is_known() -> None:
    made = ExpressionTimeline()
    made.add(0, 0.0, hints(0))
    assert made.at(0.0) is None
    made.know_origin(TAG, IDENTITY)
    assert made.at(0.0) is not None


def test_an_identity_picture_without_a_face_gives_no_shapes() -> None:
    made = timeline((0, hints(0)))
    made.know_origin(TAG, None)
    assert made.at(0.0) is None


def test_across_a_change_of_identity_each_packet_keeps_its_own_origin() -> None:
    made = timeline((0, hints(10)), (1, hints(0, origin=7)))
    made.know_origin(7, drawn_shape(at=(138.0, 128.0)))
    assert moved(made, 0.1) == pytest.approx(10, abs=2)
