"""The training loop: any task, one clock, a checkpoint that can always be gone on from."""

from __future__ import annotations

import copy
import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from models.training.config import LoopConfig
from models.training.loading import StepSampler, batches
from models.training.task import Task

STATE = "state.pt"


class DivergedError(RuntimeError):
    """The loss is no longer a number; the batch that did it was saved."""


@dataclass
class Run:
    """What a run carries from step to step, and from one start to the next."""

    network: nn.Module
    average: nn.Module
    optimiser: torch.optim.Optimizer
    step: int = 0
    minutes_done: float = 0.0


def train(
    config: LoopConfig,
    task: Task[Any, Any],
    out: Path,
    *,
    minutes: float,
    resume: bool,
    say: Callable[[str], None],
) -> nn.Module:
    """Train for ``minutes`` of wall time in all, what a resumed run has behind it included.

    Returns the averaged network.
    Raises DivergedError when the loss stops being a number.
    """
    torch.set_num_threads(config.threads)
    torch.manual_seed(config.seed)
    run = start(config, task)
    if resume:
        load_state(run, out / STATE)
    samples = batches(task.dataset(config.seed), StepSampler(run.step, config.batch), config.workers)
    began = time.monotonic() - run.minutes_done * 60
    next_evaluation = run.minutes_done + config.evaluate_minutes
    recent: list[float] = []
    while run.minutes_done < minutes:
        for group in run.optimiser.param_groups:
            group["lr"] = learning_rate(config, run.step, run.minutes_done / minutes)
        batch = next(samples)
        loss = total_loss(config, task, run.network, batch)
        if not math.isfinite(loss.item()):
            torch.save(tuple(batch), out / "diverged_batch.pt")
            raise DivergedError(
                f"the loss is {loss.item()} at step {run.step}; batch kept in {out}/diverged_batch.pt"
            )
        run.optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(run.network.parameters(), config.gradient_clip)
        run.optimiser.step()
        follow(run.average, run.network, min(config.averaging, (1 + run.step) / (10 + run.step)))
        run.step += 1
        run.minutes_done = (time.monotonic() - began) / 60

        recent.append(loss.item())
        if run.step % config.log_steps == 0:
            say(f"{run.minutes_done:6.1f} min  step {run.step}  loss {sum(recent) / len(recent):.4f}")
            recent.clear()
        if run.step % config.save_steps == 0:
            save_state(run, out / STATE)
        if run.minutes_done >= min(next_evaluation, minutes):
            next_evaluation = run.minutes_done + config.evaluate_minutes
            judge(task, run, out, say)
    save_state(run, out / STATE)
    return run.average


def start(config: LoopConfig, task: Task[Any, Any]) -> Run:
    """A fresh network, its average and its optimiser."""
    network = task.network()
    optimiser = torch.optim.AdamW(
        network.parameters(), lr=config.learning_rate, betas=config.betas, weight_decay=config.weight_decay
    )
    return Run(network, copy.deepcopy(network).requires_grad_(False), optimiser)


def learning_rate(config: LoopConfig, step: int, share: float) -> float:
    """Linear warm-up in steps, then a half cosine over the share of wall time that has gone."""
    low, high = config.final_learning_rate, config.learning_rate
    cosine = low + (high - low) * 0.5 * (1 + math.cos(math.pi * min(share, 1.0)))
    return cosine * min(1.0, (step + 1) / max(config.warm_up_steps, 1))


def total_loss(config: LoopConfig, task: Task[Any, Any], network: nn.Module, batch: Any) -> Tensor:
    """The sum of the task's terms, convolutions in bfloat16 where the configuration says so."""
    with torch.autocast("cpu", torch.bfloat16, enabled=config.precision == "bf16-mixed"):
        terms = task.loss(network, batch)
    return torch.stack([term.float() for term in terms.values()]).sum()


@torch.no_grad()
def follow(average: nn.Module, network: nn.Module, decay: float) -> None:
    """average ← decay · average + (1 − decay) · network."""
    for own, newest in zip(average.parameters(), network.parameters(), strict=True):
        own.lerp_(newest, 1.0 - decay)


def judge(task: Task[Any, Any], run: Run, out: Path, say: Callable[[str], None]) -> None:
    """Score the averaged network on people it never saw and draw them."""
    figures = task.evaluate(run.average)
    name = f"{run.step:06d}"
    (out / f"evaluation_{name}.json").write_text(json.dumps(figures, indent=1))
    say("  ".join(f"{key} {value:.4g}" for key, value in figures.items()))
    task.draw(run.average, out / f"samples_{name}.png")


def save_state(run: Run, path: Path) -> None:
    """Everything that is needed to go on, replacing the file in one move."""
    partial = path.with_suffix(".partial")
    torch.save(
        {
            "network": run.network.state_dict(),
            "average": run.average.state_dict(),
            "optimiser": run.optimiser.state_dict(),
            "step": run.step,
            "minutes_done": run.minutes_done,
        },
        partial,
    )
    partial.replace(path)


def load_state(run: Run, path: Path) -> None:
    """Continue from ``save_state``. Raises FileNotFoundError where there is nothing to go on from."""
    state = torch.load(path, weights_only=True)
    run.network.load_state_dict(state["network"])
    run.average.load_state_dict(state["average"])
    run.optimiser.load_state_dict(state["optimiser"])
    run.step, run.minutes_done = state["step"], state["minutes_done"]
