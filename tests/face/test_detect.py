"""What the detectors promise."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from callcodec.face.crop import FaceCropper
from callcodec.face.detect import CascadeDetector, YunetDetector, create_detector, yunet_weights_path
from callcodec.media.clip import open_clip
from callcodec.sample import sample_clip


@pytest.fixture(scope="module")
def portrait() -> NDArray[np.uint8]:
    """The sample's first picture, (384, 512, 3), with its face at (270, 180)."""
    return next(open_clip(sample_clip()).frames()).rgb


@pytest.mark.parametrize("scale", [0.5, 1.0, 3.0])
def test_a_face_is_found_at_any_size_of_the_picture(portrait: NDArray[np.uint8], scale: float) -> None:
    rgb = np.asarray(cv2.resize(portrait, None, fx=scale, fy=scale), np.uint8)
    faces = CascadeDetector().detect(rgb)
    assert len(faces) == 1
    assert faces[0].centre_x / scale == pytest.approx(270, abs=25)
    assert faces[0].centre_y / scale == pytest.approx(180, abs=25)
    assert 100 < faces[0].size / scale < 220


def test_a_face_is_found_again_near_its_place(portrait: NDArray[np.uint8]) -> None:
    detector = CascadeDetector()
    first = detector.detect(portrait)[0]
    again = detector.detect(np.roll(portrait, 15, axis=1), first)[0]
    assert again.centre_x - first.centre_x == pytest.approx(15, abs=8)


@pytest.mark.parametrize("degrees", [-28, 28])
def test_a_tilted_face_is_found(portrait: NDArray[np.uint8], degrees: float) -> None:
    turn = cv2.getRotationMatrix2D((270, 180), degrees, 0.8)
    tilted = np.asarray(cv2.warpAffine(portrait, turn, (512, 384), borderMode=cv2.BORDER_REPLICATE), np.uint8)
    faces = CascadeDetector().detect(tilted)
    assert any(abs(face.centre_x - 270) < 40 and abs(face.centre_y - 180) < 40 for face in faces)


def test_two_faces_are_both_found(portrait: NDArray[np.uint8]) -> None:
    assert len(CascadeDetector().detect(np.hstack([portrait, portrait]))) == 2


def test_a_picture_without_a_face_gives_none() -> None:
    slope = np.linspace(0, 255, 320, dtype=np.uint8)[None, :, None].repeat(240, 0).repeat(3, 2)
    assert CascadeDetector().detect(slope) == []


def test_a_tiny_picture_gives_none() -> None:
    assert CascadeDetector().detect(np.zeros((2, 3, 3), np.uint8)) == []


def test_an_unknown_detector_is_named_with_the_choice() -> None:
    with pytest.raises(ValueError, match="no face detector 'sfd'; choose one of auto, cascade, yunet"):
        create_detector("sfd")


def test_auto_takes_the_cascade_where_yunet_has_no_weights(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    assert create_detector().name == "cascade"


def test_yunet_without_weights_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="face-alignment fetches it"):
        create_detector("yunet")


def test_broken_weights_of_yunet_are_a_clear_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    yunet_weights_path().parent.mkdir(parents=True)
    yunet_weights_path().write_bytes(b"no network")
    with pytest.raises(ValueError, match="delete it"):
        YunetDetector()


@pytest.mark.slow
def test_recorded_face_crops_are_taken_whole(clips: Path) -> None:
    changed = []
    for path in sorted((clips / "val").glob("*.mp4")):
        cropper = FaceCropper()
        for frame in open_clip(path).frames():
            crop = cropper.crop(frame.rgb, frame.number)
            if crop.jumped or not np.array_equal(crop.rgb, frame.rgb):
                changed.append((path.name, frame.number))
    assert changed == []
