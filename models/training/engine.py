"""Where training runs: one CPU, one GPU, or one process of many that torchrun started."""

from __future__ import annotations

import os
import warnings
from datetime import timedelta
from typing import Any

import torch
from lightning_fabric import Fabric
from lightning_fabric.strategies.ddp import DDPStrategy
from torch import Tensor, nn

from models.training.config import LoopConfig

LONGEST_WAIT = timedelta(hours=3)  # of processes for the one that decodes clips or judges


def create_fabric(config: LoopConfig, device: str) -> Fabric:
    """The engine on ``device``, "cpu" or "cuda"; under torchrun, one process of a group that shares each step."""
    processes, here = (int(os.environ.get(name, "1")) for name in ("WORLD_SIZE", "LOCAL_WORLD_SIZE"))
    # A term may leave out parameters, such as those of a part that a batch has no labels for.
    shared = DDPStrategy(find_unused_parameters=True, timeout=LONGEST_WAIT)
    strategy: Any = shared if processes > 1 else "auto"
    if device == "cpu":
        torch.set_num_threads(config.threads)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # advice on flags and on hardware that is left idle on purpose
        fabric = Fabric(
            accelerator=device,
            devices=here,
            num_nodes=processes // here,
            strategy=strategy,
            precision="32-true",  # see Objective
        )
        fabric.launch()
    return fabric


class Objective(nn.Module):
    """A player's loss as a module, so that the engine can average gradients over processes.

    ``trained`` is the player whose parameters it has; everything else is in ``loss``. Autocast stands here: the
    engine's own mixed precision rounds samples to bfloat16 too, and positions to half a pixel with them.
    """

    def __init__(self, config: LoopConfig, trained: nn.Module, loss: Any) -> None:
        super().__init__()
        self.trained = trained
        self._loss = loss
        self._mixed = config.precision == "bf16-mixed"

    def forward(self, batch: Any) -> dict[str, Tensor]:
        """Named terms of one batch."""
        device = next(self.trained.parameters()).device.type
        with torch.autocast(device, torch.bfloat16, enabled=self._mixed):
            terms: dict[str, Tensor] = self._loss(self.trained, batch)
        return terms


def agree(fabric: Fabric, flags: list[bool]) -> list[bool]:
    """Each flag that any process raised, known to all of them."""
    if fabric.world_size == 1:
        return flags
    raised = torch.tensor([float(flag) for flag in flags], device=fabric.device)
    torch.distributed.all_reduce(raised, torch.distributed.ReduceOp.MAX)
    return [bool(flag) for flag in raised.tolist()]


def gathered(fabric: Fabric, own: Any) -> list[Any]:
    """What each process has, in their order."""
    if fabric.world_size == 1:
        return [own]
    everyone: list[Any] = [None] * fabric.world_size
    torch.distributed.all_gather_object(everyone, own)
    return everyone
