"""The task of training `mdvd`: H.264 as calls send it, back to what it was."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from callcodec.config import load_config
from models.restoration.mdvd import Codec, Mdvd, MdvdDimensions
from models.restoration.mdvd_restorer import MdvdRestorer
from models.restoration.packing import CHROMA, LUMA
from models.training.restoration.judging import Judged, mean_gains, middle_pictures
from models.training.restoration.mdvd_data import DecodedFaces, MdvdSample
from models.training.restoration.mdvd_scores import PAPERS, judged_streams
from models.training.restoration.pictures import write_before_and_after
from models.training.task import TaskKind, TrainingData

# What a squared error of a plane's samples adds to one of RGB (BT.601, limited range): luma to all three colours
LUMA_SHARE, CB_SHARE, CR_SHARE = 1.36, 1.41, 1.07
FLOOR = 3e-5  # of a squared error in 0..1, about 45 dB: what is better than that need not become better


@dataclass(frozen=True)
class MdvdConfig:
    """Key ``mdvd`` of a training file."""

    network: str  # a file of MdvdDimensions, such as models/mdvd_compact
    landmarks: float  # of the mean error of the corrected landmarks, in pixels
    judged_every: int  # pictures


class MdvdTask:
    """`mdvd` on sharp talking faces."""

    name = "mdvd"
    chosen_by = f"{PAPERS}_face_gain_db"
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
        """The gain in PSNR over RGB, negative, in tens of decibels: one counts the same in good and bad streams.

        The landmarks' error reaches only what corrects them.
        """
        batch = MdvdSample(*(t.flatten(0, 1) for t in batch))
        target = (batch.target / 255.0).contiguous(memory_format=torch.channels_last)
        codec = Codec(batch.picture, batch.maps, batch.motion)
        restored = network(batch.frames / 255.0, codec, batch.voice, batch.landmarks, batch.origin)
        with torch.autocast(target.device.type, enabled=False):
            before, after = (
                (rgb_error(picture - target) + FLOOR).log10()
                for picture in (batch.frames[:, batch.frames.shape[1] // 2] / 255.0, restored.picture.float())
            )
            wrong = (restored.landmarks - batch.true_landmarks).abs()
            known = torch.isfinite(wrong)
            return {
                "gain": (after - before).mean(),
                "landmarks": self.config.landmarks * wrong[known].sum() / known.sum().clamp(min=1),
            }

    def evaluate(self, network: Mdvd) -> dict[str, float]:
        """Gain in PSNR on sharp validation clips at the rate where H.264 decodes at 27 dB, and at 60 kbps."""
        return mean_gains(MdvdRestorer(network), self._judged(), self.config.judged_every)

    def draw(self, network: Mdvd, path: Path) -> None:
        """Original, decoded and restored picture of every validation clip at 27 dB."""
        write_before_and_after(middle_pictures(MdvdRestorer(network), self._judged(), PAPERS), path)

    def _judged(self) -> list[Judged]:
        """The validation clips, encoded once."""
        if self._streams is None:
            self._streams = judged_streams(self.data.validation)
        return self._streams


def rgb_error(difference: Tensor) -> Tensor:
    """(B,): mean squared error over RGB of pictures whose packed planes differ by (B, 24, h, w)."""
    squared = difference.square().mean((2, 3))
    luma, cb, cr = torch.split(squared, [LUMA, CHROMA, CHROMA], 1)
    return LUMA_SHARE * luma.mean(1) + CB_SHARE * cb.mean(1) + CR_SHARE * cr.mean(1)


TASK = TaskKind(MdvdConfig, MdvdTask)
