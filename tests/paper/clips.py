"""Small caches of drawn clips."""

from pathlib import Path

import cv2
import numpy as np

from models.training.cache import CacheWriter, ClipCache, DecodedClip

FRAMES = 32
SPOKEN = 1.0


def drawn_clip(name: str, lip_sync: str = "yes", emotion: str = "", frames: int = FRAMES) -> DecodedClip:
    """A pattern that drifts under landmarks that do too; the voice's columns count 10 ms in its lowest bin."""
    random = np.random.default_rng(len(name) + ord(name[-1]))
    pattern = cv2.resize(
        random.uniform(0, 255, (6, 6, 3)).astype(np.float32), (320, 320), interpolation=cv2.INTER_CUBIC
    )
    pictures = tuple(pattern[t : t + 256, t : t + 256].clip(0, 255).astype(np.uint8) for t in range(frames))
    points = (random.uniform(60, 200, (68, 2)) + np.arange(frames)[:, None, None]).astype(np.float16)
    mel = np.full((80, 4 * frames), SPOKEN, np.float16)
    mel[0] = np.arange(4 * frames)
    return DecodedClip(name, "p", lip_sync, "nobody/nothing", pictures, points, mel, emotion)


def drawn_cache(folder: Path, *clips: DecodedClip) -> ClipCache:
    """A cache of them."""
    with CacheWriter(folder, "drawn") as writer:
        writer.add_all(clips)
    return ClipCache(folder)
