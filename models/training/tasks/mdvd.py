"""The task of training `mdvd`: H.264 as calls send it, back to what it was."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from callcodec.config import load_config
from models.restoration.mdvd import Codec, Mdvd, MdvdDimensions
from models.restoration.mdvd_restorer import MdvdRestorer
from models.restoration.packing import LUMA
from models.training.restoration.mdvd_data import DecodedFaces, MdvdSample
from models.training.restoration.mdvd_scores import Judged, judged_streams, mean_gain, restored_pictures
from models.training.restoration.pictures import write_before_and_after
from models.training.task import TaskKind, TrainingData

SMOOTH = 1e-3  # of the Charbonnier penalty, in 0..1


@dataclass(frozen=True)
class MdvdConfig:
    """Key ``mdvd`` of a training file."""

    network: str  # a file of MdvdDimensions, such as models/mdvd_compact
    chroma: float  # weight of a chroma sample beside one of luma
    landmarks: float  # of the mean error of the corrected landmarks, in pixels
    judged_every: int  # pictures


class MdvdTask:
    """`mdvd` on sharp talking faces."""

    name = "mdvd"
    chosen_by = "face_gain_db"
    larger_is_better = True

    def __init__(self, config: MdvdConfig, data: TrainingData) -> None:
        self.config, self.data = config, data
        self._streams: list[Judged] | None = None

    def network(self) -> Mdvd:
        """Fresh, sizes from the file that the configuration names."""
        network = Mdvd(load_config(self.config.network, MdvdDimensions))
        return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]

    def dataset(self, seed: int) -> DecodedFaces:
        """Encoded stretches of the training clips."""
        return DecodedFaces(self.data.training, seed)

    def loss(self, network: Mdvd, batch: MdvdSample) -> dict[str, Tensor]:
        """Charbonnier on packed planes; the landmarks' error reaches only what corrects them."""
        batch = MdvdSample(*(t.flatten(0, 1) for t in batch))
        target = (batch.target / 255.0).contiguous(memory_format=torch.channels_last)
        codec = Codec(batch.picture, batch.maps, batch.motion)
        restored = network(batch.frames / 255.0, codec, batch.voice, batch.landmarks, batch.origin)
        with torch.autocast(target.device.type, enabled=False):
            error = ((restored.picture.float() - target).square() + SMOOTH**2).sqrt()
            wrong = (restored.landmarks - batch.true_landmarks).abs()
            known = torch.isfinite(wrong)
            return {
                "luma": error[:, :LUMA].mean(),
                "chroma": self.config.chroma * error[:, LUMA:].mean(),
                "landmarks": self.config.landmarks * wrong[known].sum() / known.sum().clamp(min=1),
            }

    def evaluate(self, network: Mdvd) -> dict[str, float]:
        """Gain in PSNR on sharp validation clips at the rate where H.264 decodes at 27 dB, and at 60 kbps."""
        return mean_gain(MdvdRestorer(network), self._judged(), self.config.judged_every)

    def draw(self, network: Mdvd, path: Path) -> None:
        """Original, decoded and restored picture of every validation clip at 27 dB."""
        write_before_and_after(restored_pictures(MdvdRestorer(network), self._judged()), path)

    def _judged(self) -> list[Judged]:
        """The validation clips, encoded once."""
        if self._streams is None:
            self._streams = judged_streams(self.data.validation)
        return self._streams


TASK = TaskKind(MdvdConfig, MdvdTask)
