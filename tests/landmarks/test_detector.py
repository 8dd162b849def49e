"""The landmark detector as others use it: which one is made, what it refuses, how right the shipped weights are."""

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from models.face_alignment_detector import WEIGHTS, FaceAlignmentDetector
from models.landmarks import (
    LandmarksUnavailableError,
    NetworkDetector,
    create_landmark_detector,
    load_landmark_network,
)
from tests.landmarks.faces import mean_shape, untrained

PICTURE = np.random.default_rng(0).integers(0, 255, (256, 256, 3), np.uint8)


class FakeFaceAlignment:
    """The package's class, of which the answers are known."""

    answer: Any = None

    def __init__(self, kind: int, device: str, flip_input: bool, compile: bool) -> None:
        assert (kind, device, flip_input, compile) == (1, "cpu", False, False)

    def get_landmarks_from_image(self, rgb: NDArray[np.uint8], return_landmark_score: bool) -> Any:
        assert rgb.shape == (256, 256, 3)
        assert return_landmark_score
        return self.answer


@pytest.fixture
def face_alignment_is_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> type[FakeFaceAlignment]:
    package = SimpleNamespace(
        FaceAlignment=FakeFaceAlignment, LandmarksType=SimpleNamespace(TWO_D=1), __spec__=object()
    )
    monkeypatch.setitem(sys.modules, "face_alignment", package)
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    (tmp_path / "checkpoints").mkdir()
    for name in WEIGHTS:
        (tmp_path / "checkpoints" / name).write_bytes(b"")
    return FakeFaceAlignment


def test_what_is_found_is_68_finite_points_whether_or_not_there_is_a_voice() -> None:
    detector = NetworkDetector(untrained())
    for mel in (None, np.zeros((80, 20), np.float32)):
        points = detector.detect(PICTURE, mel)
        assert points.shape == (68, 2)
        assert points.dtype == np.float32
        assert np.isfinite(points).all()


def test_one_picture_and_a_batch_give_the_same_points() -> None:
    network = untrained()
    alone = NetworkDetector(network).detect(PICTURE)
    tensor = torch.from_numpy(PICTURE).permute(2, 0, 1)[None].float() / 255
    with torch.no_grad():
        batched = network(tensor).points[0].numpy()
    assert np.allclose(alone, batched, atol=0.01)


def test_a_picture_or_voice_of_another_shape_is_refused() -> None:
    detector = NetworkDetector(untrained())
    with pytest.raises(ValueError, match=r"\(256, 256, 3\) uint8, not \(128, 128, 3\)"):
        detector.detect(PICTURE[::2, ::2])
    with pytest.raises(ValueError, match=r"\(80, 20\), not \(20, 80\)"):
        detector.detect(PICTURE, np.zeros((20, 80), np.float32))


def test_an_unknown_detector_is_refused_with_those_there_are() -> None:
    with pytest.raises(ValueError, match="auto, callcodec, face-alignment"):
        create_landmark_detector("dlib")


def test_without_the_package_face_alignment_says_so_and_auto_is_ours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(LandmarksUnavailableError, match="not installed"):
        create_landmark_detector("face-alignment")
    assert isinstance(create_landmark_detector("auto"), NetworkDetector)


def test_without_its_weights_face_alignment_names_them(
    face_alignment_is_there: type[FakeFaceAlignment], tmp_path: Path
) -> None:
    (tmp_path / "checkpoints" / WEIGHTS[1]).unlink()
    with pytest.raises(LandmarksUnavailableError, match=WEIGHTS[1]):
        create_landmark_detector("face-alignment")
    assert face_alignment_is_there.answer is None


def test_face_alignment_is_used_where_it_is_and_its_surest_face_is_taken(
    face_alignment_is_there: type[FakeFaceAlignment], monkeypatch: pytest.MonkeyPatch
) -> None:
    detector = create_landmark_detector("auto")
    assert isinstance(detector, FaceAlignmentDetector)
    faces = [mean_shape(), mean_shape() + 7]
    scores = [np.full(68, 0.4), np.full(68, 0.9)]
    monkeypatch.setattr(face_alignment_is_there, "answer", (faces, scores, None))
    found = detector.detect_with_confidence(PICTURE)
    assert np.allclose(found.points, faces[1])
    assert found.confidence == pytest.approx(0.9)
    monkeypatch.setattr(face_alignment_is_there, "answer", (None, None, None))
    assert np.isnan(detector.detect(PICTURE)).all()


def test_the_shipped_weights_are_small_and_say_what_they_are() -> None:
    network = load_landmark_network()
    assert sum(p.numel() for p in network.parameters()) <= 1_000_000
    assert 0 < network.mean_shape.min() < network.mean_shape.max() < 112


def test_confidence_tells_a_face_from_none() -> None:
    detector = create_landmark_detector("callcodec")
    assert detector.detect_with_confidence(PICTURE).confidence < 0.2
    blank = np.full((256, 256, 3), 120, np.uint8)
    assert detector.detect_with_confidence(blank).confidence < 0.3
