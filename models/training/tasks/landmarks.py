"""The task of training the 68-point network: right on pictures of any quality, lips and eyelids above all."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from models.landmark_network import LandmarkDimensions, LandmarkNetwork
from models.training.degraded import DegradedClips, open_degraded
from models.training.landmark_data import LandmarkFaces, LandmarkSample, mean_face
from models.training.landmark_evaluate import evaluate_landmarks
from models.training.landmark_loss import landmark_loss
from models.training.task import TaskKind, TrainingData


@dataclass(frozen=True)
class LandmarkConfig:
    """Key ``landmarks`` of a training file."""

    network: LandmarkDimensions
    rates_kbps: tuple[float, ...]  # H.264 of training clips: each clip at one of them; none: no H.264
    judged_kbps: float  # H.264 of the validation clips
    judged_every_frames: int


class LandmarkTask:
    """LandmarkNetwork on talking faces, clean, spoiled and compressed."""

    name = "landmarks"
    chosen_by = "error"
    larger_is_better = False

    def __init__(self, config: LandmarkConfig, data: TrainingData) -> None:
        self.config = config
        self.data = data
        self.mean_shape = mean_face(data.training)
        rates = config.rates_kbps
        name = "h264_" + "_".join(f"{rate:g}" for rate in rates)
        self.degraded: DegradedClips | None = (
            open_degraded(data.training, data.training.folder / name, rates, seed=0) if rates else None
        )
        self.judged = open_degraded(
            data.validation,
            data.validation.folder / f"h264_{config.judged_kbps:g}",
            (config.judged_kbps,),
            seed=0,
        )

    def network(self) -> LandmarkNetwork:
        """Fresh, with the mean face of the training clips."""
        network = LandmarkNetwork(self.config.network)
        network.mean_shape.copy_(torch.from_numpy(self.mean_shape))
        return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]

    def dataset(self, seed: int) -> LandmarkFaces:
        """Augmented pictures of the training clips."""
        return LandmarkFaces(self.data.training, self.degraded, self.mean_shape, seed)

    def loss(self, network: LandmarkNetwork, batch: LandmarkSample) -> dict[str, Tensor]:
        """See landmark_loss."""
        return landmark_loss(network, batch)

    def evaluate(self, network: LandmarkNetwork) -> dict[str, float]:
        """Errors (shares of the inter-ocular distance) and correlations of openings, clean and after H.264."""
        every = self.config.judged_every_frames
        clean = evaluate_landmarks(network, self.data.validation, every=every)
        coded = evaluate_landmarks(network, self.data.validation, self.judged, every=every)
        figures = {}
        for suffix, result in (("", clean), ("_h264", coded)):
            for figure in ("error", "lips_error", "eyes_error", "mouth_correlation", "eye_correlation"):
                figures[figure + suffix] = result.mean(figure)
        return figures

    def draw(self, network: LandmarkNetwork, path: Path) -> None:
        """One picture of each of 16 validation clips: labels red, ours green."""
        cache = self.data.validation
        network.eval()
        tiles = []
        for clip in cache.clips[:16]:
            number = clip.first_frame + clip.frames // 2
            rgb = cache.frame(number)
            with torch.inference_mode():
                found = network(torch.from_numpy(rgb).permute(2, 0, 1)[None].float() / 255).points[0].numpy()
            tile = np.ascontiguousarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR).repeat(2, 0).repeat(2, 1))
            for points, colour in ((cache.landmarks(number), (0, 0, 255)), (found, (0, 255, 0))):
                for x, y in np.nan_to_num(points) * 2 + 0.5:
                    cv2.circle(tile, (int(x), int(y)), 1, colour, -1)
            tiles.append(tile)
        tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % 4)
        cv2.imwrite(str(path), np.vstack([np.hstack(tiles[i : i + 4]) for i in range(0, len(tiles), 4)]))


TASK = TaskKind(LandmarkConfig, LandmarkTask)
