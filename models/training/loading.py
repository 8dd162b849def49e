"""Batches of a task's samples: which sample comes when depends on the step alone, not on who makes it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

import cv2
import torch
from torch.utils.data import DataLoader, Sampler

from models.training.task import RandomSamples

BatchT = TypeVar("BatchT")


class StepSampler(Sampler[list[int]]):
    """Numbers of the samples of step ``first``, ``first`` + 1 and so on, for one of ``processes``.

    Step s of all processes together has the samples s · batch .. (s + 1) · batch − 1.
    """

    def __init__(self, first: int, batch: int, process: int = 0, processes: int = 1) -> None:
        if batch % processes:
            raise ValueError(f"a batch of {batch} cannot be divided among {processes} processes")
        self.first, self.batch = first, batch
        self.share = batch // processes
        self.process = process

    def __iter__(self) -> Iterator[list[int]]:
        start = self.first * self.batch + self.process * self.share
        while True:
            yield list(range(start, start + self.share))
            start += self.batch


def batches(
    dataset: RandomSamples[BatchT], sampler: StepSampler, workers: int, pin: bool = False
) -> Iterator[BatchT]:
    """Endless stacked samples, made by ``workers`` processes of their own; 0: by this one."""
    # Spawned: a fork would inherit locks of OpenCV's and OpenMP's threads, but not the threads, and wait for ever.
    spawned: dict[str, Any] = {"multiprocessing_context": "spawn", "prefetch_factor": 4} if workers else {}
    loader = DataLoader(
        dataset,
        batch_sampler=sampler,
        num_workers=workers,
        worker_init_fn=_one_thread,
        pin_memory=pin,
        generator=torch.Generator(),  # of its own: making a loader must not draw from the network's
        **spawned,
    )
    return iter(loader)


def _one_thread(_worker: int) -> None:
    cv2.setNumThreads(1)
