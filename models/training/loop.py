"""The training loop: one network, one clock, a checkpoint that can always be gone on from."""

from __future__ import annotations

import copy
import dataclasses
import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from models.compact import Compact, CompactDimensions
from models.consistency import correct
from models.training.cache import ClipCache
from models.training.config import TrainConfig
from models.training.data import Sample, loader
from models.training.evaluate import evaluate
from models.training.losses import detail, gradient_loss, pyramid_loss, region_loss
from models.training.pictures import write_sample_grid

STATE = "state.pt"


class DivergedError(RuntimeError):
    """The loss is no longer a number; the batch that did it was saved."""


@dataclass
class Run:
    """What a run carries from step to step, and from one start to the next."""

    network: Compact
    average: Compact
    optimiser: torch.optim.Optimizer
    step: int = 0
    minutes_done: float = 0.0


def train(
    config: TrainConfig,
    dimensions: CompactDimensions,
    training: ClipCache,
    validation: ClipCache,
    out: Path,
    *,
    minutes: float,
    resume: bool,
    say: Callable[[str], None],
) -> Compact:
    """Train for ``minutes`` of wall time in all, what a resumed run has behind it included.

    Returns the averaged network.
    Raises DivergedError when the loss stops being a number.
    """
    torch.set_num_threads(config.threads)
    torch.manual_seed(config.seed)
    run = start(config, dimensions)
    if resume:
        load_state(run, out / STATE)
    samples = loader(training, config.batch, seed=config.seed + run.step)
    began = time.monotonic() - run.minutes_done * 60
    next_evaluation = run.minutes_done + config.evaluate_minutes
    recent: list[float] = []
    while run.minutes_done < minutes:
        for group in run.optimiser.param_groups:
            group["lr"] = learning_rate(config, run.step, run.minutes_done / minutes)
        batch = next(samples)
        loss = compute_loss(config, run.network, batch)
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
            save_state(run, out / STATE)
        if run.minutes_done >= min(next_evaluation, minutes):
            next_evaluation = run.minutes_done + config.evaluate_minutes
            judge(config, run, validation, out, say)
    save_state(run, out / STATE)
    return run.average


def start(config: TrainConfig, dimensions: CompactDimensions) -> Run:
    """A fresh network, its average and its optimiser."""
    network = Compact(dimensions).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimiser = torch.optim.AdamW(
        network.parameters(), lr=config.learning_rate, betas=(0.9, 0.99), weight_decay=1e-4
    )
    return Run(network, copy.deepcopy(network).requires_grad_(False), optimiser)


def learning_rate(config: TrainConfig, step: int, share: float) -> float:
    """Linear warm-up in steps, then a half cosine over the share of wall time that has gone."""
    low, high = config.final_learning_rate, config.learning_rate
    cosine = low + (high - low) * 0.5 * (1 + math.cos(math.pi * min(share, 1.0)))
    return cosine * min(1.0, (step + 1) / config.warm_up_steps)


def compute_loss(config: TrainConfig, network: Compact, batch: Sample) -> Tensor:
    """The weighted sum of all terms, after the consistency step that the receiver will apply too."""
    target = (batch.target / 255.0).contiguous(memory_format=torch.channels_last)
    identity = (batch.identity / 255.0).contiguous(memory_format=torch.channels_last)
    with torch.autocast("cpu", torch.bfloat16, enabled=config.half_precision):
        parts = network.animate(batch.lowres, batch.mel, network.encode_identity(identity))
    raw, moved = parts.picture.float(), parts.moved.float()
    y = correct(raw, batch.lowres[:, -1], config.consistency_weight, config.consistency_iterations)
    region_l2, region_l1 = region_loss(y, target, batch.regions)
    moved_l1 = region_loss(moved, target, batch.regions)[1]
    weights = config.loss
    total: Tensor = (
        weights.pyramid * pyramid_loss(y, target)
        + weights.gradient * gradient_loss(y, target)
        + weights.region_l2 * region_l2
        + weights.region_l1 * region_l1
        + weights.raw * (raw - target).abs().mean()
        + weights.moved * (pyramid_loss(moved, target) + weights.region_l1 * moved_l1)
        + weights.faded * (1 - parts.blend.float()).mean()
        + weights.painted * detail(parts.change.float()).abs().mean()
    )
    return total


@torch.no_grad()
def follow(average: Compact, network: Compact, decay: float) -> None:
    """average ← decay · average + (1 − decay) · network."""
    for own, newest in zip(average.parameters(), network.parameters(), strict=True):
        own.lerp_(newest, 1.0 - decay)


def judge(
    config: TrainConfig, run: Run, validation: ClipCache, out: Path, say: Callable[[str], None]
) -> None:
    """Score the averaged network on people it never saw and draw them."""
    result = evaluate(run.average, validation, config.judged_under)
    name = f"{run.step:06d}"
    (out / f"evaluation_{name}.json").write_text(json.dumps(dataclasses.asdict(result), indent=1))
    say(
        "  ".join(
            f"{method} {score.psnr_db:.2f} dB {score.ssim:.3f}" for method, score in result.mean.items()
        )
    )
    write_sample_grid(run.average, validation, out / f"samples_{name}.png", config.judged_under)


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
