"""The landmark network: where it cuts, how it reads its maps, what it hears."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from models.landmark_network import (
    CROP,
    LandmarkDimensions,
    LandmarkNetwork,
    apply,
    cut,
    fuse_normalisation,
    soft_argmax,
    upright,
)
from tests.landmarks.faces import mean_shape, untrained

MEAN = torch.from_numpy(mean_shape())


@settings(max_examples=30, deadline=None)
@given(st.floats(-math.pi, math.pi), st.floats(0.2, 5), st.floats(-200, 200), st.floats(-200, 200))
def test_a_turned_shifted_and_zoomed_mean_face_is_laid_onto_exactly(
    angle: float, size: float, x: float, y: float
) -> None:
    turn = size * torch.tensor([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    points = (MEAN @ turn.T + torch.tensor((x, y)))[None]
    assert torch.allclose(apply(upright(points, MEAN), MEAN[None]), points, atol=2e-3 * (1 + size))


def test_a_cut_that_moves_nothing_is_the_picture_itself() -> None:
    picture = torch.rand(1, 3, 256, 256)
    here = torch.tensor([[[1.0, 0, 30], [0, 1, 50]]])
    assert torch.allclose(cut(picture, here), picture[:, :, 50 : 50 + CROP, 30 : 30 + CROP], atol=1e-4)


def test_a_map_with_one_peak_gives_the_middle_of_its_cell() -> None:
    maps = torch.full((1, 68, 28, 28), -50.0)
    maps[:, :, 5, 9] = 50.0
    x, y = soft_argmax(maps)[0, 0].tolist()
    assert (x, y) == pytest.approx((9 * 4 + 1.5, 5 * 4 + 1.5))


def test_it_has_at_most_a_million_parameters() -> None:
    network = LandmarkNetwork(LandmarkDimensions())
    assert sum(p.numel() for p in network.parameters()) <= 1_000_000


def test_taking_in_the_normalisation_changes_nothing_that_is_found() -> None:
    picture, mel = torch.rand(2, 3, 256, 256), torch.rand(2, 80, 20)
    network = untrained()
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.uniform_(-0.2, 0.2)  # type: ignore[union-attr]
            module.running_var.uniform_(0.5, 2)  # type: ignore[union-attr]
    with torch.no_grad():
        before = network(picture, mel)
        after = fuse_normalisation(network)(picture, mel)
    assert not any(isinstance(m, torch.nn.BatchNorm2d) for m in network.modules())
    assert torch.allclose(before.points, after.points, atol=1e-3)


def test_another_voice_moves_points_and_one_that_is_not_to_be_used_is_as_none() -> None:
    picture, mel = torch.rand(1, 3, 256, 256), torch.rand(1, 80, 20)
    network = untrained()
    with torch.no_grad():
        silent = network(picture).points
        heard = network(picture, mel).points
        shuffled = network(picture, mel.flip(2)).points
        unused = network(picture, mel, torch.zeros(1)).points
    assert not torch.allclose(heard, silent)
    assert not torch.allclose(heard, shuffled)
    assert torch.allclose(unused, silent, atol=1e-5)


def test_each_picture_of_a_batch_is_found_as_if_alone() -> None:
    pictures = torch.rand(3, 3, 256, 256)
    network = untrained()
    with torch.no_grad():
        together = network(pictures)
        alone = [network(picture[None]) for picture in pictures]
    assert torch.allclose(together.points, torch.cat([one.points for one in alone]), atol=1e-3)
    assert torch.all((together.confidence > 0) & (together.confidence < 1))
