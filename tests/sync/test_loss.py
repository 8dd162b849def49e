"""Lip sync as a loss: it teaches the picture, never itself."""

import pytest
import torch
from torch import Tensor

from models.sync import SyncLoss, crop_lips
from models.sync_network import SyncDimensions, SyncNetwork
from tests.sync.test_network import face

SMALL = SyncDimensions(lips=(8, 8, 8, 8), lip_features=16, voice=(8, 8, 8, 8), hidden=16, embedding=16)


@pytest.fixture
def loss() -> SyncLoss:
    torch.manual_seed(0)
    return SyncLoss(SyncNetwork(SMALL))


def pictures(n: int = 2) -> Tensor:
    return torch.rand(n, 5, 3, 256, 256, generator=torch.Generator().manual_seed(0))


def landmarks(n: int = 2) -> Tensor:
    return face().expand(n, 5, 68, 2).clone()


MEL = torch.zeros(2, 80, 20)


def test_it_teaches_the_lips_and_nothing_else_of_the_picture(loss: SyncLoss) -> None:
    shown = pictures().requires_grad_()
    loss(shown, MEL, landmarks()).backward()
    assert shown.grad is not None
    changed = shown.grad.abs().sum((0, 1, 2))
    assert changed[150:190, 110:146].min() > 0
    assert changed[:110].max() == 0
    assert changed[:, :80].max() == 0


def test_it_never_learns_itself(loss: SyncLoss) -> None:
    loss.train()
    shown = pictures().requires_grad_()
    loss(shown, MEL, landmarks()).backward()
    assert all(p.grad is None for p in loss.parameters())
    assert not any(module.training for module in loss.modules())
    assert loss(shown, MEL, landmarks()) == loss(shown, MEL, landmarks())


def test_following_it_makes_lips_fit_their_voice_better(loss: SyncLoss) -> None:
    shown = pictures().requires_grad_()
    before = loss(shown, MEL, landmarks())
    before.backward()
    assert shown.grad is not None
    step = shown.detach() - 0.5 * shown.grad / shown.grad.abs().max()
    assert loss(step, MEL, landmarks()) < before


def test_a_face_that_was_not_found_does_not_count(loss: SyncLoss) -> None:
    some = landmarks()
    some[1, 2, 50] = float("nan")
    assert torch.allclose(loss(pictures(), MEL, some), loss(pictures()[:1], MEL[:1], landmarks(1)))
    none = torch.full((2, 5, 68, 2), float("nan"))
    shown = pictures().requires_grad_()
    nothing = loss(shown, MEL, none)
    nothing.backward()
    assert nothing == 0
    assert shown.grad is not None
    assert not shown.grad.any()


def test_crops_of_pictures_give_the_loss_of_the_pictures(loss: SyncLoss) -> None:
    lips = crop_lips(pictures(), landmarks())
    assert torch.allclose(loss.of_lips(lips, MEL), loss(pictures(), MEL, landmarks()))


def test_wrong_shapes_are_a_sentence(loss: SyncLoss) -> None:
    with pytest.raises(ValueError, match=r"pictures must have the shape \(any, 5, 3, any, any\)"):
        loss(pictures()[:, :4], MEL, landmarks())
    with pytest.raises(ValueError, match="landmarks must have the shape"):
        loss(pictures(), MEL, landmarks(1))
    with pytest.raises(ValueError, match=r"mel must have the shape \(2, 80, 20\)"):
        loss(pictures(), MEL[:, :40], landmarks())
