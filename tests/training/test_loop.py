"""The training loop: what it promises whatever it trains."""

import dataclasses
import itertools
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor

from models.checkpoint import WeightsError
from models.training.initial import load_initial
from models.training.loop import DivergedError, Trainer
from models.training.schedule import Limits
from models.training.state import StateError, load_state
from models.training.task import AdversarialTask
from tests.conftest import REPOSITORY
from tests.training.line import LOOP, ContestTask, Line, LineDimensions, LineTask, trainer, weights
from tests.training.points import Point

ENVIRONMENT = os.environ | {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
CONSTANT = dataclasses.replace(LOOP, schedule="constant")


def same(one: list[Tensor], other: list[Tensor]) -> bool:
    return all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def clock() -> Callable[[], float]:
    """Seconds; every look at it takes half a second."""
    ticks = itertools.count()
    return lambda: next(ticks) / 2


def critic_weights(run: Trainer) -> list[Tensor]:
    assert run.run.critic is not None
    return [p.detach().clone() for p in run.run.critic.network.parameters()]


@pytest.mark.slow
def test_a_killed_run_that_goes_on_ends_as_one_that_was_not_killed(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "tests.training.line",
        str(tmp_path / "killed"),
        "30",
        "18",
        "noisy",
        "4",
    ]
    killed = subprocess.run(command, cwd=REPOSITORY, env=ENVIRONMENT, capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    resumed = trainer(tmp_path / "killed", 30, resume=True)
    assert 0 < resumed.progress.step < 18
    resumed.train()
    whole = trainer(tmp_path / "whole", 30)
    whole.train()
    assert same(weights(resumed), weights(whole))


def test_who_makes_the_samples_changes_nothing(tmp_path: Path) -> None:
    own = trainer(tmp_path / "a", 6)
    own.train()
    helped = trainer(tmp_path / "b", 6, loop=dataclasses.replace(LOOP, workers=2))
    helped.train()
    assert same(weights(own), weights(helped))


def test_another_seed_learns_from_other_samples(tmp_path: Path) -> None:
    one = trainer(tmp_path / "a", 3, task=LineTask(noisy=False))
    other = trainer(tmp_path / "b", 3, task=LineTask(noisy=False))
    other.config = dataclasses.replace(LOOP, seed=2)  # of the samples only: both begin with the same weights
    one.train()
    other.train()
    assert not same(weights(one), weights(other))


@pytest.mark.slow
def test_two_processes_learn_what_one_does_from_the_same_samples(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2",
               "-m", "tests.training.line", str(tmp_path / "two"), "6", "0", "contest", "4"]  # fmt: skip
    subprocess.run(command, cwd=REPOSITORY, env=ENVIRONMENT, capture_output=True, check=True, timeout=280)
    one = trainer(tmp_path / "one", 6, task=ContestTask(noisy=False))
    one.train()
    together = load_state(tmp_path / "two")
    assert together["progress"]["step"] == 6
    assert len(together["random"]) == 2
    assert one.run.critic is not None
    for player, alone in (("network", one.run.network), ("critic", one.run.critic)):
        for name, value in alone.network.state_dict().items():
            assert torch.allclose(together[player]["weights"][name], value, rtol=1e-4, atol=1e-6)


def test_a_run_learns_and_keeps_its_best_weights(tmp_path: Path) -> None:
    loop = dataclasses.replace(LOOP, evaluate_steps=50, averaging=0.9, learning_rate=0.03, save_minutes=60.0)
    run = trainer(tmp_path, 200, loop=loop, task=LineTask(noisy=False))
    before = LineTask().evaluate(run.run.average)["error"]  # type: ignore[arg-type]
    done = run.train()
    assert done.best is not None
    assert done.best < 0.5 * before
    network = Line(LineDimensions(), noisy=False)
    load_initial(network, tmp_path / "line.safetensors")
    assert LineTask().evaluate(network)["error"] == pytest.approx(done.best, rel=0.02)


def test_a_run_without_gain_ends_early(tmp_path: Path) -> None:
    class Stuck(LineTask):
        def evaluate(self, network: Line) -> dict[str, float]:
            return {"error": 1.0 + 0.0 * super().evaluate(network)["error"]}

    loop = dataclasses.replace(LOOP, evaluate_steps=2, patience=3)
    assert trainer(tmp_path, 100, loop=loop, task=Stuck()).train().step == 8


def test_minutes_end_a_run_with_weights_and_a_state(tmp_path: Path) -> None:
    loop = dataclasses.replace(LOOP, save_minutes=1.0)
    run = Trainer(loop, LineTask(), tmp_path, Limits(minutes=5), now=clock(), say=lambda _: None)
    done = run.train()
    assert done.step > 50
    assert run.run.pace.progress(done.step) > 0.95
    assert (tmp_path / "line.safetensors").is_file()
    assert load_state(tmp_path)["progress"]["step"] == done.step


def test_a_run_in_bfloat16_learns_from_samples_that_were_not_rounded(tmp_path: Path) -> None:
    class Precise(LineTask):
        seen: tuple[torch.dtype, ...] = ()

        def loss(self, network: Line, batch: Point) -> dict[str, Tensor]:
            self.seen = (batch.x.dtype, network.first(batch.x).dtype)
            return super().loss(network, batch)

    task = Precise()
    run = trainer(tmp_path, 3, loop=dataclasses.replace(LOOP, precision="bf16-mixed"), task=task)
    before = weights(run)
    run.train()
    assert task.seen == (torch.float32, torch.bfloat16)
    assert all(p.dtype == torch.float32 for p in weights(run))
    assert not same(before, weights(run))


def test_a_window_ends_in_time_and_the_next_goes_on(tmp_path: Path) -> None:
    limits, loop = Limits(steps=10_000, window_minutes=3), dataclasses.replace(LOOP, save_minutes=1.0)
    now = clock()
    first = Trainer(loop, LineTask(), tmp_path, limits, now=now, say=lambda _: None).train()
    assert 0 < first.step < 10_000
    assert now() < 3 * 60
    second = Trainer(loop, LineTask(), tmp_path, limits, resume=True, now=clock(), say=lambda _: None)
    assert second.progress.step == first.step
    assert second.train().step > first.step


def test_a_loss_that_is_no_number_stops_the_run_and_keeps_the_batch(tmp_path: Path) -> None:
    class Broken(LineTask):
        def loss(self, network: Line, batch: Point) -> dict[str, Tensor]:
            return {name: term * torch.nan for name, term in super().loss(network, batch).items()}

    with pytest.raises(DivergedError, match="step 0 is nan"):
        trainer(tmp_path, 3, task=Broken()).train()
    x, y = torch.load(tmp_path / "diverged_batch.pt", weights_only=True)
    assert x.shape == (4, 4)
    assert y.shape == (4, 1)


def test_gradients_that_are_no_numbers_stop_the_run_before_the_weights_are_spoilt(tmp_path: Path) -> None:
    class Steep(LineTask):
        def loss(self, network: Line, batch: Point) -> dict[str, Tensor]:
            return {"root": (0.0 * network(batch.x)).abs().sqrt().sum()}

    run = trainer(tmp_path, 3, task=Steep())
    before = weights(run)
    with pytest.raises(DivergedError):
        run.train()
    assert same(before, weights(run))


def test_a_critic_learns_in_turn_and_is_part_of_the_state(tmp_path: Path) -> None:
    assert isinstance(ContestTask(), AdversarialTask)
    assert not isinstance(LineTask(), AdversarialTask)
    whole = trainer(tmp_path / "whole", 12, task=ContestTask(), loop=CONSTANT)
    before = critic_weights(whole)
    whole.train()
    assert not same(before, critic_weights(whole))
    trainer(tmp_path / "parts", 5, task=ContestTask(), loop=CONSTANT).train()
    parts = trainer(tmp_path / "parts", 12, task=ContestTask(), loop=CONSTANT, resume=True)
    assert parts.progress.step == 5
    parts.train()
    assert same(critic_weights(parts), critic_weights(whole))
    assert same(weights(parts), weights(whole))


def test_a_state_of_another_run_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="nothing to resume"):
        trainer(tmp_path, 3, resume=True)
    trainer(tmp_path, 3).train()
    with pytest.raises(StateError, match="batch 4, the configuration has 8"):
        trainer(tmp_path, 3, loop=dataclasses.replace(LOOP, batch=8), resume=True)


def test_a_run_begins_with_given_weights_and_refuses_those_of_another_shape(tmp_path: Path) -> None:
    trainer(tmp_path / "a", 3).train()
    file = tmp_path / "a" / "line.safetensors"
    begun = Trainer(LOOP, LineTask(), tmp_path, Limits(steps=1), initial=file, say=lambda _: None).run.average
    other = Line(LineDimensions(), noisy=False)
    load_initial(other, file)
    assert same(list(begun.parameters()), list(other.parameters()))
    with pytest.raises(WeightsError, match="do not fit"):
        load_initial(Line(LineDimensions(width=3), noisy=False), file)
    with pytest.raises(WeightsError, match="cannot be read"):
        load_initial(other, tmp_path / "none.safetensors")


def test_curves_are_written_where_tensorboard_is_and_missed_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer(tmp_path / "with", 5).train()
    assert list((tmp_path / "with" / "tensorboard").glob("events.*"))
    said: list[str] = []
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    (tmp_path / "without").mkdir()
    Trainer(LOOP, LineTask(), tmp_path / "without", Limits(steps=2), say=said.append).train()
    assert any("TensorBoard is missing" in line for line in said)
    assert not (tmp_path / "without" / "tensorboard").exists()
