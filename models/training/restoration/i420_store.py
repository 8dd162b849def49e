"""The clips whose pictures are sharp enough to be restored to, as I420: what encoders take, without decoding JPEG."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from models.training.cache import PICTURE, ClipCache, ClipInfo, DataError

SHARP_SOURCE_PX = 400  # below it a clip was often compressed, or small, before
FILE = "i420.npy"


class SharpClips:
    """Random access to the I420 pictures of the clips with source_px ≥ 400."""

    def __init__(self, cache: ClipCache) -> None:
        """``cache``: all of it; its sharp clips are chosen here. Raises DataError where it has none."""
        self.cache = cache.only(lambda clip: clip.source_px >= SHARP_SOURCE_PX)
        self.clips = self.cache.clips
        if not self.clips:
            raise DataError(
                f"{cache.folder} has no clip whose face was at least {SHARP_SOURCE_PX} pixels wide in its source: "
                "restoration has nothing to learn from (the column source_px of the data folder's table says it)"
            )
        if not (cache.folder / FILE).exists():
            _build(ClipCache(cache.folder))
        self._pictures = np.load(cache.folder / FILE, mmap_mode="r")
        stored = _sharp(ClipCache(cache.folder))
        starts = dict(
            zip((c.name for c in stored), np.cumsum([0] + [c.frames for c in stored]), strict=False)
        )
        self._starts = [int(starts[clip.name]) for clip in self.clips]

    def __reduce__(self) -> tuple[type[SharpClips], tuple[ClipCache]]:
        """Another process opens the same files."""
        return SharpClips, (self.cache,)

    def pictures(self, clip: int, first: int, count: int) -> NDArray[np.uint8]:
        """(count, 384, 256): pictures ``first`` to ``first + count`` of the sharp clip ``clip``."""
        start = self._starts[clip] + first
        return np.asarray(self._pictures[start : start + count])


def _sharp(cache: ClipCache) -> list[ClipInfo]:
    return [clip for clip in cache.clips if clip.source_px >= SHARP_SOURCE_PX]


def _build(cache: ClipCache) -> None:
    clips = _sharp(cache)
    path: Path = cache.folder / FILE
    partial = path.with_suffix(".part.npy")
    pictures = np.lib.format.open_memmap(
        partial, mode="w+", dtype=np.uint8, shape=(sum(c.frames for c in clips), PICTURE * 3 // 2, PICTURE)
    )
    row = 0
    for clip in clips:
        for number in range(clip.first_frame, clip.first_frame + clip.frames):
            pictures[row] = cv2.cvtColor(cache.frame(number), cv2.COLOR_RGB2YUV_I420)
            row += 1
    pictures.flush()
    partial.rename(path)
