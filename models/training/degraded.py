"""Clips after H.264 at a video call's rates, decoded once: what a receiver of conventional video sees."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from callcodec.media.compression import through_h264
from models.training.cache import ClipCache, DataError

JPEG = [cv2.IMWRITE_JPEG_QUALITY, 90]


class DegradedClips:
    """Random access to the frames of a cache as they look after H.264; numbered as there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._offsets = np.load(folder / "offsets.npy")
        self._data = np.memmap(folder / "frames.bin", np.uint8, "r")
        self.kbps: dict[str, float] = json.loads((folder / "kbps.json").read_text())

    def __reduce__(self) -> tuple[type[DegradedClips], tuple[Path]]:
        """Another process opens the same files."""
        return DegradedClips, (self._folder,)

    def frame(self, number: int) -> NDArray[np.uint8]:
        """(256, 256, 3) RGB."""
        start, end = self._offsets[number]
        bgr = cv2.imdecode(np.asarray(self._data[start:end]), cv2.IMREAD_COLOR)
        if bgr is None:
            raise DataError("the cache of compressed clips is damaged: delete it, and it will be made again")
        return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)


def open_degraded(cache: ClipCache, folder: Path, rates_kbps: tuple[float, ...], seed: int) -> DegradedClips:
    """The clips of ``cache``, each at one of ``rates_kbps`` drawn by ``seed``; made first if not in ``folder``."""
    if (folder / "kbps.json").exists():
        kept = DegradedClips(folder)
        if all(clip.name in kept.kbps for clip in cache.clips):
            return kept
    build_degraded(cache, folder, rates_kbps, seed)
    return DegradedClips(folder)


def build_degraded(cache: ClipCache, folder: Path, rates_kbps: tuple[float, ...], seed: int) -> None:
    """Compress every clip of ``cache`` into ``folder``; ``kbps.json``, written last, says at which rates."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(seed)
    rates = {clip.name: float(random.choice(rates_kbps)) for clip in cache.clips}
    offsets = np.zeros((max(clip.first_frame + clip.frames for clip in cache.clips), 2), np.int64)
    with (folder / "frames.bin").open("wb") as out:
        for clip in cache.clips:
            clean = (cache.frame(clip.first_frame + n) for n in range(clip.frames))
            for number, rgb in enumerate(through_h264(clean, rates[clip.name])):
                jpeg = cv2.imencode(".jpg", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), JPEG)[1]
                start = out.tell()
                out.write(jpeg.tobytes())
                offsets[clip.first_frame + number] = start, out.tell()
    np.save(folder / "offsets.npy", offsets)
    (folder / "kbps.json").write_text(json.dumps(rates))
