"""What the face crop promises, with a detector that finds what it is told."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from callcodec.face.crop import DETECTION_INTERVAL, Crop, FaceCropper
from callcodec.face.detect import Face

WIDE = np.random.default_rng(3).integers(0, 256, (360, 640, 3), np.uint8)
SQUARE = WIDE[:256, :256]


class ToldDetector:
    """Finds the faces that it is told, and counts how often it is asked."""

    name = "told"

    def __init__(self, *faces: Face) -> None:
        self.faces: Sequence[Face] = faces
        self.calls = 0

    def detect(self, rgb: NDArray[np.uint8], near: Face | None = None) -> list[Face]:  # noqa: ARG002
        self.calls += 1
        return list(self.faces)


def centred(x: float, y: float, size: float, frontal: bool = True) -> Face:
    return Face(x - size / 2, y - size / 2, size, frontal)


def run(cropper: FaceCropper, count: int, start: int = 0, rgb: NDArray[np.uint8] = WIDE) -> list[Crop]:
    return [cropper.crop(rgb, number) for number in range(start, start + count)]


def test_the_box_surrounds_the_face_from_the_first_picture() -> None:
    crop = run(FaceCropper(ToldDetector(centred(300, 180, 100))), 1)[0]
    assert crop.rgb.shape == (256, 256, 3)
    assert crop.face_found
    assert not crop.jumped
    assert crop.box.side == 180
    assert crop.box.x + crop.box.side / 2 == pytest.approx(300, abs=1)


def test_a_picture_is_searched_five_times_a_second_at_most() -> None:
    detector = ToldDetector(centred(300, 180, 100))
    run(FaceCropper(detector), 25)
    assert detector.calls == 25 // DETECTION_INTERVAL


def test_a_box_at_the_edge_stays_inside_the_picture() -> None:
    box = run(FaceCropper(ToldDetector(centred(40, 40, 120))), 1)[0].box
    assert (box.x, box.y) == (0, 0)


def test_a_face_too_close_for_its_box_gets_the_whole_height() -> None:
    assert run(FaceCropper(ToldDetector(centred(300, 180, 300))), 1)[0].box.side == 360


def test_small_movements_leave_the_box_alone() -> None:
    detector = ToldDetector(centred(300, 180, 100))
    cropper = FaceCropper(detector)
    first = run(cropper, 5)[0].box
    for start, (x, y, size) in enumerate([(312, 176, 104), (290, 190, 96), (300, 170, 108)], 1):
        detector.faces = [centred(x, y, size)]
        assert {crop.box for crop in run(cropper, 5, start * 5)} == {first}


def test_the_box_follows_a_face_that_drifts_slowly_and_without_a_jump() -> None:
    detector = ToldDetector(centred(300, 180, 100))
    cropper = FaceCropper(detector)
    run(cropper, 5)
    detector.faces = [centred(335, 180, 100)]
    crops = run(cropper, 75, 5)
    steps = np.diff([crop.box.x for crop in crops])
    assert crops[-1].box.x + crops[-1].box.side / 2 == pytest.approx(335, abs=6)
    assert np.abs(steps).max() <= 2
    assert not any(crop.jumped for crop in crops)


def test_the_box_jumps_when_the_face_left_it_and_says_so_once() -> None:
    detector = ToldDetector(centred(150, 180, 100))
    cropper = FaceCropper(detector)
    run(cropper, 5)
    detector.faces = [centred(500, 180, 100)]
    crops = run(cropper, 20, 5)
    assert [crop.jumped for crop in crops].count(True) == 1
    assert crops[-1].box.x + crops[-1].box.side / 2 == pytest.approx(500, abs=1)


def test_a_face_seen_elsewhere_only_once_is_not_believed() -> None:
    detector = ToldDetector(centred(150, 180, 100))
    cropper = FaceCropper(detector)
    first = run(cropper, 5)[0].box
    detector.faces = [centred(500, 180, 100)]
    run(cropper, 5, 5)
    detector.faces = [centred(150, 180, 100)]
    crops = run(cropper, 25, 10)
    assert {crop.box for crop in crops} == {first}
    assert not any(crop.jumped for crop in crops)


def test_without_a_face_the_middle_is_taken_and_told() -> None:
    crop = run(FaceCropper(ToldDetector()), 10)[-1]
    assert (crop.box.x, crop.box.y, crop.box.side) == (140, 0, 360)
    assert not crop.face_found


def test_a_face_that_comes_later_moves_the_box_with_a_jump() -> None:
    detector = ToldDetector()
    cropper = FaceCropper(detector)
    run(cropper, 10)
    detector.faces = [centred(500, 180, 100)]
    crops = run(cropper, 15, 10)
    assert [crop.jumped for crop in crops].count(True) == 1
    assert crops[-1].face_found


def test_a_face_that_is_hidden_for_a_moment_keeps_its_box() -> None:
    detector = ToldDetector(centred(300, 180, 100))
    cropper = FaceCropper(detector)
    first = run(cropper, 5)[0].box
    detector.faces = []
    crops = run(cropper, 100, 5)
    assert {crop.box for crop in crops} == {first}
    assert crops[20].face_found
    assert not crops[-1].face_found


def test_of_two_faces_the_larger_is_taken_and_kept() -> None:
    left, right = centred(150, 180, 80), centred(450, 180, 110)
    detector = ToldDetector(left, right)
    cropper = FaceCropper(detector)
    first = run(cropper, 5)[0].box
    assert first.x + first.side / 2 == pytest.approx(450, abs=1)
    detector.faces = [centred(150, 180, 140), right]
    crops = run(cropper, 50, 5)
    assert {crop.box for crop in crops} == {first}


def test_of_two_equal_faces_the_central_one_is_taken() -> None:
    box = run(FaceCropper(ToldDetector(centred(60, 60, 100), centred(330, 180, 100))), 1)[0].box
    assert box.x + box.side / 2 == pytest.approx(330, abs=1)


def test_a_face_crop_is_taken_whole_and_untouched() -> None:
    crop = run(FaceCropper(ToldDetector(centred(120, 125, 150))), 1, rgb=SQUARE)[0]
    assert np.array_equal(crop.rgb, SQUARE)


def test_a_face_crop_stays_whole_while_the_face_moves() -> None:
    detector = ToldDetector(centred(128, 125, 150))
    cropper = FaceCropper(detector)
    run(cropper, 5, rgb=SQUARE)
    for start, (x, size) in enumerate([(90, 130), (160, 110), (60, 150), (128, 90)], 1):
        detector.faces = [centred(x, 125, size)]
        assert all(np.array_equal(crop.rgb, SQUARE) for crop in run(cropper, 10, start * 10, SQUARE))


def test_a_small_face_in_a_square_picture_is_cut_out() -> None:
    assert run(FaceCropper(ToldDetector(centred(128, 100, 60))), 1, rgb=SQUARE)[0].box.side == 108


def test_a_picture_of_another_size_starts_afresh_with_a_jump() -> None:
    cropper = FaceCropper(ToldDetector(centred(128, 125, 150)))
    run(cropper, 3)
    crop = cropper.crop(SQUARE, 3)
    assert crop.jumped
    assert np.array_equal(crop.rgb, SQUARE)


@given(
    st.integers(2, 300),
    st.integers(2, 300),
    st.lists(
        st.tuples(st.floats(-50, 350), st.floats(-50, 350), st.floats(1, 400), st.booleans()), max_size=8
    ),
)
def test_any_faces_give_a_box_inside_the_picture(
    width: int, height: int, faces: list[tuple[float, float, float, bool]]
) -> None:
    detector = ToldDetector()
    cropper = FaceCropper(detector)
    rgb = np.zeros((height, width, 3), np.uint8)
    for number, (x, y, size, frontal) in enumerate([(0.0, 0.0, 9.0, True), *faces]):
        detector.faces = [centred(x, y, size, frontal)]
        box = cropper.crop(rgb, number * DETECTION_INTERVAL).box
        assert 0 <= box.x <= box.x + box.side <= width
        assert 0 <= box.y <= box.y + box.side <= height
        assert box.side >= 1
