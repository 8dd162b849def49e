"""The task of training `compact`: pictures that are right, sharp and moved rather than painted."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from callcodec.config import load_config
from models.compact import Compact
from models.compact_parts import CompactDimensions
from models.consistency import correct
from models.sync import SyncLoss, crop_lips
from models.training.cache import LANDMARKS
from models.training.compact_data import Sample, TalkingFaces
from models.training.evaluate import Conditions, evaluate
from models.training.losses import (
    detail,
    expression_loss,
    gradient_loss,
    pyramid_loss,
    region_loss,
    region_masks,
    texture_loss,
)
from models.training.pictures import write_sample_grid
from models.training.task import TaskKind, TrainingData

FADED_FEATURES = 15.0  # how much more a faded eye or mouth costs than a faded wall
PAINTED_FREELY = (
    0.85  # of the price of painting that hinted lips and eyes do not pay: a mouth that opens is new
)


@dataclass(frozen=True)
class LossWeights:
    """Weights of the terms; the sum of L1 (pyramid) and gradients is what keeps pictures right and sharp."""

    pyramid: float
    gradient: float
    texture: float  # of the contrast of patches
    region_l2: float
    region_l1: float
    raw: float  # of the same L1 before the consistency step, so that the network itself stays honest
    moved: float  # of the identity image as it was only moved: motion is to explain what it can
    faded: float  # of the share of a picture that is only the enlarged low resolution: blur is no answer to doubt
    painted: float  # of detail that is painted instead of moved
    region_gradient: float  # of gradients inside lips and eyes
    sync: float  # of the frozen lip-sync network's doubt (Hegde et al., equation 3); 0: without it
    expression: float  # of the expression as told from low resolution and voice


@dataclass(frozen=True)
class CompactConfig:
    """Key ``compact`` of a training file."""

    network: str  # a file of CompactDimensions, such as models/compact
    consistency_weight: float  # of the step that follows the network, in training
    consistency_iterations: int
    loss: LossWeights
    judged_under: Conditions


class CompactTask:
    """`compact` on talking faces."""

    name = "compact"
    chosen_by = "psnr_db"
    larger_is_better = True

    def __init__(self, config: CompactConfig, data: TrainingData) -> None:
        self.config = config
        self.data = data
        self.sync = SyncLoss() if config.loss.sync > 0 else None

    def network(self) -> Compact:
        """Fresh, sizes from the file that the configuration names."""
        network = Compact(load_config(self.config.network, CompactDimensions))
        return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]

    def dataset(self, seed: int) -> TalkingFaces:
        """Augmented pictures of the training clips."""
        return TalkingFaces(self.data.training, seed)

    def loss(self, network: Compact, batch: Sample) -> dict[str, Tensor]:
        """The weighted terms, after the consistency step that the receiver will apply too."""
        return compute_loss(self.config, network, batch, self.sync)

    def evaluate(self, network: Compact) -> dict[str, float]:
        """PSNR and SSIM of every method on the validation clips, and the bytes of a low-resolution picture."""
        result = evaluate(network, self.data.validation, self.config.judged_under)
        figures = {"payload_bytes": result.payload_bytes}
        for method, score in result.mean.items():
            suffix = "" if method == "ours" else f"_{method}"
            figures |= {f"psnr_db{suffix}": score.psnr_db, f"ssim{suffix}": score.ssim}
        return figures

    def draw(self, network: Compact, path: Path) -> None:
        """Original, bicubic, ours and the identity image of every second validation clip."""
        write_sample_grid(network, self.data.validation, path, self.config.judged_under)


def compute_loss(
    config: CompactConfig, network: Compact, batch: Sample, sync: SyncLoss | None = None
) -> dict[str, Tensor]:
    """The weighted terms; convolutions may run in bfloat16, positions, flows and losses do not."""
    target = (batch.target / 255.0).contiguous(memory_format=torch.channels_last)
    identity = (batch.identity / 255.0).contiguous(memory_format=torch.channels_last)
    parts = network.animate(
        batch.lowres,
        batch.mel,
        network.encode_identity(identity, batch.identity_shape),
        batch.shape,
        batch.emotion,
    )
    with torch.autocast(target.device.type, enabled=False):
        raw, moved = parts.picture.float(), parts.moved.float()
        y = correct(raw, batch.lowres[:, -1], config.consistency_weight, config.consistency_iterations)
        # Where nobody says what lips and lids do, they cannot be in their place: asking for it would teach blur.
        said = torch.isfinite(batch.shape).flatten(1).all(1).to(y.dtype)
        regions = batch.regions * said[:, None, None]
        region_l2, region_l1 = region_loss(y, target, regions)
        moved_l1 = region_loss(moved, target, regions)[1]
        features, paintable = (region_masks(r, y.shape[-1]) for r in (batch.regions, regions))
        area = paintable.mean().clamp(min=0.01)
        weights = config.loss
        terms = {
            "pyramid": weights.pyramid * pyramid_loss(y, target),
            "gradient": weights.gradient * gradient_loss(y, target),
            "texture": weights.texture * texture_loss(y, target),
            "region_l2": weights.region_l2 * region_l2,
            "region_l1": weights.region_l1 * region_l1,
            "raw": weights.raw * (raw - target).abs().mean(),
            "moved": weights.moved * (pyramid_loss(moved, target) + weights.region_l1 * moved_l1),
            "faded": weights.faded * ((1 - parts.blend.float()) * (1 + FADED_FEATURES * features)).mean(),
            "painted": weights.painted
            * (detail(parts.change.float()).abs() * (1 - PAINTED_FREELY * paintable)).mean(),
            "expression": weights.expression * expression_loss(parts.expression, batch.true_shape),
            "region_gradient": weights.region_gradient
            * gradient_loss(y * paintable, target * paintable)
            / area,
        }
        if sync is not None and batch.in_sync.any():
            terms["sync"] = weights.sync * sync.to(y.device).of_lips(
                lips_with(y, batch), batch.mel[batch.in_sync]
            )
        return terms


def lips_with(y: Tensor, batch: Sample) -> Tensor:
    """(n, 5, 48, 48) of those in sync: the shown lips (from y, (B, 3, 256, 256)) among their true neighbours."""
    chosen = batch.in_sync
    lips = batch.lips[chosen] / 255.0
    shown = crop_lips(y[chosen][:, None], batch.true_shape[chosen][:, None, :LANDMARKS])
    return torch.cat((lips[:, :2], shown, lips[:, 3:]), 1)


TASK = TaskKind(CompactConfig, CompactTask)
