"""Sample grids: figures cannot see a melting face, people can."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import torch

from models.compact import Compact
from models.consistency import correct, upsample
from models.training.cache import ClipCache
from models.training.data import voice_window
from models.training.evaluate import IDENTITY_FRAME, coded_clip, wire_window


def write_sample_grid(network: Compact, cache: ClipCache, path: Path, weight: float, iterations: int) -> None:
    """PNG, a row for every second clip, 3/4 through it: original | bicubic | ours | identity image."""
    rows = []
    for index in range(0, len(cache.clips), 2):
        clip = cache.clips[index]
        time = clip.frames * 3 // 4
        window = wire_window(cache, index, coded_clip(cache, index), time)
        still = cache.still(clip.first_frame + IDENTITY_FRAME)
        mel = torch.from_numpy(voice_window(cache.mel(index), time))[None]
        with torch.inference_mode():
            features = network.encode_identity(torch.from_numpy(still).permute(2, 0, 1)[None] / 255.0)
            ours = correct(network(window, mel, features), window[:, -1], weight, iterations)
        pictures = [(p[0].clamp(0, 1).permute(1, 2, 0).numpy() * 255).astype(np.uint8)
                    for p in (upsample(window[:, -1], 256), ours)]  # fmt: skip
        rows.append(np.hstack([cache.frame(clip.first_frame + time), *pictures, still]))
    cv2.imwrite(str(path), cv2.cvtColor(np.vstack(rows), cv2.COLOR_RGB2BGR))
