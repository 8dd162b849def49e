"""The task of training the prediction of now from past pictures and the voice."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from torch import Tensor

from models.consistency import luma
from models.interpolation import CausalDimensions, CausalPrediction
from models.training.interpolation_data import CausalSample, CausalWindows, StretchBank
from models.training.interpolation_scores import ReceivedClip, received_clips, score_prediction
from models.training.task import TaskKind, TrainingData
from models.training.tasks.interpolation import root_mean_square


@dataclass(frozen=True)
class CausalConfig:
    """Key ``interpolation_causal`` of a training file; for the others see InterpolationConfig."""

    network: CausalDimensions
    stretches: int
    reverse: float
    oldest: float  # key intervals after the newest key up to which is trained
    luma: float
    judged_quality: int


class CausalTask:
    """CausalPrediction on coded pictures and the voice."""

    name = "interpolation_causal"
    chosen_by = "network_psnr_db"
    larger_is_better = True

    def __init__(self, config: CausalConfig, data: TrainingData) -> None:
        self.config = config
        self.data = data

    def network(self) -> CausalPrediction:
        """Fresh: holds the newest key."""
        return CausalPrediction(self.config.network)

    def dataset(self, seed: int) -> CausalWindows:
        """Windows of augmented training clips, and moments after them."""
        bank = StretchBank(self.data.training, seed, self.config.stretches, self.config.reverse)
        return CausalWindows(bank, seed, self.config.oldest)

    def loss(self, network: CausalPrediction, batch: CausalSample) -> dict[str, Tensor]:
        """RMS errors of each sample, so that lively clips do not drown the calm ones."""
        error = network(batch.keys, batch.step, batch.age, batch.mel) - batch.exact
        return {
            "rgb": root_mean_square(error).mean(),
            "luma": self.config.luma * root_mean_square(luma(error)).mean(),
        }

    def evaluate(self, network: CausalPrediction) -> dict[str, float]:
        """PSNR of RGB and luma, with and without the voice, beside holding and extrapolating."""
        return score_prediction(network, self._clips)

    def draw(self, network: CausalPrediction, path: Path) -> None:
        """Nothing: a person cannot judge 8×8 pixels."""

    @cached_property
    def _clips(self) -> list[ReceivedClip]:
        return list(received_clips(self.data.validation, self.config.judged_quality))


TASK = TaskKind(CausalConfig, CausalTask)
