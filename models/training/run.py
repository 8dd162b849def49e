"""What a run carries from step to step, and from one start to the next."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from models.training.config import LoopConfig
from models.training.engine import Objective, gathered
from models.training.random_state import random_state, seed_random, set_random_state
from models.training.schedule import Pace
from models.training.state import StateError
from models.training.task import AdversarialTask, Task


class Player:
    """A network with its optimiser and its loss, set up on the engine."""

    def __init__(
        self, config: LoopConfig, fabric: Fabric, network: nn.Module, loss: Callable[[Any, Any], Any]
    ) -> None:
        self._config, self._fabric = config, fabric
        self.network = network.train()
        self.trainable = [p for p in network.parameters() if p.requires_grad]
        self.optimiser = torch.optim.AdamW(
            self.trainable, lr=config.learning_rate, betas=config.betas, weight_decay=config.weight_decay
        )
        self._objective, self._stepper = fabric.setup(Objective(config, network, loss), self.optimiser)

    def gradients(self, batch: Any) -> tuple[dict[str, Tensor], Tensor]:
        """(terms of the loss, norm of the gradients before they were clipped); no weight has changed yet."""
        self.optimiser.zero_grad()
        terms: dict[str, Tensor] = self._objective(batch)
        self._fabric.backward(torch.stack([term.float() for term in terms.values()]).sum())
        norm = self._fabric.clip_gradients(
            self._objective, self._stepper, max_norm=self._config.gradient_clip, error_if_nonfinite=False
        )
        assert norm is not None
        return {name: term.detach() for name, term in terms.items()}, norm

    def step(self, rate: float) -> None:
        """Follow the gradients."""
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self._stepper.step()

    def stand_still(self, still: bool) -> None:
        """While the other one learns, this one takes no gradients."""
        for parameter in self.trainable:
            parameter.requires_grad_(not still)

    def state(self) -> dict[str, Any]:
        """Weights and moments."""
        return {"weights": self.network.state_dict(), "optimiser": self.optimiser.state_dict()}

    def load(self, state: dict[str, Any]) -> None:
        """Take up ``state``."""
        self.network.load_state_dict(state["weights"])
        self.optimiser.load_state_dict(state["optimiser"])


@dataclass
class Progress:
    """How far a run is; numbers only."""

    step: int = 0
    minutes_done: float = 0.0
    best: float | None = None  # the figure that chooses, so far
    best_step: int = 0
    evaluations_without_gain: int = 0


class Run:
    """Network, average and, where the task has one, critic."""

    def __init__(self, config: LoopConfig, task: Task[Any, Any], fabric: Fabric, network: nn.Module) -> None:
        """``network``: fresh or with the weights to begin with; on the CPU."""
        self.config, self.fabric = config, fabric
        self.average = fabric.to_device(copy.deepcopy(network).requires_grad_(False).eval())
        critic = task.critic() if isinstance(task, AdversarialTask) else None
        self.critic: Player | None = None
        if critic is None or not isinstance(task, AdversarialTask):
            self.network = Player(config, fabric, network, task.loss)
        else:
            self.network = Player(
                config, fabric, network, lambda own, batch: task.adversarial_loss(own, critic, batch)
            )
            self.critic = Player(
                config, fabric, critic, lambda own, batch: {"critic": task.critic_loss(network, own, batch)}
            )
        self.progress = Progress()
        self.pace = Pace()
        # Processes begin with equal weights; what they draw from here on, such as dropout, differs.
        seed_random(config.seed + fabric.global_rank)

    def gradients(self, batch: Any) -> tuple[dict[str, Tensor], Tensor]:
        """Of the network, the critic standing still."""
        if self.critic is not None:
            self.critic.stand_still(True)
        found = self.network.gradients(batch)
        if self.critic is not None:
            self.critic.stand_still(False)
        return found

    def step(self, batch: Any, rate: float) -> dict[str, Tensor]:
        """Change the network along its gradients, then the critic's turn; returns the critic's terms."""
        self.network.step(rate)
        terms: dict[str, Tensor] = {}
        if self.critic is not None:
            self.network.stand_still(True)
            terms, _ = self.critic.gradients(batch)
            self.critic.step(rate)
            self.network.stand_still(False)
        step = self.progress.step
        follow(self.average, self.network.network, min(self.config.averaging, (1 + step) / (10 + step)))
        self.progress.step += 1
        return terms

    def state(self) -> dict[str, Any]:
        """Everything that going on depends on; every process must call it."""
        return {
            "seed": self.config.seed,
            "batch": self.config.batch,
            "network": self.network.state(),
            "average": self.average.state_dict(),
            "critic": self.critic.state() if self.critic is not None else None,
            "progress": vars(self.progress).copy(),
            "pace": vars(self.pace).copy(),
            "random": gathered(self.fabric, random_state()),
        }

    def load(self, state: dict[str, Any]) -> None:
        """Take up ``state``. Raises StateError where it belongs to another run."""
        for name in ("seed", "batch"):
            if state[name] != (own := getattr(self.config, name)):
                raise StateError(f"the state was made with {name} {state[name]}, the configuration has {own}")
        if (state["critic"] is None) != (self.critic is None):
            raise StateError("the state and the configuration differ in whether there is a critic")
        try:
            self.network.load(state["network"])
            self.average.load_state_dict(state["average"])
            if self.critic is not None:
                self.critic.load(state["critic"])
        except (RuntimeError, ValueError) as error:
            raise StateError(f"the state is of another network: {str(error).splitlines()[0]}") from error
        self.progress, self.pace = Progress(**state["progress"]), Pace(**state["pace"])
        # Another number of processes goes on too, but not as if it had been the same.
        if len(state["random"]) == self.fabric.world_size:
            set_random_state(state["random"][self.fabric.global_rank])


@torch.no_grad()
def follow(average: nn.Module, network: nn.Module, decay: float) -> None:
    """average ← decay · average + (1 − decay) · network; buffers are the network's."""
    for own, newest in zip(average.parameters(), network.parameters(), strict=True):
        own.lerp_(newest, 1.0 - decay)
    for copied, current in zip(average.buffers(), network.buffers(), strict=True):
        copied.copy_(current)
