"""The training loop: any task, any number of processes, a state that can always be gone on from.

A run that is killed and gone on with ends with the same weights, bit by bit, as one that was not: samples are a
function of seed and step (loading.py), the rate is one of the step (schedule.py), and the state has weights,
average, optimiser and every random generator (run.py, state.py). A clock decides only when to save, to judge
and to end (timekeeper.py).
"""

from __future__ import annotations

import copy
import json
import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import Tensor

from models.checkpoint import export_weights
from models.training.board import Board
from models.training.config import LoopConfig
from models.training.engine import agree, create_fabric
from models.training.initial import load_initial
from models.training.loading import StepSampler, batches
from models.training.random_state import seed_random, untouched_random_state
from models.training.run import Progress, Run
from models.training.schedule import Limits, learning_rate
from models.training.state import load_state, save_state
from models.training.task import Task
from models.training.timekeeper import Timekeeper


class DivergedError(RuntimeError):
    """The loss is no longer a number; the batch that did it was saved."""


class Trainer:
    """One start of one run. Construct it in every process, then ``train``."""

    def __init__(
        self,
        config: LoopConfig,
        task: Task[Any, Any],
        out: Path,
        limits: Limits,
        *,
        fabric: Fabric | None = None,
        resume: bool = False,
        initial: Path | None = None,
        clips: Sequence[str] = (),
        began: float | None = None,
        now: Callable[[], float] = time.monotonic,
        say: Callable[[str], None] = print,
    ) -> None:
        """``fabric``: of create_fabric, one CPU without it; ``initial``: weights to begin with; ``clips``: names of
        those that train, written into the weights; ``began``: ``now()``, in seconds, when the window of ``limits``
        began. Raises StateError, WeightsError.
        """
        self.config, self.task, self.out, self.limits, self.clips = config, task, out, limits, clips
        self.fabric = fabric or create_fabric(config, "cpu")
        self.chief = self.fabric.is_global_zero
        self.say: Callable[[str], None] = say if self.chief else lambda _: None
        seed_random(config.seed)
        network = task.network()
        if initial is not None:
            self.say(load_initial(network, initial))
        self.run = Run(config, task, self.fabric, network)
        if resume:
            self.run.load(load_state(out))
        self.clock = Timekeeper(config, limits, self.progress.minutes_done, began, now)
        if limits.steps is not None:
            self.run.pace = self.run.pace.laid_anew(self.progress.step, self.progress.minutes_done, limits)

    @property
    def progress(self) -> Progress:
        """How far the run is."""
        return self.run.progress

    def train(self) -> Progress:
        """Until the limits are reached or nothing is gained any more; the best weights are in ``out`` then.

        Raises DivergedError when the loss stops being a number.
        """
        config, run = self.config, self.run
        sampler = StepSampler(
            self.progress.step, config.batch, self.fabric.global_rank, self.fabric.world_size
        )
        samples = batches(
            self.task.dataset(config.seed), sampler, config.workers, pin=torch.cuda.is_available()
        )
        board = Board(self.out, self.progress.step, self.say) if self.chief else None
        log = Log(config, board, self.say)
        judged_at = -1
        ended = agree(self.fabric, [self.chief and self.clock.ended(self.progress.step)])[0]
        while not ended:
            step = self.progress.step
            rate = learning_rate(config, step, run.pace.progress(step))
            batch = self.fabric.to_device(next(samples))
            terms, norm = run.gradients(batch)
            self.stop_if_diverged(batch, terms, norm)
            terms |= run.step(batch, rate)
            log.add(terms, norm, rate, self.progress, self.clock.minutes_done)

            step = self.progress.step
            save, judge, ended = agree(self.fabric, self.due() if self.chief else [False] * 3)
            if judge:
                self.judge(board)
                judged_at = step
                ended |= 0 < config.patience <= self.progress.evaluations_without_gain
            if save:
                self.save()
        if judged_at != self.progress.step and self.progress.step > 0:
            self.judge(board)
        self.save()
        if board is not None:
            board.close()
        return self.progress

    def due(self) -> list[bool]:
        """Whether the clock says to save, to judge, to end."""
        step = self.progress.step
        return [self.clock.save_is_due(), self.clock.evaluation_is_due(step), self.clock.ended(step)]

    def stop_if_diverged(self, batch: Any, terms: dict[str, Tensor], norm: Tensor) -> None:
        """Keep the batch and raise DivergedError where loss or gradients are no numbers, in any process."""
        total = torch.stack([term.float() for term in terms.values()]).sum()
        own = not bool(torch.isfinite(total) & torch.isfinite(norm))
        if agree(self.fabric, [own])[0]:
            rank = self.fabric.global_rank
            path = self.out / ("diverged_batch.pt" if rank == 0 else f"diverged_batch_{rank}.pt")
            torch.save(tuple(tensor.cpu() for tensor in batch), path)
            parts = ", ".join(f"{name} {term.item():.4g}" for name, term in terms.items())
            raise DivergedError(
                f"the loss at step {self.progress.step} is {total.item():.4g} ({parts}; gradients "
                f"{norm.item():.4g}); batch kept in {path}"
            )

    def judge(self, board: Board | None) -> None:
        """Score the averaged network, draw what it does, and keep its weights if they are the best so far."""
        with self.clock.timed("judge"), untouched_random_state(), torch.no_grad():
            if self.chief:
                self.score(board)
            self.run.progress = self.fabric.broadcast(self.progress)

    def score(self, board: Board | None) -> None:
        """What one process does for all of them."""
        progress = self.progress
        average = copy.deepcopy(self.run.average).to(
            "cpu" if self.config.judge_on == "cpu" else self.fabric.device
        )
        name = f"{progress.step:06d}"
        figures = self.task.evaluate(average)
        (self.out / f"evaluation_{name}.json").write_text(json.dumps(figures, indent=1) + "\n")
        picture = self.out / f"samples_{name}.png"
        self.task.draw(average, picture)
        value = figures[self.task.chosen_by]
        if gained(value, progress.best, self.task.larger_is_better):
            progress.best, progress.best_step, progress.evaluations_without_gain = value, progress.step, 0
            export_weights(average, self.out / f"{self.task.name}.safetensors", self.clips, self.task.name)
        else:
            progress.evaluations_without_gain += 1
        self.say("  ".join(f"{key} {figure:.4g}" for key, figure in figures.items()))
        if board is not None:
            board.figures("validation", figures, progress.step)
            board.picture(picture, progress.step)

    def save(self) -> None:
        """Write the state; where minutes shape the run, the line of its progress is laid anew first."""
        progress = self.progress
        progress.minutes_done = self.fabric.broadcast(self.clock.minutes_done)
        if self.limits.steps is None:
            self.run.pace = self.run.pace.laid_anew(progress.step, progress.minutes_done, self.limits)
        with self.clock.timed("save"):
            state = self.run.state()
            if self.chief:
                save_state(state, progress.step, self.out)


class Log:
    """Means of the terms since the last line, in words and as curves."""

    def __init__(self, config: LoopConfig, board: Board | None, say: Callable[[str], None]) -> None:
        self._config, self._board, self._say = config, board, say
        self._sums: dict[str, Tensor] = {}
        self._count = 0
        self._since = time.monotonic()

    def add(
        self, terms: dict[str, Tensor], norm: Tensor, rate: float, progress: Progress, minutes: float
    ) -> None:
        """One step's terms; every ``log_steps`` they are written."""
        for name, value in {**terms, "gradient_norm": norm}.items():
            self._sums[name] = self._sums.get(name, torch.zeros_like(value)) + value
        self._count += 1
        if progress.step % self._config.log_steps:
            return
        means = {name: float(total) / self._count for name, total in self._sums.items()}
        speed = self._count * self._config.batch / (time.monotonic() - self._since)
        loss = sum(value for name, value in means.items() if name not in ("gradient_norm", "critic"))
        self._say(f"{minutes:6.1f} min  step {progress.step}  loss {loss:.4f}  {speed:.1f} samples/s")
        if self._board is not None:
            curves = {"loss": loss, "rate": rate, "samples_per_second": speed, **means}
            self._board.figures("training", curves, progress.step)
        self._sums, self._count, self._since = {}, 0, time.monotonic()


def gained(value: float, best: float | None, larger_is_better: bool) -> bool:
    """Whether ``value`` is better than all before it; what is no number never is."""
    if math.isnan(value):
        return False
    return best is None or (value > best if larger_is_better else value < best)
