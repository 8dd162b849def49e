"""Shapes from landmarks and the eyes' own pixels."""

from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from callcodec.call.shapes import create_shape_finder
from callcodec.face.crop import FaceCropper
from callcodec.face.shape import eye_openings
from callcodec.face.shape_finder import ShapeFinder
from callcodec.media.clip import open_clip
from callcodec.sample import sample_clip
from tests.face.drawn_shape import drawn_shape

GREY = np.full((256, 256, 3), 128, np.uint8)


@dataclass(frozen=True)
class Fixed:
    """A detector that always finds the same."""

    points: NDArray[np.float32]
    confidence: float

    def detect_with_confidence(self, rgb: NDArray[np.uint8]) -> "Fixed":
        assert rgb.shape == (256, 256, 3)
        return self


def test_landmarks_stay_and_irises_join_them() -> None:
    shape = ShapeFinder(Fixed(drawn_shape()[:68], 0.8)).find(GREY)
    assert shape is not None
    assert np.array_equal(shape[:68], drawn_shape()[:68])
    assert shape[68:] == pytest.approx(drawn_shape()[68:], abs=6)


@pytest.mark.parametrize(
    "found", [Fixed(drawn_shape()[:68], 0.1), Fixed(np.full((68, 2), np.nan, np.float32), 1.0)]
)
def test_what_is_not_surely_a_face_has_no_shape(found: Fixed) -> None:
    assert ShapeFinder(found).find(GREY) is None


def test_the_shipped_finder_sees_the_sample_face_and_none_in_a_grey_picture() -> None:
    frame = next(iter(open_clip(sample_clip()).frames()))
    finder = create_shape_finder()
    shape = finder.find(FaceCropper().crop(frame.rgb, 0).rgb)
    assert shape is not None
    assert 40 < shape[:, 0].min() < shape[:, 0].max() < 230
    assert shape[48:68, 1].mean() > shape[27:36, 1].mean() > shape[36:48, 1].mean()
    assert eye_openings(shape).min() > 0.1
    assert finder.find(GREY) is None
