"""The lip/voice pair network: windows, crops, and what it must not be disturbed by."""

import cv2
import numpy as np
import pytest
import torch
from torch import Tensor

from models.sync_network import (
    LIP_CROP,
    LIP_WINDOW,
    SyncDimensions,
    SyncNetwork,
    crop_lips,
    lip_geometry,
    upright,
)
from tests.faces import frontal_shape


@pytest.fixture(scope="module")
def network() -> SyncNetwork:
    torch.manual_seed(0)
    return SyncNetwork(SyncDimensions()).requires_grad_(False).eval()


def face() -> Tensor:
    return torch.from_numpy(frontal_shape()[:68])


def picture_of(landmarks: Tensor) -> Tensor:
    """(3, 256, 256): a drawn mouth and chin at these points, smooth, on a sloping background."""
    canvas = np.tile(np.linspace(60, 120, 256, dtype=np.float32)[:, None], (1, 256))
    points = landmarks.numpy()
    for first, last, light in ((48, 60, 200), (60, 68, 20)):
        cv2.fillPoly(canvas, [np.round(points[first:last] * 16).astype(np.int32)], light, cv2.LINE_AA, 4)
    return torch.from_numpy(cv2.GaussianBlur(canvas, (0, 0), 2) / 255).expand(3, -1, -1)


def moved(landmarks: Tensor, degrees: float, size: float, shift: tuple[float, float]) -> Tensor:
    a = np.deg2rad(degrees)
    turn = torch.tensor([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]], dtype=torch.float32) * size
    return (landmarks - 128) @ turn.T + 128 + torch.tensor(shift)


def test_it_stays_within_its_size(network: SyncNetwork) -> None:
    assert sum(p.numel() for p in network.parameters()) <= 600_000


def test_a_cosine_lies_between_minus_one_and_one(network: SyncNetwork) -> None:
    cosine = network(torch.rand(2, 12, LIP_CROP, LIP_CROP), torch.randn(2, 80, 4 * 8 + 16))
    assert cosine.shape == (2, 8)
    assert cosine.abs().max() <= 1 + 1e-5


def test_a_long_clip_has_the_embeddings_of_its_windows(network: SyncNetwork) -> None:
    lips, mel = torch.rand(1, 9, LIP_CROP, LIP_CROP), torch.randn(1, 80, 4 * 5 + 16)
    together = network(lips, mel)[0]
    for t in range(5):
        alone = network(lips[:, t : t + LIP_WINDOW], mel[:, :, 4 * t : 4 * t + 20])
        assert torch.allclose(alone[0, 0], together[t], atol=1e-5)


def test_brightness_and_contrast_of_a_picture_say_nothing(network: SyncNetwork) -> None:
    lips = torch.rand(1, LIP_WINDOW, LIP_CROP, LIP_CROP)
    code = network.lip_encoder
    assert torch.allclose(code(lips).embedding, code(0.5 * lips + 0.3).embedding, atol=0.05)


def test_the_crop_of_a_face_is_the_same_wherever_and_however_large_it_is() -> None:
    still = face()
    pairs = [still, moved(still, 12, 0.9, (9, -6)), moved(still, -20, 0.8, (-11, 4))]
    crops = torch.stack([crop_lips(picture_of(p)[None, None], p[None, None])[0, 0] for p in pairs])
    mouth = crops[:, 8:32, 8:40]  # the drawn mouth; what lies around it is the background, which did not move
    assert mouth[0].std() > 0.1
    for other in mouth[1:]:
        assert np.corrcoef(mouth[0].flatten(), other.flatten())[0, 1] > 0.97


def test_the_crop_holds_the_mouth_and_the_chin() -> None:
    affine = upright(face())
    inverse = torch.linalg.inv(affine[:, :2])
    places = (face() - affine[:, 2]) @ inverse.T
    crop_of = places / 1.2 + torch.tensor([0.5, 0.4])
    assert ((crop_of[48:68] > 0.1) & (crop_of[48:68] < 0.9)).all()
    assert 0.6 < crop_of[8, 1] < 1.1


def test_the_shape_of_lips_does_not_depend_on_where_the_face_is() -> None:
    expected = lip_geometry(face())
    assert torch.allclose(lip_geometry(moved(face(), 25, 1.3, (20, -8))), expected, atol=1e-4)


def test_a_jaw_that_drops_opens_the_mouth_and_leaves_its_width() -> None:
    dropped = face()
    dropped[[65, 66, 67, 56, 57, 58], 1] += 8
    change = lip_geometry(dropped) - lip_geometry(face())
    assert change[0] > 0.1
    assert change[1] > 0.1
    assert abs(change[2]) < 1e-4
