"""What a sender tells of its face, and when."""

import numpy as np
import pytest
from numpy.typing import NDArray

from callcodec.face.expression import openings
from callcodec.wire.face_packet import RUNGS
from callcodec.wire.hints import HintReference, Hints, decode_hints
from sender.expression import ExpressionTracker, Origin
from sender.settings import FaceSettings
from tests.face.drawn_shape import drawn_shape

PICTURE = np.zeros((256, 256, 3), np.uint8)
ORIGIN = Origin(drawn_shape(), 11)
SLOT_S = 0.04
DUE = True


class Face:
    """A finder that sees what the test says."""

    def __init__(self) -> None:
        self.shape: NDArray[np.float32] | None = drawn_shape()
        self.looked = 0

    def find(self, rgb: NDArray[np.uint8]) -> NDArray[np.float32] | None:
        assert rgb is PICTURE
        self.looked += 1
        return self.shape


def tracker(face: Face, every: int = 1) -> ExpressionTracker:
    made = ExpressionTracker(face.find, RUNGS[0], 6, every)
    made.wanted = True
    made.use_origin(ORIGIN)
    return made


def test_the_shape_of_the_packets_own_picture_is_told() -> None:
    face = Face()
    face.shape = drawn_shape(mouth=0.4, at=(136.0, 126.0))
    made = tracker(face)
    made.look(PICTURE, 0.0, DUE)
    payload = made.hints(0, 0.0, None)
    assert payload is not None
    hints = decode_hints(payload, RUNGS[0], None)
    assert hints.origin == ORIGIN.tag
    assert np.abs(ORIGIN.shape + hints.displacement() - face.shape).mean() < 2


def test_no_face_in_the_picture_no_hints() -> None:
    face = Face()
    face.shape = None
    made = tracker(face)
    made.look(PICTURE, 0.0, DUE)
    assert made.hints(0, 0.0, None) is None


def test_a_face_that_was_lost_a_while_ago_is_not_told() -> None:
    face = Face()
    made = tracker(face)
    made.look(PICTURE, 0.0, DUE)
    face.shape = None
    for k in range(1, 6):
        made.look(PICTURE, k * SLOT_S, DUE)
    assert made.hints(0, 5 * SLOT_S, None) is None


def test_nothing_is_looked_for_before_an_identity_is_on_its_way() -> None:
    face = Face()
    made = tracker(face)
    made.use_origin(None)
    made.look(PICTURE, 0.0, DUE)
    assert made.hints(0, 0.0, None) is None
    assert face.looked == 0


def test_nothing_is_looked_for_before_the_other_side_wants_it() -> None:
    face = Face()
    made = tracker(face)
    made.wanted = False
    made.look(PICTURE, 0.0, DUE)
    assert made.hints(0, 0.0, None) is None
    assert face.looked == 0


def test_every_second_picture_is_enough_but_a_packets_own_is_always_seen() -> None:
    face = Face()
    made = tracker(face, every=2)
    seen = [made.look(PICTURE, k * SLOT_S, due=k % 5 == 0) is not None for k in range(11)]
    assert [k for k in range(11) if seen[k]] == [0, 2, 4, 5, 7, 9, 10]
    assert face.looked == 7


def test_hints_are_predicted_from_those_of_the_reference() -> None:
    face = Face()
    face.shape = drawn_shape(mouth=0.5, at=(140.0, 120.0))
    made = tracker(face)
    decoded: list[Hints] = []
    for number in range(3):
        made.look(PICTURE, number / 5, DUE)
        payload = made.hints(number, number / 5, 0 if number == 2 else None)
        assert payload is not None
        reference = HintReference(decoded[0], 2) if number == 2 else None
        decoded.append(decode_hints(payload, RUNGS[0], reference))
    assert np.abs(ORIGIN.shape + decoded[2].displacement() - face.shape).mean() < 2


def test_a_reference_without_hints_is_none() -> None:
    face = Face()
    made = tracker(face)
    face.shape = None
    made.look(PICTURE, 0.0, DUE)
    assert made.hints(0, 0.0, None) is None
    face.shape = drawn_shape()
    made.look(PICTURE, 0.4, DUE)
    payload = made.hints(2, 0.4, 0)
    assert payload is not None
    assert decode_hints(payload, RUNGS[0], None).origin == ORIGIN.tag


def test_a_word_between_two_packets_is_told() -> None:
    face = Face()
    made = tracker(face)
    made.look(PICTURE, 0.0, DUE)
    first = made.hints(0, 0.0, None)
    mouths = (0.25, 0.4, 0.4, 0.25, 0.1)
    for k, mouth in enumerate(mouths, 1):
        face.shape = drawn_shape(mouth=mouth)
        made.look(PICTURE, k * SLOT_S, DUE)
    second = made.hints(1, 5 * SLOT_S, None)
    assert first is not None
    assert second is not None
    told = decode_hints(second, RUNGS[0], None).openings()
    wanted = openings(np.stack([drawn_shape(mouth=mouth) for mouth in mouths[:4]]))
    line = openings(drawn_shape(mouth=0.1))
    assert np.abs(told[0] - (wanted[0] - line[0])).max() < 0.08


def test_after_a_packet_without_hints_nothing_is_told_in_between() -> None:
    face = Face()
    made = tracker(face)
    made.look(PICTURE, 0.0, DUE)
    made.hints(0, 0.0, None)
    face.shape = None
    made.look(PICTURE, 0.2, DUE)
    assert made.hints(1, 0.2, None) is None
    face.shape = drawn_shape(mouth=0.4)
    made.look(PICTURE, 0.4, DUE)
    payload = made.hints(2, 0.4, None)
    assert payload is not None
    assert not decode_hints(payload, RUNGS[0], None).openings().any()


@pytest.mark.parametrize(
    ("hint_bytes", "every", "name"), [(0, 1, "hint_bytes"), (7, 1, "hint_bytes"), (6, 0, "hint_every")]
)
def test_settings_out_of_bounds_are_a_clear_error(hint_bytes: int, every: int, name: str) -> None:
    with pytest.raises(ValueError, match=name):
        FaceSettings(0, 5, hints=True, hint_bytes=hint_bytes, hint_every=every)
