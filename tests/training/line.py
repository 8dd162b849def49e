"""The smallest task there is, with everything that resuming could lose; run as a program, it can be killed."""

from __future__ import annotations

import dataclasses
import os
import signal
import sys
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.training.config import LoopConfig
from models.training.loop import Trainer
from models.training.schedule import Limits
from tests.training.points import Point, Points

LOOP = LoopConfig(
    batch=4,
    learning_rate=0.01,
    final_learning_rate=0.0001,
    warm_up_steps=3,
    threads=1,
    workers=0,
    log_steps=5,
    save_minutes=0.0,
    evaluate_minutes=60.0,
)


@dataclasses.dataclass(frozen=True)
class LineDimensions:
    """Of the network."""

    width: int = 8


class Line(nn.Module):
    """Four numbers → one, with dropout where ``noisy``: it draws from torch's random state in every step."""

    def __init__(self, dimensions: LineDimensions, noisy: bool) -> None:
        super().__init__()
        self.dimensions = dimensions
        self.first = nn.Linear(4, dimensions.width)
        self.dropout = nn.Dropout(0.5 if noisy else 0.0)
        self.second = nn.Linear(dimensions.width, 1)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.second(self.dropout(torch.tanh(self.first(x))))
        return y


class LineTask:
    """Learns to add four numbers."""

    name = "line"
    chosen_by = "error"
    larger_is_better = False

    def __init__(self, noisy: bool = True, kill_at: int | None = None) -> None:
        self.noisy, self.kill_at = noisy, kill_at
        self.losses = 0

    def network(self) -> Line:
        return Line(LineDimensions(), self.noisy)

    def dataset(self, seed: int) -> Points:
        return Points(seed)

    def loss(self, network: Line, batch: Point) -> dict[str, Tensor]:
        self.losses += 1
        if self.losses == self.kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
        noise = 0.01 * float(np.random.normal()) if self.noisy else 0.0
        return {"square": F.mse_loss(network(batch.x), batch.y + noise)}

    @torch.no_grad()
    def evaluate(self, network: Line) -> dict[str, float]:
        torch.rand(3)  # judging may draw random numbers; training must not notice
        points = [Points(99)[i] for i in range(20)]
        error = F.mse_loss(network(torch.stack([p.x for p in points])), torch.stack([p.y for p in points]))
        return {"error": float(error)}

    def draw(self, network: Line, path: Path) -> None:
        """Nothing to see."""


class ContestTask(LineTask):
    """The same against a critic that tells sums from what the network makes of them."""

    def critic(self) -> nn.Module:
        return nn.Linear(1, 1)

    def adversarial_loss(self, network: Line, critic: nn.Module, batch: Point) -> dict[str, Tensor]:
        return self.loss(network, batch) | {"fooled": -0.1 * critic(network(batch.x)).mean()}

    def critic_loss(self, network: Line, critic: nn.Module, batch: Point) -> Tensor:
        loss: Tensor = torch.relu(1 - critic(batch.y)).mean()
        return loss + torch.relu(1 + critic(network(batch.x))).mean()


def trainer(out: Path, steps: int, *, loop: LoopConfig = LOOP, task: LineTask | None = None,
            resume: bool = False) -> Trainer:  # fmt: skip
    """A run of ``steps`` in all."""
    out.mkdir(parents=True, exist_ok=True)
    task = task or LineTask()
    return Trainer(loop, task, out, Limits(steps=steps), resume=resume, say=lambda _: None)


def weights(run: Trainer) -> list[Tensor]:
    """Of the network and its average."""
    return [
        p.detach().clone()
        for net in (run.run.network.network, run.run.average)
        for p in net.state_dict().values()
    ]


if __name__ == "__main__":  # OUT STEPS KILL_AT noisy|contest BATCH
    own = dataclasses.replace(LOOP, batch=int(sys.argv[5]))
    kind, kill_at = (LineTask if sys.argv[4] == "noisy" else ContestTask), int(sys.argv[3]) or None
    task = kind(noisy=sys.argv[4] == "noisy", kill_at=kill_at)
    trainer(Path(sys.argv[1]), int(sys.argv[2]), loop=own, task=task).train()
