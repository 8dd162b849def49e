"""Training pictures of landmarks: the points stay on what they mark, whatever is done to the picture."""

import cv2
import numpy as np
import pytest
import torch

from callcodec.media.compression import through_h264
from models.landmark_network import CROP
from models.training.landmark_data import LandmarkSample
from models.training.landmark_geometry import eye_openings, mouth_openings, similarity
from models.training.landmark_loss import landmark_loss, wing
from models.training.spoiling import bend, hide, scramble, spoil
from tests.landmarks.faces import mean_shape, untrained


def picture(seed: int = 0) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    small = np.random.default_rng(seed).integers(0, 255, (12, 12, 3), np.uint8)
    return np.asarray(cv2.resize(small, (256, 256), interpolation=cv2.INTER_CUBIC), np.uint8)


def test_bending_takes_the_points_along() -> None:
    for seed in range(5):
        dots = np.zeros((256, 256, 3), np.uint8)
        points = np.array([(60, 70), (128, 128), (200, 90)], np.float32)
        for x, y in points.astype(int):
            cv2.circle(dots, (int(x), int(y)), 3, (255, 255, 255), -1)
        bent, moved = bend(dots, points, np.random.default_rng(seed))
        for x, y in moved:
            near = bent[int(y) - 8 : int(y) + 9, int(x) - 8 : int(x) + 9, 0].astype(float)
            rows, columns = np.mgrid[-8:9, -8:9]
            centre = (near * columns).sum() / near.sum() + int(x), (near * rows).sum() / near.sum() + int(y)
            assert np.hypot(centre[0] - x, centre[1] - y) < 1.0


def test_a_spoiled_picture_is_a_picture_and_the_same_for_the_same_dice() -> None:
    for seed in range(12):
        once = spoil(picture(), np.random.default_rng(seed))
        assert once.shape == (256, 256, 3)
        assert once.dtype == np.uint8
        assert np.array_equal(once, spoil(picture(), np.random.default_rng(seed)))
        assert not np.array_equal(once, picture())


def test_something_before_the_face_hides_a_part_of_it_only() -> None:
    changed = (hide(picture(), np.random.default_rng(1)) != picture()).any(-1).mean()
    assert 0 < changed < 0.1


def test_a_scrambled_picture_is_no_longer_the_same_picture() -> None:
    scrambled = scramble(picture(), np.random.default_rng(3))
    assert scrambled.shape == (256, 256, 3)
    assert np.abs(scrambled.astype(int) - picture()).mean() > 10


def test_h264_at_a_calls_rate_keeps_the_number_of_pictures_and_loses_detail() -> None:
    sharp = [np.random.default_rng(i // 5).integers(0, 255, (64, 64, 3), np.uint8) for i in range(10)]
    seen = list(through_h264(sharp, 20))
    assert len(seen) == len(sharp)
    assert all(frame.shape == (64, 64, 3) for frame in seen)
    assert np.abs(seen[-1].astype(int) - sharp[-1]).mean() > 5


def test_a_rate_or_a_size_that_h264_cannot_have_is_refused() -> None:
    with pytest.raises(ValueError, match="positive"):
        list(through_h264([picture()], 0))
    with pytest.raises(ValueError, match="even"):
        list(through_h264([picture()[:255]], 60))


def test_similarity_finds_the_turn_that_was_made() -> None:
    turn = np.array([[0.8, -0.6], [0.6, 0.8]]) * 1.7
    affine = similarity(mean_shape(), mean_shape() @ turn.T + (5, -3))
    assert np.allclose(affine, np.column_stack((turn, (5, -3))), atol=1e-4)


def test_openings_grow_with_lips_and_lids() -> None:
    face = np.zeros((68, 2), np.float32)
    face[[48, 54], 0] = 0, 40
    face[[36, 39, 42, 45], 0] = 0, 20, 50, 70
    assert mouth_openings(face) == 0
    assert eye_openings(face) == 0
    face[[67, 66, 65], 1] = 10
    face[[40, 41, 46, 47], 1] = 5
    assert mouth_openings(face) == pytest.approx(0.25)
    assert eye_openings(face) >= 0.25


def test_the_wing_loss_is_continuous_and_steepest_near_nothing() -> None:
    x = torch.linspace(-20, 20, 4001)
    loss = wing(x)
    assert loss.diff().abs().max() < 0.1
    assert wing(torch.tensor(0.0)) == 0
    assert wing(torch.tensor(0.2)) > 3 * (wing(torch.tensor(6.2)) - wing(torch.tensor(6.0)))


def test_pictures_without_a_face_teach_the_confidence_alone() -> None:
    points = torch.from_numpy(mean_shape())[None].repeat(2, 1, 1)
    batch = LandmarkSample(
        small=torch.randint(0, 255, (2, 3, 64, 64), dtype=torch.uint8),
        crop=torch.randint(0, 255, (2, 3, CROP, CROP), dtype=torch.uint8),
        points=points,
        points_in_crop=points,
        face=torch.tensor([0.0, 0.0]),
        mel=torch.zeros(2, 80, 20),
        heard=torch.zeros(2),
    )
    terms = {name: term.item() for name, term in landmark_loss(untrained(), batch).items()}
    assert all(terms[name] == 0 for name in ("points", "seen", "openings", "rough"))
    assert terms["confidence"] > 0
    with_face = landmark_loss(untrained(), batch._replace(face=torch.tensor([1.0, 0.0])))
    assert with_face["points"].item() > 0
