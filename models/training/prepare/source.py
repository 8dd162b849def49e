"""What is known of a recording before it is opened: where it lies, who is in it, and what its data set says."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

VIDEO_SUFFIXES = frozenset({".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v", ".mpg", ".mpeg", ".flv", ".ts"})


class PrepareError(ValueError):
    """A folder that cannot be prepared; the message says what is wrong and what to do."""


@dataclass(frozen=True)
class Source:
    """One stretch of one recording. Paths are relative to the data set's folder.

    ``name``: of the tracks that come out, unique. ``lip_sync``: what holds where there is a voice (yes or unknown).
    ``emotion``: label:level, level 1 (weak) to 3 (strong); empty where unknown. ``start_s``, ``end_s``: the stretch,
    None for the recording's own ends. ``centre_x``, ``centre_y``: of the wanted face when the stretch begins, in parts
    of the picture. ``sound``: the voice where it lies in a file of its own. ``boxes``: VoxCeleb2's face boxes.
    """

    name: str
    video: str
    person: str
    corpus: str
    lip_sync: str
    emotion: str = ""
    start_s: float | None = None
    end_s: float | None = None
    centre_x: float | None = None
    centre_y: float | None = None
    sound: str | None = None
    boxes: str | None = None

    @property
    def files(self) -> tuple[str, ...]:
        """Every file that this rests on."""
        return tuple(path for path in (self.video, self.sound, self.boxes) if path is not None)


class Skipped(NamedTuple):
    """A file of the data set that gives no source, and why."""

    path: str
    reason: str


@dataclass(frozen=True)
class Found:
    """What a layout makes of a folder."""

    sources: tuple[Source, ...]
    skipped: tuple[Skipped, ...] = ()


@dataclass(frozen=True)
class Listing:
    """Every file below ``root``, as sorted relative paths with forward slashes; hidden ones are left out."""

    root: Path
    files: tuple[str, ...]
    videos: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        videos = tuple(f for f in self.files if Path(f).suffix.lower() in VIDEO_SUFFIXES)
        object.__setattr__(self, "videos", videos)

    @classmethod
    def of(cls, root: Path, leave_out: Path) -> Listing:
        """List ``root``, but nothing below ``leave_out``, where results go. Raises PrepareError."""
        if not root.exists():
            raise PrepareError(f"{root} does not exist; name the folder of the data set")
        if not root.is_dir():
            raise PrepareError(f"{root} is a file; name the folder that it lies in")
        inside = leave_out.resolve()
        files = []
        for path in root.rglob("*"):
            relative = path.relative_to(root)
            hidden = any(part.startswith(".") for part in relative.parts)
            if not hidden and path.is_file() and not path.resolve().is_relative_to(inside):
                files.append(relative.as_posix())
        return cls(root, tuple(sorted(files)))


@dataclass(frozen=True)
class Layout:
    """One way in which a data set lies on disk. ``claims``: whether a folder looks like it."""

    name: str
    example: str
    claims: Callable[[Listing], bool]
    sources: Callable[[Listing], Found]


def slug(text: str) -> str:
    """A name that is safe as a file name and has no dot: everything odd becomes an underscore."""
    return re.sub(r"[^A-Za-z0-9-]+", "_", text).strip("_") or "clip"
