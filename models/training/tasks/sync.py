"""The task of training a lip/voice pair network: lips know their own voice from the same voice a moment off."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from models.sync_network import LIP_CROP, LipCode, SyncDimensions, SyncNetwork, VoiceCode
from models.sync_scoring import OUT_OF_SYNC, measure_accuracy, offset_curve
from models.training.cache import ClipCache
from models.training.lip_store import WIDE_CROP, LipStore, open_lips
from models.training.sync_data import (
    FIRST_HEARD,
    LipsAndVoices,
    SyncSample,
    padded_voice,
    people_in_halves,
)
from models.training.task import TaskKind, TrainingData

HALVES = ("first", "second", "all")


@dataclass(frozen=True)
class SyncConfig:
    """Key ``sync`` of a training file."""

    name: str  # of the weights: sync or sync_judge
    half: str  # of the people, so that loss and judge know nobody in common: first, second or all
    network: SyncDimensions
    lags: dict[str, int]  # clips whose voice comes too late by that many pictures (too early: negative)
    silent_share: float  # of samples: pictures of any clip of these people, for the shape of lips alone
    contrast_weight: float
    probability_weight: float
    geometry_weight: float
    voice_geometry_weight: float

    def __post_init__(self) -> None:
        if self.half not in HALVES:
            raise ValueError(f"half is {self.half!r}; known are {', '.join(HALVES)}")


class SyncTask:
    """SyncNetwork on clips whose lips go with their voice."""

    chosen_by = "pairs"
    larger_is_better = True

    def __init__(self, config: SyncConfig, data: TrainingData) -> None:
        self.config, self.data = config, data
        self.name = config.name
        first, second = people_in_halves(data.training)
        self.people = {"first": first, "second": second, "all": first | second}[config.half]
        self.lips, self.judged_lips = open_lips(data.training), open_lips(data.validation)

    def network(self) -> SyncNetwork:
        """Fresh."""
        return SyncNetwork(self.config.network)

    def dataset(self, seed: int) -> LipsAndVoices:
        """Augmented stretches of the clips of this half's people."""
        config = self.config
        return LipsAndVoices(
            self.data.training, self.lips, self.people, config.lags, config.silent_share, seed
        )

    def loss(self, network: SyncNetwork, batch: SyncSample) -> dict[str, Tensor]:
        """Contrast within each clip, a probability, and the lips' shape from either side."""
        config = self.config
        seen: LipCode = network.lip_encoder(batch.lips.float() / 255)
        heard: VoiceCode = network.voice_encoder(batch.mel)
        known = batch.in_sync > 0
        cosines = (seen.embedding @ heard.embedding.transpose(1, 2))[known]
        valid = ~torch.isnan(batch.geometry)
        shape = F.smooth_l1_loss(seen.geometry[valid], batch.geometry[valid], beta=0.05)
        voice_shape = F.smooth_l1_loss(heard.geometry[known], batch.heard[known])
        return {
            "contrast": config.contrast_weight * contrast(cosines * network.log_temperature.exp()),
            "probability": config.probability_weight * in_sync_or_not(network.probability_logit(cosines)),
            "geometry": config.geometry_weight * shape,
            "voice_geometry": config.voice_geometry_weight * voice_shape,
        }

    @torch.inference_mode()
    def evaluate(self, network: SyncNetwork) -> dict[str, float]:
        """See Accuracy; written into the network as well, so that it goes with the weights."""
        embeddings = [
            (lips, voice) for _, lips, voice in embedded(network, self.data.validation, self.judged_lips)
        ]
        figures = asdict(measure_accuracy(embeddings))
        network.accuracy.copy_(torch.tensor(list(figures.values())))
        return figures

    @torch.inference_mode()
    def draw(self, network: SyncNetwork, path: Path) -> None:
        """A column a clip: its distances over offsets, −15 pictures at the top; the least one is white."""
        rows = []
        for _, lips, voice in embedded(network, self.data.validation, self.judged_lips):
            distances = np.array(offset_curve(lips, voice).distances)
            depth = (distances.max() - distances) / max(np.ptp(distances), 1e-6)
            rows.append((depth**2 * 255).astype(np.uint8))
        cv2.imwrite(str(path), np.stack(rows, 1).repeat(16, 0).repeat(32, 1))


def contrast(logits: Tensor) -> Tensor:
    """InfoNCE within a clip, both ways; (B, T, T). A window's direct neighbours are neither right nor wrong."""
    number = torch.arange(logits.shape[-1], device=logits.device)
    beside = (number[None] - number[:, None]).abs() == 1
    logits = logits.masked_fill(beside, -1e4)
    own = number.expand(logits.shape[:2])
    both = (F.cross_entropy(way.flatten(0, 1), own.flatten()) for way in (logits, logits.transpose(1, 2)))
    return torch.stack(list(both)).mean()


def in_sync_or_not(logits: Tensor) -> Tensor:
    """Cross-entropy of "in sync" on (B, T, T); shifted pairs are those of 0.2 s or more, and weigh as much in all."""
    number = torch.arange(logits.shape[-1], device=logits.device)
    far = (number[None] - number[:, None]).abs() >= OUT_OF_SYNC
    own = logits.diagonal(dim1=1, dim2=2)
    return (F.softplus(-own).mean() + F.softplus(logits[:, far]).mean()) / 2


@torch.inference_mode()
def embedded(network: SyncNetwork, cache: ClipCache, store: LipStore) -> Iterator[tuple[str, Tensor, Tensor]]:
    """(name, lips, voice) of every clip in sync: embeddings (n − 4, E), window by window."""
    network.eval()
    edge = (WIDE_CROP - LIP_CROP) // 2
    for index, clip in enumerate(cache.clips):
        if clip.lip_sync != "yes":
            continue
        crops = np.stack([store.crop(clip.first_frame + t) for t in range(clip.frames)])
        lips = torch.from_numpy(crops[:, edge:-edge, edge:-edge].astype(np.float32) / 255)[None]
        mel = torch.from_numpy(padded_voice(cache.mel(index), clip.frames))[None]
        voice = network.voice_encoder(mel).embedding[0, FIRST_HEARD:-FIRST_HEARD]
        yield clip.name, network.lip_encoder(lips).embedding[0], voice


TASK = TaskKind(SyncConfig, SyncTask)
