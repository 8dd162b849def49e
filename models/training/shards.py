"""Shards: a split of a data folder as a few small files, for machines that receive little and decode less.

A shard is a numpy archive, SPLIT-000.npz and on, that OpenCV and numpy read alone:

| array | shape | what |
|---|---|---|
| table | (bytes,) uint8 | UTF-8 JSON: a list of {name, person, lip_sync, repository, frames, emotion, source_px} |
| video, video_ends | (bytes,) uint8, (clips,) int64 | an MP4 a clip (H.264, 25 FPS, no sound), where each ends |
| landmarks | (F, 68, 2) int16 | 1/16 pixel, differences from one frame of a clip to the next, the first from 0 |
| found | (F,) bool | whether the frame has landmarks; one without repeats those before it |
| mel, mel_ends | (80, M) uint8, (clips,) int64 | log-mel, −1 + value / 64, and where each clip's ends |
"""

from __future__ import annotations

import io
import itertools
import json
import os
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from models.training.cache import PICTURE, CacheWriter, ClipCache, DataError, DecodedClip, is_cache_of

POINT_STEPS_PER_PIXEL = 16
MEL_LOW = -1.0
MEL_STEPS = 64  # per unit of log-mel; a unit is 20 dB
MEGABYTE = 1_000_000
CLIP_OVERHEAD_BYTES = 1_000
ARRAYS = ("table", "video", "video_ends", "landmarks", "found", "mel", "mel_ends")


@dataclass(frozen=True)
class PackedClip:
    """A clip as a shard has it."""

    entry: dict[str, Any]
    video: bytes
    landmarks: NDArray[np.int16]
    found: NDArray[np.bool_]
    mel: NDArray[np.uint8]

    def packed_bytes(self) -> int:
        """About how much it adds to a shard."""
        beside = sum(len(zlib.compress(a.tobytes())) for a in (self.landmarks, self.found, self.mel))
        return len(self.video) + beside + CLIP_OVERHEAD_BYTES


def write_shards(
    clips: Iterable[DecodedClip], split: str, out: Path, megabytes: float, crf: int
) -> list[Path]:
    """Write ``clips`` as shards of at most ``megabytes`` (10⁶ bytes) each; H.264 at constant quality ``crf``.

    Shards of that split that were in ``out`` are replaced. Raises DataError for a clip that no shard can hold.
    """
    out.mkdir(parents=True, exist_ok=True)
    for old in out.glob(f"{split}-*.npz"):
        old.unlink()
    limit = megabytes * MEGABYTE * 0.98  # arrays that are packed together may come out a little larger
    written: list[Path] = []
    group: list[PackedClip] = []
    total = 0

    def close() -> None:
        written.append(out / f"{split}-{len(written):03d}.npz")
        _write_shard(group, written[-1])

    for clip in clips:
        packed = pack(clip, crf)
        size = packed.packed_bytes()
        if size > limit:
            raise DataError(
                f"{clip.name} alone takes {size / MEGABYTE:.1f} MB, a shard {megabytes:g} MB: allow more megabytes, "
                "or a higher crf"
            )
        if group and total + size > limit:
            close()
            group, total = [], 0
        group.append(packed)
        total += size
    if group:
        close()
    return written


def pack(clip: DecodedClip, crf: int) -> PackedClip:
    """Compress one clip."""
    # Whoever only reads shards needs no encoder.
    from callcodec.media.movie import write_movie  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clip.mp4"
        write_movie(path, clip.frames, None, crf=crf)
        video = path.read_bytes()
    found = np.asarray(~np.isnan(clip.landmarks).any((1, 2)))
    steps = np.round(np.nan_to_num(clip.landmarks.astype(np.float32)) * POINT_STEPS_PER_PIXEL).astype(
        np.int16
    )
    for number in np.flatnonzero(~found):
        steps[number] = steps[number - 1] if number else 0
    mel = np.clip(np.round((clip.mel.astype(np.float32) - MEL_LOW) * MEL_STEPS), 0, 255).astype(np.uint8)
    entry = {"name": clip.name, "person": clip.person, "lip_sync": clip.lip_sync,
             "repository": clip.repository, "frames": len(clip.frames),
             "emotion": clip.emotion, "source_px": clip.source_px}  # fmt: skip
    return PackedClip(entry, video, np.diff(steps, axis=0, prepend=np.int16(0)), found, mel)


def unpack(packed: PackedClip) -> DecodedClip:
    """Decode one clip. Raises DataError."""
    frames = tuple(_decode_video(packed.video))
    entry = packed.entry
    if len(frames) != entry["frames"]:
        raise DataError(f"{entry['name']} has {len(frames)} frames in its shard instead of {entry['frames']}")
    points = np.cumsum(packed.landmarks, axis=0).astype(np.float32) / POINT_STEPS_PER_PIXEL
    points[~packed.found] = np.nan
    mel = (MEL_LOW + packed.mel.astype(np.float32) / MEL_STEPS).astype(np.float16)
    return DecodedClip(entry["name"], entry["person"], entry["lip_sync"], entry["repository"],
                       frames, points.astype(np.float16), mel, entry.get("emotion", ""),
                       entry.get("source_px", 0))  # fmt: skip


def open_shards(shards: Path, split: str, cache: Path, plain: bool = False) -> ClipCache:
    """The clips of a split's shards, decoded into ``cache``/``split`` first if they are not there.

    ``plain``: frames are decoded for good, 196,608 bytes each (see CacheWriter). Raises DataError.
    """
    paths = sorted(shards.glob(f"{split}-*.npz"))
    if not paths:
        raise DataError(
            f"{shards} holds no shards {split}-000.npz and on: callcodec shards DATA --out DIR makes them"
        )
    folder = cache / split
    source = f"{split} {'plain ' if plain else ''}shards " + " ".join(
        f"{path.name}:{path.stat().st_size}" for path in paths
    )
    if not is_cache_of(folder, source):
        with CacheWriter(folder, source, plain) as writer:
            writer.add_all(_unpacked(itertools.chain.from_iterable(map(_read_shard, paths))))
    return ClipCache(folder)


def _unpacked(packed: Iterable[PackedClip]) -> Iterator[DecodedClip]:
    """Decoded by as many threads as there are cores, in order, with no more clips in memory than threads."""
    threads = os.cpu_count() or 1
    remaining = iter(packed)
    with ThreadPoolExecutor(threads) as pool:
        while group := list(itertools.islice(remaining, threads)):
            yield from pool.map(unpack, group)


def _write_shard(clips: list[PackedClip], path: Path) -> None:
    table = json.dumps([clip.entry for clip in clips], ensure_ascii=False).encode()
    partial = path.with_suffix(".partial")
    with partial.open("wb") as file:
        np.savez_compressed(
            file,
            table=np.frombuffer(table, np.uint8),
            video=np.frombuffer(b"".join(clip.video for clip in clips), np.uint8),
            video_ends=np.cumsum([len(clip.video) for clip in clips]),
            landmarks=np.concatenate([clip.landmarks for clip in clips]),
            found=np.concatenate([clip.found for clip in clips]),
            mel=np.concatenate([clip.mel for clip in clips], axis=1),
            mel_ends=np.cumsum([clip.mel.shape[1] for clip in clips]),
        )
    partial.replace(path)


def _read_shard(path: Path) -> Iterator[PackedClip]:
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as archive:
            table, video, video_ends, landmarks, found, mel, mel_ends = (archive[name] for name in ARRAYS)
        entries = json.loads(table.tobytes())
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise DataError(f"{path} is not a shard, or is damaged: {error}") from error
    frame = video_start = mel_start = 0
    for number, entry in enumerate(entries):
        last = frame + entry["frames"]
        yield PackedClip(
            entry,
            video[video_start : video_ends[number]].tobytes(),
            landmarks[frame:last],
            found[frame:last],
            mel[:, mel_start : mel_ends[number]],
        )
        frame, video_start, mel_start = last, int(video_ends[number]), int(mel_ends[number])


def _decode_video(video: bytes) -> Iterator[NDArray[np.uint8]]:
    """(256, 256, 3) RGB frames of an MP4."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clip.mp4"
        path.write_bytes(video)
        reader = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
        try:
            while True:
                more, bgr = reader.read()
                if not more:
                    return
                if bgr.shape != (PICTURE, PICTURE, 3):
                    raise DataError(
                        f"a shard holds pictures of {bgr.shape[1]}×{bgr.shape[0]}, not {PICTURE}×{PICTURE}"
                    )
                yield np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)
        finally:
            reader.release()
