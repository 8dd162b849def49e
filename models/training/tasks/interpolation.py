"""The task of training the interpolation of 5 pictures a second to 25."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import torch
from torch import Tensor

from models.consistency import luma
from models.interpolation import FrameInterpolation, InterpolationDimensions
from models.training.interpolation_data import KeySample, KeyWindows, StretchBank
from models.training.interpolation_scores import ReceivedClip, received_clips, score_interpolation
from models.training.task import TaskKind, TrainingData

# Weights of the 25 outputs: a call shows those of the last interval, or of the one before when a key is late.
OUTPUT_WEIGHTS = (0.3,) * 5 + (1.0,) * 5 + (1.5,) * 5 + (3.0,) * 6 + (0.5,) * 4
FLOOR = 1e-6  # of squared errors under a root


@dataclass(frozen=True)
class InterpolationConfig:
    """Key ``interpolation`` of a training file."""

    network: InterpolationDimensions
    stretches: int  # different ones; each takes 30 ms to code and is then kept in memory
    reverse: float  # share of them that runs backwards
    luma: float  # weight of luma's error beside RGB's: the wire leaves chroma coarse, and motion is seen in luma
    judged_quality: int  # of the low-resolution codec


class InterpolationTask:
    """FrameInterpolation on coded pictures."""

    name = "interpolation"
    chosen_by = "network_psnr_db"
    larger_is_better = True

    def __init__(self, config: InterpolationConfig, data: TrainingData) -> None:
        self.config = config
        self.data = data

    def network(self) -> FrameInterpolation:
        """Fresh: linear interpolation."""
        return FrameInterpolation(self.config.network)

    def dataset(self, seed: int) -> KeyWindows:
        """Windows of augmented training clips."""
        bank = StretchBank(self.data.training, seed, self.config.stretches, self.config.reverse)
        return KeyWindows(bank, seed)

    def loss(self, network: FrameInterpolation, batch: KeySample) -> dict[str, Tensor]:
        """RMS errors of each output of each sample, so that lively clips do not drown the calm ones."""
        error = network(batch.keys, batch.step) - batch.exact
        weights = torch.tensor(OUTPUT_WEIGHTS, device=error.device)
        weights = weights / weights.sum()
        return {
            "rgb": (root_mean_square(error) * weights).sum(1).mean(),
            "luma": self.config.luma * (root_mean_square(luma(error)) * weights).sum(1).mean(),
        }

    def evaluate(self, network: FrameInterpolation) -> dict[str, float]:
        """PSNR of RGB and luma beside linear interpolation's."""
        return score_interpolation(network, self._clips)

    def draw(self, network: FrameInterpolation, path: Path) -> None:
        """Nothing: a person cannot judge 8×8 pixels."""

    @cached_property
    def _clips(self) -> list[ReceivedClip]:
        return list(received_clips(self.data.validation, self.config.judged_quality))


def root_mean_square(error: Tensor) -> Tensor:
    """(..., C, 8, 8) → (...): over colours and pixels."""
    return torch.sqrt((error**2).mean((-3, -2, -1)) + FLOOR)


TASK = TaskKind(InterpolationConfig, InterpolationTask)
