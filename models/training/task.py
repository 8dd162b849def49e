"""What the training loop asks of a network that it trains: fresh weights, samples, losses, figures, pictures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar, runtime_checkable

import numpy as np
from torch import Tensor, nn
from torch.utils.data import Dataset

from models.training.cache import ClipCache

SampleT_co = TypeVar("SampleT_co", covariant=True)
NetworkT = TypeVar("NetworkT", bound=nn.Module)
BatchT = TypeVar("BatchT")


class RandomSamples(Dataset[SampleT_co], Generic[SampleT_co]):
    """Endless random samples; number n is the same whenever, wherever and by whichever process it is drawn.

    A subclass defines ``sample``, a NamedTuple of tensors of fixed shapes that depends on ``random`` and on
    nothing else that changes. It is sent to a spawned process, so it must pickle: no lambdas, no open files.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def sample(self, random: np.random.Generator) -> SampleT_co:
        """One sample; every choice is drawn from ``random``."""
        raise NotImplementedError

    def __getitem__(self, index: int) -> SampleT_co:
        return self.sample(np.random.default_rng([self.seed, index]))


class Task(Protocol[NetworkT, BatchT]):
    """One network and all that its training needs; the loop in models/training/loop.py knows nothing else of it.

    A network that is to be exported has an attribute ``dimensions``, the dataclass that its shapes follow from.
    """

    @property
    def name(self) -> str:
        """Of the task, and of the weights that come of it."""

    @property
    def chosen_by(self) -> str:
        """Which figure of ``evaluate`` chooses checkpoints."""

    @property
    def larger_is_better(self) -> bool:
        """Whether that figure is to grow."""

    def network(self) -> NetworkT:
        """A fresh network on the CPU, weights drawn from torch's random state."""

    def dataset(self, seed: int) -> RandomSamples[BatchT]:
        """The training samples of that seed; the loop stacks them to batches."""

    def loss(self, network: NetworkT, batch: BatchT) -> dict[str, Tensor]:
        """Named, already weighted terms; their sum is minimised.

        It runs under autocast where the configuration says bf16; what needs single precision leaves it.
        """

    def evaluate(self, network: NetworkT) -> dict[str, float]:
        """Figures on the validation split, flat names; cheap enough for every few minutes.

        The network is in evaluation mode, without gradients, and on the CPU unless the loop's ``judge_on`` says
        otherwise. What is written into its buffers goes with the weights.
        """

    def draw(self, network: NetworkT, path: Path) -> None:
        """Write a PNG from which a person can judge the network; a task may have nothing to draw."""


@runtime_checkable
class AdversarialTask(Protocol):
    """A task with a second player, trained in turn with the network on the same batches.

    Structural: a Task that has these three methods as well is one.
    """

    def critic(self) -> nn.Module | None:
        """A fresh critic; None where the configuration leaves it out, and ``Task.loss`` is used."""

    def adversarial_loss(self, network: Any, critic: Any, batch: Any) -> dict[str, Tensor]:
        """What the network minimises, all terms of ``Task.loss`` included; the critic stands still."""

    def critic_loss(self, network: Any, critic: Any, batch: Any) -> Tensor:
        """What the critic minimises; the network stands still."""


@dataclass(frozen=True)
class TrainingData:
    """The clips of a run: those that train, and those of other people that choose and never train."""

    training: ClipCache
    validation: ClipCache


@dataclass(frozen=True)
class TaskKind:
    """How a task is configured and made; each module of tasks/ has one as its constant TASK."""

    config: type[Any]  # a frozen dataclass: the task's own part of the YAML file
    create: Callable[[Any, TrainingData], Task[Any, Any]]
