"""A data folder: SPLIT.tsv names the clips, SPLIT/NAME.mp4 and NAME.landmarks.npy are they."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from callcodec.media.clip import ClipError, open_clip
from callcodec.speech.mel import MEL_BINS, log_mel
from models.training.cache import LANDMARKS, PICTURE, CacheWriter, DataError, DecodedClip


def source_of(data: Path, split: str) -> str:
    """What a cache of this split says that it was made of: the SHA-256 of the table. Raises DataError."""
    return f"{split}.tsv {hashlib.sha256(_table(data, split).read_bytes()).hexdigest()}"


def build_cache(data: Path, split: str, folder: Path) -> None:
    """Decode every clip that ``data``/``split``.tsv names into ``folder``. Raises DataError."""
    with CacheWriter(folder, source_of(data, split)) as writer:
        writer.add_all(decoded_clips(data, split))


def decoded_clips(data: Path, split: str) -> Iterator[DecodedClip]:
    """Every clip of a split, one at a time. Raises DataError."""
    with _table(data, split).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    for row in rows:
        path = data / split / f"{row['clip']}.mp4"
        frames, pcm = decode_clip(path)
        points = np.full((len(frames), LANDMARKS, 2), np.nan, np.float16)
        known = np.load(path.with_suffix("").with_suffix(".landmarks.npy"))[: len(frames)]
        points[: len(known)] = known
        mel = log_mel(pcm).astype(np.float16) if len(pcm) else np.zeros((MEL_BINS, 0), np.float16)
        yield DecodedClip(
            row["clip"], row["person"], row["lip_sync"], row["source_repository"], tuple(frames), points, mel,
            row.get("emotion") or "", int(row.get("source_px") or 0),
        )  # fmt: skip


def decode_clip(path: Path) -> tuple[list[NDArray[np.uint8]], NDArray[np.int16]]:
    """Frames (256, 256, 3) RGB of a 25 FPS clip and its voice, mono int16 at 16 kHz or empty. DataError."""
    try:
        clip = open_clip(path)
        frames = [frame.rgb for frame in clip.frames()]
        voice = clip.audio()
    except ClipError as error:
        raise DataError(f"cannot decode {path}: {error}") from error
    if not frames or frames[0].shape != (PICTURE, PICTURE, 3):
        raise DataError(f"{path} is not a {PICTURE}×{PICTURE} clip: prepare the data first")
    return frames, np.zeros(0, np.int16) if voice is None else voice


def _table(data: Path, split: str) -> Path:
    table = data / f"{split}.tsv"
    if not table.is_file():
        raise DataError(
            f"{table} is missing: a data folder has {split}.tsv and {split}/NAME.mp4 (see the README)"
        )
    return table
