"""Clips, decoded once: frames in one file that is read at random, log-mel and landmarks beside it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

PICTURE = 256
STILL_EVERY_FRAMES = 5  # how often a frame is also kept as an identity image of a few kilobytes
JPEG = [cv2.IMWRITE_JPEG_QUALITY, 95, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]
LANDMARKS = 68


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
    emotion: str = ""  # label:level as the data set has it, see emotion_labels; empty where unknown
    source_px: int = (
        0  # side of the box in the source; a clip of 256 pixels was enlarged below that; 0: unknown
    )


@dataclass(frozen=True)
class DecodedClip:
    """A face track before it is stored: (256, 256, 3) RGB frames at 25 FPS, landmarks and voice beside them."""

    name: str
    person: str
    lip_sync: str
    repository: str
    frames: tuple[NDArray[np.uint8], ...]
    landmarks: NDArray[np.float16]  # (frames, 68, 2), NaN where no face was found
    mel: NDArray[np.float16]  # (80, n), 10 ms each; (80, 0) without a voice
    emotion: str = ""  # label:level, empty where unknown
    source_px: int = 0  # side of the box in the source, 0 where unknown


class ClipCache:
    """Random access to every frame of a split (``train`` or ``val``)."""

    def __init__(self, folder: Path, names: frozenset[str] | None = None) -> None:
        """``names``: of the clips to be seen; all of them without it."""
        self.folder, self._names = folder, names
        index = np.load(folder / "index.npz")
        found = [ClipInfo(**entry) for entry in json.loads((folder / "clips.json").read_text())]
        self._numbers = [i for i, clip in enumerate(found) if names is None or clip.name in names]
        self.clips = tuple(found[i] for i in self._numbers)
        self._offsets, self._still_offsets = index["offsets"], index["still_offsets"]
        self._landmarks, self._mel, self._mel_starts = index["landmarks"], index["mel"], index["mel_starts"]
        self._plain = bool(index["plain"]) if "plain" in index else False
        self._data = np.memmap(folder / "frames.bin", np.uint8, "r")

    def __reduce__(self) -> tuple[type[ClipCache], tuple[Path, frozenset[str] | None]]:
        """Another process opens the same files; the frames themselves are never sent to it."""
        return ClipCache, (self.folder, self._names)

    def only(self, wanted: Callable[[ClipInfo], bool]) -> ClipCache:
        """The same cache, of which only some clips are seen; frames keep their numbers."""
        return ClipCache(self.folder, frozenset(clip.name for clip in self.clips if wanted(clip)))

    def frame(self, number: int) -> NDArray[np.uint8]:
        """(256, 256, 3) RGB."""
        return self._decode(self._offsets[number], cv2.IMREAD_COLOR)

    def small_frame(self, number: int) -> NDArray[np.uint8]:
        """(64, 64, 3) RGB, the area average."""
        if self._plain:
            return np.asarray(
                cv2.resize(self.frame(number), (64, 64), interpolation=cv2.INTER_AREA), np.uint8
            )
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
        number = self._numbers[clip]
        voice: NDArray[np.float32] = self._mel[:, self._mel_starts[number] : self._mel_starts[number + 1]]
        return voice.astype(np.float32)

    def _decode(self, span: NDArray[np.int64], flags: int) -> NDArray[np.uint8]:
        stored = np.asarray(self._data[span[0] : span[1]])
        if self._plain:
            return stored.reshape(PICTURE, PICTURE, 3)
        bgr = cv2.imdecode(stored, flags)
        if bgr is None:
            raise DataError("the cache of decoded clips is damaged: delete it, and it will be made again")
        return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)


class CacheWriter:
    """Makes a cache, clip by clip; it exists once the ``with`` block ended well."""

    def __init__(self, folder: Path, source: str, plain: bool = False) -> None:
        """``source``: says what the clips are, see ``is_cache_of``; ``plain``: frames are kept as 196,608 bytes
        each instead of JPEG and WebP, for machines with more memory than time."""
        self._folder, self._source, self._plain = folder, source, plain
        self._random = np.random.default_rng(0)
        self._clips: list[ClipInfo] = []
        self._offsets: list[tuple[int, int]] = []
        self._still_offsets: list[tuple[int, int]] = []
        self._landmarks: list[NDArray[np.float16]] = []
        self._mels: list[NDArray[np.float16]] = []

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._out = (self._folder / "frames.bin").open("wb")
        self._threads = ThreadPoolExecutor(os.cpu_count() or 1)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._threads.shutdown(cancel_futures=True)
        self._out.close()
        if kind is not None:
            return
        np.savez(
            self._folder / "index.npz",
            offsets=np.array(self._offsets, np.int64).reshape(-1, 2),
            still_offsets=np.array(self._still_offsets, np.int64).reshape(-1, 2),
            landmarks=np.concatenate([np.zeros((0, LANDMARKS, 2), np.float16), *self._landmarks]),
            mel=np.concatenate([np.zeros((80, 0), np.float16), *self._mels], axis=1),
            mel_starts=np.cumsum([0] + [m.shape[1] for m in self._mels]),
            plain=np.array(self._plain),
        )
        (self._folder / "source.txt").write_text(self._source + "\n", encoding="utf-8")
        (self._folder / "clips.json").write_text(json.dumps([asdict(clip) for clip in self._clips], indent=1))

    def add_all(self, clips: Iterable[DecodedClip]) -> None:
        """Store them one after the other."""
        for clip in clips:
            self.add(clip)

    def add(self, clip: DecodedClip) -> None:
        """Store one clip."""
        # Stills divide evenly: a clip begins at a multiple of their distance.
        first = -(-len(self._offsets) // STILL_EVERY_FRAMES) * STILL_EVERY_FRAMES
        padding = first - len(self._offsets)
        self._offsets += [(0, 0)] * padding
        self._landmarks.append(np.full((padding, LANDMARKS, 2), np.nan, np.float16))
        qualities = [
            int(self._random.integers(15, 85)) if number % STILL_EVERY_FRAMES == 0 else None
            for number in range(len(clip.frames))
        ]
        plain = [self._plain] * len(clip.frames)
        for frame, still in self._threads.map(_encode, clip.frames, qualities, plain):
            self._offsets.append(self._store(frame))
            if still is not None:
                self._still_offsets.append(self._store(still))
        self._landmarks.append(clip.landmarks)
        self._mels.append(clip.mel)
        self._clips.append(ClipInfo(clip.name, clip.person, clip.lip_sync, clip.repository, first,
                                    len(clip.frames), clip.mel.shape[1] > 0, clip.emotion, clip.source_px))  # fmt: skip

    def _store(self, content: NDArray[np.uint8]) -> tuple[int, int]:
        start = self._out.tell()
        self._out.write(np.ascontiguousarray(content).data)
        return start, self._out.tell()


def _encode(
    rgb: NDArray[np.uint8], still_quality: int | None, plain: bool
) -> tuple[NDArray[np.uint8], NDArray[np.uint8] | None]:
    """A frame as it is stored, and its still where it has one."""
    bgr = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
    frame = rgb if plain else np.asarray(cv2.imencode(".jpg", bgr, JPEG)[1], np.uint8)
    if still_quality is None:
        return frame, None
    webp = np.asarray(cv2.imencode(".webp", bgr, [cv2.IMWRITE_WEBP_QUALITY, still_quality])[1], np.uint8)
    if not plain:
        return frame, webp
    seen = cv2.imdecode(webp, cv2.IMREAD_COLOR)
    assert seen is not None  # it was encoded just now
    return frame, np.asarray(cv2.cvtColor(seen, cv2.COLOR_BGR2RGB), np.uint8)


def is_cache_of(folder: Path, source: str) -> bool:
    """Whether ``folder`` holds a whole cache. Raises DataError where it is one of other clips.

    Caches that were made before they said what they hold are taken as they are.
    """
    if not (folder / "clips.json").exists():
        return False
    known = folder / "source.txt"
    if known.is_file() and known.read_text(encoding="utf-8").strip() != source:
        raise DataError(
            f"{folder} holds decoded clips of another data folder, or of this one before it changed: delete it, or "
            "name another one with --cache"
        )
    return True


def open_cache(data: Path, split: str, cache: Path) -> ClipCache:
    """The cache of ``data``/``split``, made first if it is not there. Raises DataError."""
    # Only whoever has clips needs a decoder for them: a machine that is given shards has none.
    from models.training.clip_folder import build_cache, source_of  # noqa: PLC0415

    folder = cache / split
    if not is_cache_of(folder, source_of(data, split)):
        build_cache(data, split, folder)
    return ClipCache(folder)
