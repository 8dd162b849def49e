"""The task of training `paper`, in its two stages (Hegde et al., sections 3.2 and 3.3)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from callcodec.config import load_config
from models.paper.dimensions import PaperDimensions
from models.paper.network import NAME, STAGE_ONE_NAME, Paper, PaperStageOne
from models.sync import SyncLoss
from models.training.cache import PICTURE
from models.training.evaluate import Conditions
from models.training.fomm_losses import (
    equivariance_loss,
    perceptual_loss,
    region_boxes,
    region_loss,
)
from models.training.paper_data import SYNC_PICTURES, DegradationConfig, TalkingWindows, WindowSample
from models.training.paper_evaluate import Judge, Shown, Windows
from models.training.perceptual import perceptual_features
from models.training.task import Task, TaskKind, TrainingData
from models.training.thin_plate import ThinPlate


@dataclass(frozen=True)
class PaperLossWeights:
    """λ of equation 4, and those of L_fomm; 0 leaves a term out."""

    reconstruction: float
    perceptual: float
    equivariance_value: float
    equivariance_jacobian: float
    region: float
    sync: float


@dataclass(frozen=True)
class PaperConfig:
    """Key ``paper`` of a training file."""

    network: str  # a file of PaperDimensions, such as models/paper
    stage: int  # 1: the backbone alone; 2: all of it, begun with stage one's weights (--init)
    degradation: DegradationConfig
    loss: PaperLossWeights
    judged_under: Conditions
    vgg19: Path | None = None  # weights as torchvision saves them; without it, where torchvision keeps them

    def __post_init__(self) -> None:
        if self.stage not in (1, 2):
            raise ValueError(f"stage is 1 or 2, not {self.stage}")


class _PaperTask:
    """What both stages share."""

    chosen_by = "psnr_db"
    larger_is_better = True

    def __init__(self, config: PaperConfig, data: TrainingData) -> None:
        self.config = config
        self.data = data
        self.dimensions = load_config(config.network, PaperDimensions)
        self.judge = Judge(data.validation, self.dimensions, config.judged_under)

    def dataset(self, seed: int) -> TalkingWindows:
        """Augmented windows of the training clips."""
        return TalkingWindows(self.data.training, seed, self.dimensions, self.config.degradation)


class PaperStageOneTask(_PaperTask):
    """The backbone learns to show the face as far as low-resolution pictures and voice tell it: L_rec of F_int."""

    name = STAGE_ONE_NAME

    def network(self) -> PaperStageOne:
        """Fresh."""
        return PaperStageOne(self.dimensions)

    def loss(self, network: PaperStageOne, batch: WindowSample) -> dict[str, Tensor]:
        """Equation 1."""
        intermediate = network(batch.lowres, batch.mel, batch.emotion)
        error = (intermediate.float() - batch.target / 255.0).abs().mean()
        return {"reconstruction": self.config.loss.reconstruction * error}

    def evaluate(self, network: PaperStageOne) -> dict[str, float]:
        """PSNR and SSIM on the validation clips."""
        return self.judge.figures(lambda windows: self._show(network, windows))

    def draw(self, network: PaperStageOne, path: Path) -> None:
        """Original, bicubic, F_int twice and the identity image of every second validation clip."""
        self.judge.draw(lambda windows: self._show(network, windows), path)

    @torch.no_grad()
    def _show(self, network: PaperStageOne, windows: Windows) -> Shown:
        given = on_device_of(network, windows)
        newest = network(given.lowres, given.mel, given.emotion, newest_only=True)[:, 0].float()
        return Shown(newest, newest)


class PaperStageTwoTask(_PaperTask):
    """The whole network, end to end: equation 4."""

    name = NAME

    def __init__(self, config: PaperConfig, data: TrainingData, sync: nn.Module | None = None) -> None:
        """``sync``: equation 3, as models/sync.py has it; the term is left out without it.

        Raises ValueError for windows too short for it, WeightsError where features for the perceptual loss are missing.
        """
        super().__init__(config, data)
        self.sync = sync
        if sync is not None and self.dimensions.window < SYNC_PICTURES:
            raise ValueError(
                f"the sync loss needs windows of {SYNC_PICTURES} pictures, not {self.dimensions.window}: set sync to 0"
            )
        self.features = perceptual_features(config.vgg19)

    def network(self) -> Paper:
        """Fresh; without stage one's weights (--init) it is what Table 7 calls without pre-training."""
        return Paper(self.dimensions)

    def loss(self, network: Paper, batch: WindowSample) -> dict[str, Tensor]:
        """The terms of equation 4; L_rec is that of the output F_hr, as L_region and L_sync are.

        Convolutions may run in bfloat16, differences do not.
        """
        weights = self.config.loss
        made = network(batch.lowres, batch.mel, batch.identity / 255.0, batch.emotion)
        picture = made.picture.float()
        y, target = picture.flatten(0, 1), batch.target.flatten(0, 1) / 255.0
        landmarks = batch.landmarks.flatten(0, 1)
        terms = {
            "reconstruction": weights.reconstruction * (y - target).abs().mean(),
            "region": weights.region * region_loss(y, target, region_boxes(landmarks)),
        }
        if weights.perceptual > 0:
            self.features.to(y.device)
            terms["perceptual"] = weights.perceptual * perceptual_loss(self.features, y, target)
        if weights.equivariance_value > 0 or weights.equivariance_jacobian > 0:
            driving = made.intermediate.flatten(0, 1).float().detach()
            deformation = ThinPlate.random(len(driving), y.device)
            value, jacobian = equivariance_loss(
                network.animation.key_point_detector, driving, made.animated.driving, deformation
            )
            terms["equivariance_value"] = weights.equivariance_value * value
            terms["equivariance_jacobian"] = weights.equivariance_jacobian * jacobian
        if self.sync is not None and bool(batch.in_sync.any()):
            lips, last = batch.in_sync, slice(-SYNC_PICTURES, None)
            sync = self.sync.to(y.device)(
                picture[lips, last], batch.lip_mel[lips], batch.landmarks[lips, last]
            )
            terms["sync"] = weights.sync * sync
        return terms

    def evaluate(self, network: Paper) -> dict[str, float]:
        """PSNR and SSIM on the validation clips."""
        return self.judge.figures(lambda windows: self._show(network, windows))

    def draw(self, network: Paper, path: Path) -> None:
        """Original, bicubic, F_int, output and the identity image of every second validation clip."""
        self.judge.draw(lambda windows: self._show(network, windows), path)

    @torch.no_grad()
    def _show(self, network: Paper, windows: Windows) -> Shown:
        given = on_device_of(network, windows)
        made = network(given.lowres, given.mel, given.identity, given.emotion, newest_only=True)
        return Shown(made.picture[:, 0].float(), made.intermediate[:, 0].float())


def on_device_of(network: nn.Module, windows: Windows) -> Windows:
    """``windows`` where the network's weights are."""
    device = next(network.parameters()).device
    return Windows(*(tensor.to(device) for tensor in windows))


def create_task(config: PaperConfig, data: TrainingData) -> Task[Any, WindowSample]:
    """The task of the configuration's stage. ValueError for shapes that training data have not."""
    picture = load_config(config.network, PaperDimensions).picture
    if picture != PICTURE:
        raise ValueError(f"{config.network}: clips have {PICTURE} pixels, so picture cannot be {picture}")
    if config.stage == 1:
        return PaperStageOneTask(config, data)
    return PaperStageTwoTask(config, data, SyncLoss() if config.loss.sync > 0 else None)


TASK = TaskKind(PaperConfig, create_task)
