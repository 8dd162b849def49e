"""The task of training `mmsd`: small, coarsely coded faces, four times as large."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from callcodec.config import load_config
from models.restoration.mmsd import EVERYTHING, Branches, Mmsd, MmsdDimensions, Restoration
from models.restoration.mmsd_restorer import MmsdRestorer
from models.restoration.packing import planes_to_rgb, unpack
from models.training.cache import PICTURE
from models.training.losses import region_masks
from models.training.restoration.discriminator import EmotionDiscriminator, fooled_loss, told_apart_loss
from models.training.restoration.judging import Judged, middle_pictures
from models.training.restoration.mmsd_data import MmsdSample, SmallFaces
from models.training.restoration.mmsd_scores import BAR, judged_small, mean_figures
from models.training.restoration.pictures import write_before_and_after
from models.training.task import TaskKind, TrainingData
from models.warping import single_precision

FLOOR = 3e-5  # of a squared error in 0..1, about 45 dB: what is better than that need not become better


@dataclass(frozen=True)
class MmsdConfig:
    """Key ``mmsd`` of a training file."""

    network: str  # a file of MmsdDimensions, such as models/mmsd_compact
    crf: tuple[int, int]  # lowest and highest quality of x264
    gain: float  # weight of PSNR, in tens of decibels, beside L1's 1; 0 in the paper
    face: float  # weight of a pixel in the face's box; 1 elsewhere
    action_units: float  # λ2
    adversarial: float  # λ1; 0: without a discriminator
    adversarial_from_step: int  # the paper's third epoch
    discriminator: tuple[int, ...]  # its channels
    judged_every: int  # pictures
    branches: Branches = EVERYTHING
    openface: Path | None = None  # folder of CLIP.csv; without it action units are proxies from landmarks


class Compared(NamedTuple):
    """A batch, restored."""

    batch: MmsdSample  # flattened: every picture is one of the batch
    restored: Restoration
    shown: Tensor  # (B, 3, 256, 256) in 0..1, not clamped
    target: Tensor  # (B, 3, 256, 256) in 0..1


class MmsdTask:
    """`mmsd` on sharp talking faces."""

    name = "mmsd"
    chosen_by = "face_gain_db"
    larger_is_better = True

    def __init__(self, config: MmsdConfig, data: TrainingData) -> None:
        self.config, self.data = config, data

    def network(self) -> Mmsd:
        """Fresh: bicubic enlargement."""
        network = Mmsd(load_config(self.config.network, MmsdDimensions))
        network.branches = self.config.branches
        return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]

    def dataset(self, seed: int) -> SmallFaces:
        """Coded stretches of the training clips."""
        return SmallFaces(self.data.training, self.config.crf, self.config.openface, seed)

    def loss(self, network: Mmsd, batch: MmsdSample) -> dict[str, Tensor]:
        """L1 of RGB and λ2 · L_E (equation 7, without the discriminator)."""
        return self._terms(self._compare(network, batch))

    def critic(self) -> EmotionDiscriminator | None:
        """Fresh, where the adversarial loss has a weight."""
        return EmotionDiscriminator(self.config.discriminator, PICTURE) if self.config.adversarial else None

    def adversarial_loss(
        self, network: Mmsd, critic: EmotionDiscriminator, batch: MmsdSample
    ) -> dict[str, Tensor]:
        """Equation 7; the discriminator is listened to from a step on."""
        compared = self._compare(network, batch)
        terms = self._terms(compared)
        if int(critic.steps) >= self.config.adversarial_from_step:
            judged = critic(compared.shown, compared.batch.emotion)
            terms["adversarial"] = self.config.adversarial * fooled_loss(judged)
        return terms

    def critic_loss(self, network: Mmsd, critic: EmotionDiscriminator, batch: MmsdSample) -> Tensor:
        """Real pictures told apart from restored ones, each with its emotion."""
        with torch.no_grad():
            compared = self._compare(network, batch)
            critic.steps += 1
        emotion = compared.batch.emotion
        return told_apart_loss(critic(compared.target, emotion), critic(compared.shown, emotion))

    def evaluate(self, network: Mmsd) -> dict[str, float]:
        """Gain in PSNR over bicubic enlargement on sharp validation clips, at the paper's three qualities."""
        return mean_figures(MmsdRestorer(network), self._judged, self.config.judged_every)

    def draw(self, network: Mmsd, path: Path) -> None:
        """Original, bicubic and restored picture of every validation clip."""
        write_before_and_after(middle_pictures(MmsdRestorer(network), self._judged, BAR), path)

    def _compare(self, network: Mmsd, batch: MmsdSample) -> Compared:
        flat = MmsdSample(*(tensor.flatten(0, 1) for tensor in batch))
        restored: Restoration = network(flat.pictures / 255.0, flat.voice, flat.emotion)
        with single_precision(flat.target.device):
            target = planes_to_rgb(*unpack(flat.target / 255.0))
            return Compared(flat, restored, planes_to_rgb(*unpack(restored.picture)), target)

    def _terms(self, compared: Compared) -> dict[str, Tensor]:
        batch, config = compared.batch, self.config
        with single_precision(batch.target.device):
            weight = 1 + (config.face - 1) * region_masks(batch.face[:, None], PICTURE)
            weight = weight / weight.mean()
            error = (compared.shown - compared.target).abs()
            weighted = weight * error
            wrong = compared.restored.action_units - batch.action_units
            known = torch.isfinite(wrong)
            terms = {
                "l1": weighted.mean(),
                "action_units": config.action_units * wrong[known].square().sum() / len(wrong),
            }
            if config.gain:
                # A decibel counts the same in good and bad streams.
                squared = (weighted * error).mean((1, 2, 3))
                terms["gain"] = config.gain * (squared + FLOOR).log10().mean()
            return terms

    @cached_property
    def _judged(self) -> list[Judged]:
        return judged_small(self.data.validation)


TASK = TaskKind(MmsdConfig, MmsdTask)
