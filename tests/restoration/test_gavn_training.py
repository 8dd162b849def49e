"""gavn learns from clips that are compressed, blurred or reduced on the fly, in two stages."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.utils.data import default_collate

from models.checkpoint import export_weights
from models.restoration.gavn import Gavn
from models.restoration.gavn_restorer import load_gavn
from models.training.cache import ClipCache
from models.training.restoration.degradations import KINDS, Degradation, random_degradation
from models.training.restoration.gavn_data import DegradedStretches
from models.training.task import TrainingData
from models.training.task_registry import load_plan
from models.training.tasks.gavn import GavnTask
from tests.restoration.drawn import drawn_cache, drawn_face, i420


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> ClipCache:
    return drawn_cache(tmp_path_factory.mktemp("drawn"))


def task_of(cache: ClipCache, stage: str) -> GavnTask:
    plan = load_plan(f"train/gavn_{stage}")
    made = dataclasses.replace(plan).create(TrainingData(cache, cache))
    assert isinstance(made, GavnTask)
    return made


def taught(network: Gavn) -> set[str]:
    """Which parts take gradients."""
    return {name.split(".")[0] for name, p in network.named_parameters() if p.requires_grad}


def test_the_same_number_is_the_same_sample(cache: ClipCache) -> None:
    one, same, other = (DegradedStretches(cache, 7, 5)[n] for n in (3, 3, 4))
    assert all(torch.equal(torch.nan_to_num(a), torch.nan_to_num(b)) for a, b in zip(one, same, strict=True))
    assert not torch.equal(one.pictures, other.pictures)


def test_a_sample_is_a_degraded_part_and_its_original(cache: ClipCache) -> None:
    for number in range(5):
        sample = DegradedStretches(cache, 7, 1)[number]
        assert sample.pictures.shape == (1, 7, 6, 64, 64)
        degraded, clean = sample.pictures[:, 2:5].float(), sample.clean.float()
        assert 0 < float((degraded - clean).abs().mean()) < 40  # of the same place, flipped alike
        assert 0 <= int(sample.origin.min()) <= int(sample.origin.max()) <= 32


@pytest.mark.parametrize(
    "degradation",
    [
        Degradation("compression", 45),
        Degradation("compression", 40, "call"),
        Degradation("compression", 40, "hevc:ultrafast"),
        Degradation("blur", 15),
        Degradation("blur", 25),
        Degradation("low_resolution", 4.0, "area"),
        Degradation("low_resolution", 8.0, "bicubic"),
    ],
)
def test_every_degradation_spoils_pictures_and_keeps_them_in_order(degradation: Degradation) -> None:
    clean = np.stack(i420([drawn_face(3 * k) for k in range(4)]))
    shown = degradation(clean)
    assert shown.shape == clean.shape
    errors = np.array([[np.mean((a.astype(float) - b) ** 2) for b in clean] for a in shown])
    assert (errors.argmin(1) == np.arange(4)).all()
    assert (np.diag(errors) > 1).all()


def test_all_kinds_of_degradation_are_drawn() -> None:
    random = np.random.default_rng(0)
    assert {random_degradation(random).kind for _ in range(60)} == set(KINDS)


def test_stage_one_teaches_the_temporal_module_and_landmarks(cache: ClipCache) -> None:
    network = task_of(cache, "temporal").network()
    assert taught(network) == {"temporal", "coarse", "identity"}
    assert not any(p.requires_grad for p in network.identity.frame.parameters())
    assert all(p.requires_grad for p in network.identity.landmarks.parameters())


def test_stage_two_leaves_the_temporal_module_alone_and_then_teaches_all(cache: ClipCache) -> None:
    assert taught(task_of(cache, "identity").network()) == {"identity", "reconstruction"}
    whole = task_of(cache, "compact").network()
    assert all(p.requires_grad for p in whole.parameters())


@pytest.mark.parametrize("stage", ["temporal", "compact"])
def test_a_few_steps_lower_the_loss(cache: ClipCache, stage: str) -> None:
    torch.manual_seed(0)
    task = task_of(cache, stage)
    network = task.network()
    batch = default_collate([task.dataset(1)[1]])
    optimiser = torch.optim.Adam([p for p in network.parameters() if p.requires_grad], lr=2e-4)
    losses = []
    for _ in range(14):
        terms = task.loss(network, batch)
        losses.append(float((terms["luma"] + terms["chroma"]).detach()))
        optimiser.zero_grad()
        torch.autograd.backward(list(terms.values()))
        optimiser.step()
    assert losses[-1] < 0.98 * losses[0]


def test_the_loss_of_landmarks_reaches_only_what_finds_them(cache: ClipCache) -> None:
    task = task_of(cache, "compact")
    network = task.network()
    torch.autograd.backward(task.loss(network, default_collate([task.dataset(1)[0]]))["landmarks"])
    reached = {
        ".".join(name.split(".")[:2])
        for name, p in network.named_parameters()
        if p.grad is not None and p.grad.any()
    }
    assert reached <= {"identity.landmarks", "identity.hearing"}
    assert "identity.landmarks" in reached


def test_weights_come_back_with_their_dimensions(cache: ClipCache, tmp_path: Path) -> None:
    network = task_of(cache, "compact").network()
    export_weights(network, tmp_path / "gavn.safetensors", ["drawn"], "gavn")
    loaded = load_gavn(tmp_path / "gavn.safetensors")
    assert loaded.dimensions == network.dimensions
    torch.testing.assert_close(loaded.coarse.weight, network.coarse.weight, atol=1e-3, rtol=1e-2)
