"""The clips to measure on: which files, who is in them, and their pictures as every codec is given them."""

from __future__ import annotations

import csv
import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from callcodec.face.crop import FaceCropper
from callcodec.measure.codecs.reduced import Picture
from callcodec.measure.comparison.rehearsal import REHEARSAL_SLOTS, rehearsed
from callcodec.media.clip import open_clip
from callcodec.media.timeline import FRAMES_PER_SECOND
from callcodec.speech import SAMPLE_RATE_HZ
from callcodec.speech.mel import MEL_BINS, log_mel
from models.training.cache import LANDMARKS, PICTURE, ClipCache, ClipInfo
from models.training.emotion_labels import UNKNOWN, emotion_state

SUFFIXES = (".mp4", ".mkv", ".mov", ".webm", ".avi", ".mpg", ".m4v")
LEAST_S = 1.2  # the first second holds the first picture and the identity image, and is not judged


@dataclass(frozen=True)
class ClipFile:
    """A file. ``person``: who is in it, see ``find_clips``; ``lips``: in sync with the voice, yes, unknown or no."""

    path: Path
    name: str
    person: str
    lips: str
    emotion: int | None
    sha256: str


@dataclass(frozen=True)
class Footage:
    """A clip, decoded: ``frames`` (256, 256, 3) cropped as a sender crops them, ``pcm`` mono 16 kHz or empty.

    ``labels``: (n, 68, 2) landmarks that lie beside the clip, NaN where it has none.
    """

    file: ClipFile
    frames: tuple[Picture, ...]
    pcm: NDArray[np.int16]
    mel: NDArray[np.float32]
    labels: NDArray[np.float32]


def find_clips(paths: Sequence[Path], number: int | None = None) -> list[ClipFile]:
    """The clips that ``paths`` name: files, or folders that hold them, however deep; ``number``: so many, spread.

    Who is in a clip says the table beside its folder (FOLDER.tsv), else, below a folder of folders, the first folder's
    name (as in VoxCeleb2), else the clip's own name. ValueError, with a sentence, where there are no clips.
    """
    people: dict[Path, str] = {}
    for path in paths:
        if path.is_dir():
            found = sorted(p for p in path.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())
            if not found:
                raise ValueError(f"there is no clip in {path}: it holds no {', '.join(SUFFIXES)}")
            people |= {p: p.relative_to(path).parts[0] if p.parent != path else p.stem for p in found}
        elif path.is_file():
            people[path] = path.stem
        else:
            raise ValueError(f"there is no clip at {path}")
    files = list(people)
    if number is not None:
        files = [files[n * len(files) // number] for n in range(min(number, len(files)))]
    tables = {folder: _table(folder) for folder in {path.parent for path in files}}
    stems = Counter(path.stem for path in files)
    return [
        _described(
            path,
            path.stem if stems[path.stem] == 1 else "_".join(path.with_suffix("").parts[-3:]),
            people[path],
            tables[path.parent].get(path.stem, {}),
        )
        for path in files
    ]


def load(file: ClipFile, seconds: float | None) -> Footage:
    """Decode the clip's first ``seconds``. ClipError (a ValueError) where it cannot be used or is too short."""
    clip = open_clip(file.path)
    limit = None if seconds is None else round(seconds * FRAMES_PER_SECOND)
    cropper, frames = FaceCropper(), []
    for frame in rehearsed(clip.frames(), limit):
        crop = cropper.crop(frame.rgb, frame.number).rgb
        if frame.number >= REHEARSAL_SLOTS:
            frames.append(crop)
    if len(frames) < LEAST_S * FRAMES_PER_SECOND:
        raise ValueError(
            f"{file.path.name} lasts {len(frames) / FRAMES_PER_SECOND:.1f} s: at least {LEAST_S} s are needed, "
            "because the first second is not judged"
        )
    voice = clip.audio()
    samples = round(len(frames) * SAMPLE_RATE_HZ / FRAMES_PER_SECOND)
    pcm = np.zeros(0, np.int16) if voice is None else voice[:samples]
    mel = log_mel(pcm) if len(pcm) else np.zeros((MEL_BINS, 0), np.float32)
    return Footage(file, tuple(frames), pcm, mel, _labels(file.path, len(frames), (clip.width, clip.height)))


class FootageCache(ClipCache):
    """One clip in memory, where code expects a cache of clips on disk."""

    def __init__(self, footage: Footage) -> None:
        self._footage = footage
        file, count = footage.file, len(footage.frames)
        self.clips = (ClipInfo(file.name, file.person, file.lips, "", 0, count, len(footage.pcm) > 0),)

    def frame(self, number: int) -> NDArray[np.uint8]:
        """(256, 256, 3) RGB."""
        return self._footage.frames[number]

    def landmarks(self, number: int) -> NDArray[np.float32]:
        """(68, 2); NaN where there are no labels."""
        return np.asarray(self._footage.labels[number], np.float32)

    def mel(self, clip: int) -> NDArray[np.float32]:  # noqa: ARG002 - there is but one
        """(80, n) of the whole voice."""
        return self._footage.mel


def _described(path: Path, name: str, person: str, row: dict[str, str]) -> ClipFile:
    state = emotion_state(row.get("emotion") or "")
    return ClipFile(
        path,
        name,
        row.get("person") or person,
        row.get("lip_sync") or "yes",  # whoever names a film of their own means its own voice
        None if state == UNKNOWN else state,
        _sha256(path),
    )


def _table(folder: Path) -> dict[str, dict[str, str]]:
    """FOLDER.tsv beside a folder of clips, row by clip; empty where there is none."""
    table = folder.resolve().parent / f"{folder.resolve().name}.tsv"
    if not table.is_file():
        return {}
    with table.open(encoding="utf-8", newline="") as file:
        rows: Iterable[dict[str, str]] = csv.DictReader(file, delimiter="\t")
        return {row["clip"]: row for row in rows if "clip" in row}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _labels(path: Path, count: int, size: tuple[int, int]) -> NDArray[np.float32]:
    points = np.full((count, LANDMARKS, 2), np.nan, np.float32)
    beside = path.with_suffix("").with_suffix(".landmarks.npy")
    if size == (PICTURE, PICTURE) and beside.is_file():  # of another size, the sender's crop has moved them
        known = np.load(beside)[:count].astype(np.float32)
        points[: len(known)] = known
    return points
