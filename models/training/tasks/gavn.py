"""The task of training `gavn`, in the paper's two stages: the temporal module first, then the rest, then all."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from callcodec.config import load_config
from models.landmark_network import fuse_normalisation
from models.landmarks import load_landmark_network
from models.restoration.gavn import Beyond, Branches, Gavn, GavnDimensions, Restored
from models.restoration.gavn_restorer import GavnRestorer, scaled
from models.training.restoration.gavn_data import DegradedStretches, GavnSample
from models.training.restoration.gavn_scores import BARS, JudgedClip, judged_clips, mean_gains, restored
from models.training.restoration.pictures import write_before_and_after
from models.training.task import TaskKind, TrainingData

SMOOTH = 1e-3  # of the Charbonnier penalty (Lai et al. 2017), in 0..1
LEAST = 2e-3  # of a penalty: below half a grey level there is nothing to restore
STAGES = ("temporal", "identity", "whole")
LUMA_PHASES = 4
JUDGED_PICTURES = 24  # of each clip


@dataclass(frozen=True)
class GavnConfig:
    """Key ``gavn`` of a training file."""

    network: str  # a file of GavnDimensions, such as models/gavn_compact
    stage: str  # temporal: stage one; identity: stage two while the temporal module stands still; whole: then all
    chroma: float  # weight of a chroma sample beside one of luma
    landmarks: float  # of the mean error of the landmarks, in pixels
    known_faces: bool  # a fresh landmark network begins with the shipped one's first pass
    judged_times: tuple[int, ...]  # pictures of each validation clip, below 24

    def __post_init__(self) -> None:
        if self.stage not in STAGES:
            raise ValueError(f"stage is {self.stage!r}; known are {', '.join(STAGES)}")
        if not self.judged_times or max(self.judged_times) >= JUDGED_PICTURES:
            raise ValueError(f"judged_times must be some numbers below {JUDGED_PICTURES}")


class GavnTask:
    """`gavn` on sharp talking faces that were compressed, blurred or reduced."""

    name = "gavn"
    chosen_by = "mean_face_gain_db"
    larger_is_better = True

    def __init__(self, config: GavnConfig, data: TrainingData) -> None:
        self.config, self.data = config, data
        self.dimensions = load_config(config.network, GavnDimensions)
        self._judged: list[JudgedClip] | None = None

    def network(self) -> Gavn:
        """Fresh; what this stage leaves alone takes no gradients."""
        network = Gavn(self.dimensions)
        if self.config.known_faces:
            finder = fuse_normalisation(load_landmark_network().finder)
            network.identity.landmarks.finder.load_state_dict(finder.state_dict())
        network.requires_grad_(self.config.stage == "whole")
        if self.config.stage == "temporal":
            network.branches = Branches(identity=False)
            network.temporal.requires_grad_(True)
            network.coarse.requires_grad_(True)
        elif self.config.stage == "identity":
            network.identity.requires_grad_(True)
            network.reconstruction.requires_grad_(True)
        for parameter in network.landmark_parameters():
            parameter.requires_grad_(
                True
            )  # stage one teaches the landmarks beside: nothing else depends on them
        return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]

    def dataset(self, seed: int) -> DegradedStretches:
        """Degraded stretches of the training clips."""
        return DegradedStretches(self.data.training, self.dimensions.window, seed)

    def loss(self, network: Gavn, batch: GavnSample) -> dict[str, Tensor]:
        """Charbonnier's penalty, of what it was for the input; the landmarks' error reaches only what finds them.

        Counted alike, mildly degraded pictures would be worth nothing beside bad ones, and would be spoiled.
        """
        batch = GavnSample(*(tensor.flatten(0, 1) for tensor in batch))
        of_targets = [t.transpose(0, 1).flatten(0, 1) for t in (batch.small, batch.wiener)]
        beyond = Beyond(batch.origin, of_targets[0].float() / 255, of_targets[1].float())
        shown: Restored = network(scaled(batch.pictures), batch.voice, batch.voiced, beyond)
        target = scaled(batch.clean.transpose(0, 1).flatten(0, 1))
        points = batch.points.transpose(0, 1).flatten(0, 1)
        with torch.autocast(target.device.type, enabled=False):
            middle = batch.pictures[:, list(self.dimensions.targets)].transpose(0, 1).flatten(0, 1)
            left = penalty(shown.pictures.float() - target) / penalty(scaled(middle) - target)
            wrong = (shown.points - points).abs()
            known = torch.isfinite(wrong)
            return {
                "luma": left[:, 0].mean(),
                "chroma": self.config.chroma * left[:, 1].mean(),
                "landmarks": self.config.landmarks * wrong[known].sum() / known.sum().clamp(min=1),
            }

    def evaluate(self, network: Gavn) -> dict[str, float]:
        """Gains in PSNR on sharp validation clips at CRF 45, blur and ×4; ``mean``: of the three, in the face."""
        figures = mean_gains(GavnRestorer(network), self._clips(), self.config.judged_times)
        mean = np.mean([figures[f"{condition}_face_gain_db"] for condition in BARS])
        return {"mean_face_gain_db": float(mean)} | figures

    def draw(self, network: Gavn, path: Path) -> None:
        """Original, degraded and restored picture, every fourth clip under every condition."""
        restorer = GavnRestorer(network)
        time = self.config.judged_times[0]
        write_before_and_after(
            (
                (one.original[time].planes, one.degraded[time].planes, next(restored(restorer, one, [time])))
                for one in self._clips()[:: len(BARS) + 1]
            ),
            path,
        )

    def _clips(self) -> list[JudgedClip]:
        """The validation clips, degraded once."""
        if self._judged is None:
            self._judged = list(judged_clips(self.data.validation, BARS, JUDGED_PICTURES))
        return self._judged


def penalty(error: Tensor) -> Tensor:
    """(N, 6, h, w) → (N, 2): Charbonnier's mean over luma and over chroma, no less than LEAST."""
    each = (error.square() + SMOOTH**2).sqrt()
    parts = (each[:, :LUMA_PHASES], each[:, LUMA_PHASES:])
    return torch.stack([part.mean((1, 2, 3)) for part in parts], 1).clamp(min=LEAST)


TASK = TaskKind(GavnConfig, GavnTask)
