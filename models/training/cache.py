"""Clips, decoded once: JPEG frames in one file that is read at random, log-mel and landmarks beside it."""

from __future__ import annotations

import csv
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from callcodec.media.clip import ClipError, open_clip
from callcodec.speech.mel import MEL_BINS, log_mel

PICTURE = 256
STILL_EVERY_FRAMES = 5  # how often a frame is also kept as an identity image of a few kilobytes
JPEG = [cv2.IMWRITE_JPEG_QUALITY, 95, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]


class DataError(ValueError):
    """A data folder that cannot be used; the message says what is missing."""


@dataclass(frozen=True)
class ClipInfo:
    """One face track. ``first_frame`` counts through the whole cache."""

    name: str
    person: str
    lip_sync: str  # yes, unknown, no
    repository: str
    first_frame: int
    frames: int
    has_voice: bool


class ClipCache:
    """Random access to every frame of a split (``train`` or ``val``)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        index = np.load(folder / "index.npz")
        self.clips = tuple(ClipInfo(**entry) for entry in json.loads((folder / "clips.json").read_text()))
        self._offsets, self._still_offsets = index["offsets"], index["still_offsets"]
        self._landmarks, self._mel, self._mel_starts = index["landmarks"], index["mel"], index["mel_starts"]
        self._data = np.memmap(folder / "frames.bin", np.uint8, "r")

    def __reduce__(self) -> tuple[type[ClipCache], tuple[Path]]:
        """Another process opens the same files; the frames themselves are never sent to it."""
        return ClipCache, (self.folder,)

    def frame(self, number: int) -> NDArray[np.uint8]:
        """(256, 256, 3) RGB."""
        return self._decode(self._offsets[number], cv2.IMREAD_COLOR)

    def small_frame(self, number: int) -> NDArray[np.uint8]:
        """(64, 64, 3) RGB, the area average."""
        return self._decode(self._offsets[number], cv2.IMREAD_REDUCED_COLOR_4)

    def still(self, number: int) -> NDArray[np.uint8]:
        """(256, 256, 3) RGB of the nearest frame that was kept as a small WebP, as identity images arrive."""
        return self._decode(self._still_offsets[number // STILL_EVERY_FRAMES], cv2.IMREAD_COLOR)

    def landmarks(self, number: int) -> NDArray[np.float32]:
        """(68, 2) x, y in pixels; NaN where no face was found."""
        found: NDArray[np.float32] = self._landmarks[number].astype(np.float32)
        return found

    def mel(self, clip: int) -> NDArray[np.float32]:
        """(80, n), 10 ms each, from the clip's first frame on; empty where the clip has no voice."""
        voice: NDArray[np.float32] = self._mel[:, self._mel_starts[clip] : self._mel_starts[clip + 1]]
        return voice.astype(np.float32)

    def _decode(self, span: NDArray[np.int64], flags: int) -> NDArray[np.uint8]:
        bgr = cv2.imdecode(np.asarray(self._data[span[0] : span[1]]), flags)
        if bgr is None:
            raise DataError("the cache of decoded clips is damaged: delete it, and it will be made again")
        return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)


def open_cache(data: Path, split: str, cache: Path) -> ClipCache:
    """The cache of ``data``/``split``, made first if it is not there. Raises DataError."""
    folder = cache / split
    if not (folder / "clips.json").exists():
        build_cache(data, split, folder)
    return ClipCache(folder)


def build_cache(data: Path, split: str, folder: Path) -> None:
    """Decode every clip that ``data``/``split``.tsv names into ``folder``. Raises DataError."""
    table = data / f"{split}.tsv"
    if not table.is_file():
        raise DataError(
            f"{table} is missing: a data folder has {split}.tsv and {split}/NAME.mp4 (see the README)"
        )
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    folder.mkdir(parents=True, exist_ok=True)
    clips: list[ClipInfo] = []
    offsets: list[tuple[int, int]] = []
    still_offsets: list[tuple[int, int]] = []
    landmarks, mels = [], []
    random = np.random.default_rng(0)
    with (folder / "frames.bin").open("wb") as out:

        def store(encoded: NDArray[np.uint8]) -> tuple[int, int]:
            start = out.tell()
            out.write(encoded.tobytes())
            return start, out.tell()

        for row in rows:
            path = data / split / f"{row['clip']}.mp4"
            frames, pcm = decode_clip(path)
            first = (
                -(-len(offsets) // STILL_EVERY_FRAMES) * STILL_EVERY_FRAMES
            )  # so that stills divide evenly
            padding = first - len(offsets)
            offsets += [(0, 0)] * padding
            for number, rgb in enumerate(frames):
                bgr = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
                offsets.append(store(cv2.imencode(".jpg", bgr, JPEG)[1]))
                if number % STILL_EVERY_FRAMES == 0:
                    quality = int(random.integers(15, 85))
                    still_offsets.append(
                        store(cv2.imencode(".webp", bgr, [cv2.IMWRITE_WEBP_QUALITY, quality])[1])
                    )
            points = np.load(path.with_suffix("").with_suffix(".landmarks.npy"))[: len(frames)]
            landmarks += [np.full((padding, 68, 2), np.nan, np.float16), points]
            landmarks.append(np.full((len(frames) - len(points), 68, 2), np.nan, np.float16))
            mels.append(log_mel(pcm).astype(np.float16) if len(pcm) else np.zeros((MEL_BINS, 0), np.float16))
            clips.append(ClipInfo(row["clip"], row["person"], row["lip_sync"], row["source_repository"],
                                  first, len(frames), len(pcm) > 0))  # fmt: skip
    np.savez(
        folder / "index.npz",
        offsets=np.array(offsets, np.int64),
        still_offsets=np.array(still_offsets, np.int64),
        landmarks=np.concatenate(landmarks),
        mel=np.concatenate(mels, axis=1),
        mel_starts=np.cumsum([0] + [m.shape[1] for m in mels]),
    )
    (folder / "clips.json").write_text(json.dumps([asdict(clip) for clip in clips], indent=1))


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
