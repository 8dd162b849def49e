"""Recorded clips as the low-resolution codec sees them: 8x8, 16x16 and 32x32 area averages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from callcodec.media.clip import open_clip
from callcodec.wire.tables import SIZES

Pictures = NDArray[np.float64]

SLOTS_PER_FRAME = 5
FRAMES_TOGETHER = 20


def load_pictures(clips: Path, split: str, size: int, cache: Path | None) -> Iterator[Pictures]:
    """The exact averages (frames, size, size, 3) of each clip: at 8 pixels all frames, above every fifth."""
    for path in sorted((clips / split).glob("*.mp4")):
        kept = cache / f"{split}_{path.stem}.npz" if cache else None
        if kept and kept.is_file():
            with np.load(kept) as arrays:
                yield arrays[f"f{size}"].astype(np.float64)
            continue
        pictures: dict[int, list[Pictures]] = {side: [] for side in SIZES}
        for frame in open_clip(path).frames():
            for side in SIZES:
                if side == 8 or frame.number % SLOTS_PER_FRAME == 0:
                    pictures[side].append(area_average(frame.rgb, side))
        if kept:
            kept.parent.mkdir(parents=True, exist_ok=True)
            stacks = {f"f{side}": np.array(rows, np.float32) for side, rows in pictures.items()}
            np.savez_compressed(kept, **stacks)  # type: ignore[arg-type]
        yield np.array(pictures[size])


def area_average(rgb: NDArray[np.uint8], size: int) -> Pictures:
    """(size, size, 3) means of equal blocks of a square picture, not rounded."""
    side = rgb.shape[0] // size
    return np.asarray(rgb.reshape(size, side, size, side, 3).mean((1, 3)), np.float64)


def train_sequences(clips: Path, size: int, cache: Path | None) -> list[NDArray[np.uint8]]:
    """Stretches of at most 20 frames at 5 FPS from all of train/, shuffled, and mirrored as well."""
    sequences: list[NDArray[np.uint8]] = []
    for pictures in load_pictures(clips, "train", size, cache):
        phases = (0, 2) if size == 8 else (0,)
        for phase in phases:
            rows = np.rint(pictures[phase :: SLOTS_PER_FRAME if size == 8 else 1]).astype(np.uint8)
            for at in range(0, len(rows) - 3, FRAMES_TOGETHER):
                part = rows[at : at + FRAMES_TOGETHER]
                sequences += [part, np.ascontiguousarray(part[:, :, ::-1])]
    return [sequences[i] for i in np.random.default_rng(0).permutation(len(sequences))]
