"""The losses of FOMM and of the upsampler."""

import logging
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from torch import Tensor

from models.checkpoint import WeightsError
from models.training.fomm_losses import (
    equivariance_loss,
    perceptual_loss,
    region_boxes,
    region_loss,
)
from models.training.perceptual import CACHED_FILE, OwnFeatures, Vgg19, load_vgg19, perceptual_features
from models.training.thin_plate import ThinPlate
from models.warping import KeyPoints, identity_grid

CPU = torch.device("cpu")


def vgg19_weights() -> dict[str, Tensor]:
    """As torchvision's state dict: the names that are needed, and more."""
    torch.manual_seed(0)
    with torch.device("meta"):
        shapes = {name: value.shape for name, value in Vgg19().state_dict().items()}
    weights = {name: torch.full(shape, 1e-3, dtype=torch.half) for name, shape in shapes.items()}
    return weights | {"features.30.weight": torch.zeros(1), "classifier.0.weight": torch.zeros(1)}


@pytest.fixture(scope="module")
def weights_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hub") / "checkpoints"
    folder.mkdir()
    torch.save(vgg19_weights(), folder / CACHED_FILE, _use_new_zipfile_serialization=False)
    return folder / CACHED_FILE


def test_vgg19_has_the_names_and_shapes_of_torchvision() -> None:
    with torch.device("meta"):
        shapes = {name: tuple(value.shape) for name, value in Vgg19().state_dict().items()}
    assert shapes["features.0.weight"] == (64, 3, 3, 3)
    assert shapes["features.19.weight"] == (512, 256, 3, 3)
    assert shapes["features.28.bias"] == (512,)
    assert len(shapes) == 2 * 13


def test_vgg19_sees_at_five_depths() -> None:
    with torch.device("meta"):
        seen = Vgg19()(torch.empty(1, 3, 64, 64))
    assert [tuple(map_.shape[1:]) for map_ in seen] == [
        (64, 64, 64), (128, 32, 32), (256, 16, 16), (512, 8, 8), (512, 4, 4),
    ]  # fmt: skip


def test_weights_in_the_cache_of_torchvision_are_used(
    weights_file: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(weights_file.parent.parent))
    with caplog.at_level(logging.INFO):
        features = perceptual_features()
    assert isinstance(features, Vgg19)
    assert next(features.parameters()).eq(torch.tensor(1e-3).half().float()).all()
    assert not any(p.requires_grad for p in features.parameters())
    assert "VGG-19 from" in caplog.text


def test_without_vgg19_our_own_features_are_used_and_the_log_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    features = perceptual_features()
    assert isinstance(features, OwnFeatures)
    assert "features of our own networks" in caplog.text
    assert str(tmp_path) in caplog.text


def test_a_named_file_that_cannot_be_used_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="no weights of VGG-19 at"):
        perceptual_features(tmp_path / "none.pth")
    (tmp_path / "damaged.pth").write_bytes(b"not weights at all")
    with pytest.raises(WeightsError, match="not a file of weights"):
        load_vgg19(tmp_path / "damaged.pth")
    torch.save({"features.0.weight": torch.zeros(64, 3, 3, 3)}, tmp_path / "other.pth")
    with pytest.raises(WeightsError, match="does not hold VGG-19"):
        load_vgg19(tmp_path / "other.pth")


def test_the_perceptual_loss_vanishes_for_the_truth_and_grows_with_blur() -> None:
    torch.manual_seed(0)
    picture = torch.rand(1, 3, 64, 64)
    features = OwnFeatures().requires_grad_(False)
    slightly, strongly = (
        torch.nn.functional.avg_pool2d(picture, size, stride=1, padding=size // 2) for size in (3, 9)
    )
    assert perceptual_loss(features, picture, picture) == 0
    assert 0 < perceptual_loss(features, slightly, picture) < perceptual_loss(features, strongly, picture)


def test_the_perceptual_loss_looks_at_four_sizes() -> None:
    sizes = []

    class Looking(OwnFeatures):
        def forward(self, picture: Tensor) -> list[Tensor]:
            sizes.append(picture.shape[-1])
            return [picture]

    perceptual_loss(Looking(), torch.rand(1, 3, 64, 64), torch.rand(1, 3, 64, 64))
    assert sorted(set(sizes)) == [8, 16, 32, 64]


def some_points(batch: int = 2) -> Tensor:
    return torch.rand(batch, 10, 2, generator=torch.Generator().manual_seed(3)) * 1.6 - 0.8


def test_a_deformation_s_jacobian_is_its_derivative() -> None:
    torch.manual_seed(0)
    deformation = ThinPlate.random(2, CPU)
    points = some_points().double()
    precise = ThinPlate(
        deformation.affine.double(), deformation.control.double(), deformation.weights.double()
    )
    step = 1e-6
    for axis in range(2):
        moved = points.clone()
        moved[..., axis] += step
        slope = (precise.points(moved) - precise.points(points)) / step
        assert torch.allclose(precise.jacobian(points)[..., axis], slope, atol=1e-4)


def test_no_deformation_leaves_points_and_pictures_where_they_are() -> None:
    still = ThinPlate(torch.eye(2, 3)[None], torch.zeros(1, 2), torch.zeros(1, 1))
    picture = torch.rand(1, 3, 32, 32)
    assert torch.allclose(still.points(some_points(1)), some_points(1))
    assert torch.allclose(still.picture(picture), picture, atol=1e-4)


def brightest(picture: Tensor) -> Tensor:
    """(B, 1, 2): centre of mass of a single bright spot."""
    mass = picture.mean(1).flatten(1)
    grid = identity_grid(picture.shape[-1], mass).reshape(-1, 2)
    return (mass @ grid / mass.sum(1, keepdim=True))[:, None]


def spot(size: int = 64) -> Tensor:
    grid = identity_grid(size, torch.zeros(1))
    return torch.exp(-((grid - torch.tensor([0.2, -0.1])) ** 2).sum(-1) / 0.01).expand(1, 3, -1, -1)


def test_key_points_that_move_with_the_picture_cost_nothing_and_others_do() -> None:
    torch.manual_seed(0)
    deformation = ThinPlate.random(1, CPU)

    def follows(picture: Tensor) -> KeyPoints:
        position = brightest(picture)
        # What an ideal detector says of the affine frame: it turns with the picture.
        inverse = torch.linalg.inv(deformation.jacobian(position))
        return KeyPoints(position, inverse if picture is not original else torch.eye(2).expand(1, 1, 2, 2))

    def stays(picture: Tensor) -> KeyPoints:
        return KeyPoints(brightest(original), torch.eye(2).expand(len(picture), 1, 2, 2))

    original = spot()
    ideal = equivariance_loss(follows, original, follows(original), deformation)
    stubborn = equivariance_loss(stays, original, stays(original), deformation)
    assert ideal[0] < 0.2 * stubborn[0]
    assert ideal[1] < 0.2 * stubborn[1]


def face() -> Tensor:
    """(1, 68, 2) landmarks whose regions lie apart."""
    points = torch.zeros(1, 68, 2)
    for part, x, y in ((slice(48, 68), 128, 190), (slice(27, 36), 128, 140), (slice(36, 48), 128, 100),
                       (slice(17, 27), 128, 70)):  # fmt: skip
        count = part.stop - part.start
        points[0, part, 0] = x + torch.linspace(-30, 30, count)
        points[0, part, 1] = y + torch.linspace(-8, 8, count)
    return points


@pytest.mark.parametrize("row", [190, 140, 100, 70])
def test_each_of_the_four_regions_counts(row: int) -> None:
    target = torch.zeros(1, 3, 256, 256)
    wrong = target.clone()
    wrong[..., row - 3 : row + 3, 120:136] = 1.0
    assert region_loss(wrong, target, region_boxes(face())) > 0


def test_what_lies_outside_the_regions_does_not_count() -> None:
    target = torch.zeros(1, 3, 256, 256)
    wrong = target.clone()
    wrong[..., :40, :] = 1.0
    assert region_loss(wrong, target, region_boxes(face())) == 0


def test_the_region_loss_sums_mean_squared_errors_of_known_faces() -> None:
    boxes = region_boxes(torch.cat((face(), torch.full((1, 68, 2), float("nan")))))
    target = torch.zeros(2, 3, 256, 256)
    assert not boxes[1].any()
    assert float(region_loss(target + 0.5, target, boxes)) == pytest.approx(4 * 0.25)
    assert region_loss(target + 0.5, target, torch.zeros(2, 4, 4)) == 0


def test_every_loss_has_a_gradient() -> None:
    features = OwnFeatures().requires_grad_(False)
    y = torch.rand(1, 3, 256, 256, requires_grad=True)
    terms: Sequence[Tensor] = (
        perceptual_loss(features, y, torch.rand(1, 3, 256, 256)),
        region_loss(y, torch.rand(1, 3, 256, 256), region_boxes(face())),
    )
    for term in terms:
        (gradient,) = torch.autograd.grad(term, y)
        assert gradient.any()
