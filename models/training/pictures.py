"""Sample grids: figures cannot see a melting face, people can."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import torch

from models.compact import Compact
from models.consistency import correct, upsample
from models.training.cache import PICTURE, ClipCache
from models.training.data import voice_window
from models.training.evaluate import IDENTITY_FRAME, Conditions, receive
from models.training.hint_delivery import simulate_hints
from models.training.shapes import clip_shapes


def write_sample_grid(network: Compact, cache: ClipCache, path: Path, conditions: Conditions) -> None:
    """PNG, a row for every second clip, 3/4 through it: original | bicubic | ours | identity image."""
    rows, shapes = [], clip_shapes(cache)
    for index in range(0, len(cache.clips), 2):
        clip = cache.clips[index]
        time = clip.frames * 3 // 4
        window = receive(cache, index, conditions.quality).window(time, clip.frames)
        newest = window[:, -1]
        still = cache.still(clip.first_frame + IDENTITY_FRAME)
        mel = torch.from_numpy(voice_window(cache.mel(index), time))[None]
        with torch.inference_mode():
            identity = network.encode_identity(
                torch.from_numpy(still).permute(2, 0, 1)[None] / 255.0,
                torch.from_numpy(shapes[index][IDENTITY_FRAME])[None],
            )
            told = simulate_hints(shapes[index], shapes[index][IDENTITY_FRAME]).shapes[time]
            raw = network(window, mel, identity, torch.from_numpy(told)[None])
            ours = correct(raw, newest, conditions.consistency_weight, conditions.consistency_iterations)
        pictures = [
            (picture[0].clamp(0, 1).permute(1, 2, 0).numpy() * 255).astype(np.uint8)
            for picture in (upsample(newest, PICTURE), ours)
        ]
        rows.append(np.hstack([cache.frame(clip.first_frame + time), *pictures, still]))
    cv2.imwrite(str(path), cv2.cvtColor(np.vstack(rows), cv2.COLOR_RGB2BGR))
