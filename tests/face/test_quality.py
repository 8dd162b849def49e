"""Which of two pictures makes the better portrait."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from callcodec.face.crop import FaceCropper
from callcodec.face.quality import identity_score
from callcodec.media.clip import open_clip
from callcodec.sample import sample_clip

SHUT_EYES = 8
"""A picture of the sample in which the eyes are shut; they are open five pictures later and earlier."""


@pytest.fixture(scope="module")
def crops() -> list[NDArray[np.uint8]]:
    cropper = FaceCropper()
    frames = open_clip(sample_clip()).frames()
    return [cropper.crop(frame.rgb, frame.number).rgb for frame, _ in zip(frames, range(25), strict=False)]


@pytest.fixture(scope="module")
def portrait(crops: list[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    return crops[0]


def test_a_score_lies_between_nought_and_one(portrait: NDArray[np.uint8]) -> None:
    assert 0.4 < identity_score(portrait) <= 1.0


def test_open_eyes_beat_shut_ones(crops: list[NDArray[np.uint8]]) -> None:
    assert identity_score(crops[0]) > identity_score(crops[SHUT_EYES])
    assert identity_score(crops[16]) > identity_score(crops[SHUT_EYES])


def test_sharp_beats_blurred(portrait: NDArray[np.uint8]) -> None:
    blurred = np.asarray(cv2.GaussianBlur(portrait, (0, 0), 2.5), np.uint8)
    assert identity_score(portrait) > identity_score(blurred) + 0.05


def test_even_light_beats_darkness(portrait: NDArray[np.uint8]) -> None:
    assert identity_score(portrait) > identity_score(portrait // 4)


def test_a_face_beats_none(portrait: NDArray[np.uint8]) -> None:
    noise = np.random.default_rng(5).integers(0, 256, (256, 256, 3), np.uint8)
    assert identity_score(portrait) > identity_score(noise)


@pytest.mark.parametrize("shade", [0, 128, 255])
def test_a_plain_picture_has_a_score_too(shade: int) -> None:
    assert 0.0 <= identity_score(np.full((256, 256, 3), shade, np.uint8)) < 0.3
