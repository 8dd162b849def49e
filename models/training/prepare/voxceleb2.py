"""VoxCeleb2: idNNNNN/YOUTUBE_ID/NNNNN, as cut face tracks (mp4), or as face boxes (txt) beside whole videos.

The sound lies in the tracks or, as it was published, in aac/idNNNNN/YOUTUBE_ID/NNNNN.m4a. The boxes are in parts of the
picture of the original video, numbered at 25 FPS: a track that was cut already needs none, a whole video does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from callcodec.media.timeline import FRAMES_PER_SECOND, SLOT_S
from models.training.prepare.source import Found, Layout, Listing, PrepareError, Skipped, Source

_TRACK = re.compile(
    r"(?:.*/)?(?P<person>id\d{5})/(?P<video>[\w-]{11})/(?P<number>\d{5})\.(?P<kind>mp4|txt|m4a|wav)"
)
_BOX = re.compile(r"(\d+)((?:\s+-?\d+(?:\.\d+)?){4})\s*")


@dataclass(frozen=True)
class FaceBox:
    """A face at one moment: left, top, width, height in parts of the picture, frame number at 25 FPS."""

    frame: int
    left: float
    top: float
    width: float
    height: float


def read_boxes(path: Path) -> tuple[FaceBox, ...]:
    """The boxes of one track, in order. Raises PrepareError for another kind of file."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise PrepareError(f"{path} cannot be read: {error}") from error
    boxes = []
    for line in lines:
        match = _BOX.fullmatch(line.strip())
        if match:
            left, top, width, height = (float(value) for value in match[2].split())
            boxes.append(FaceBox(int(match[1]), left, top, width, height))
    if not boxes or any(b.width <= 0 or b.height <= 0 or max(b.width, b.height) > 1 for b in boxes):
        raise PrepareError(f"{path} is no VoxCeleb2 track: rows of frame, x, y, w, h in parts of the picture")
    return tuple(sorted(boxes, key=lambda box: box.frame))


def _claims(listing: Listing) -> bool:
    return any(_TRACK.fullmatch(f) for f in listing.files if f.endswith((".mp4", ".txt")))


def _sources(listing: Listing) -> Found:
    tracks = {kind: dict(_of_kind(listing.files, kind)) for kind in ("mp4", "txt", "m4a", "wav")}
    whole = {Path(f).stem: f for f in listing.videos if not _TRACK.fullmatch(f)}
    sources: list[Source] = []
    skipped: list[Skipped] = []
    for key, video in tracks["mp4"].items():
        sound = tracks["m4a"].get(key) or tracks["wav"].get(key)
        sources.append(Source("_".join(key), video, key[0], "VoxCeleb2", "yes", sound=sound))
    for key, boxes in tracks["txt"].items():
        if key in tracks["mp4"]:
            continue
        if key[1] not in whole:
            skipped.append(Skipped(boxes, f"neither the track nor the video {key[1]} is there"))
            continue
        try:
            frames = read_boxes(listing.root / boxes)
        except PrepareError as error:
            skipped.append(Skipped(boxes, str(error)))
            continue
        sources.append(
            Source(
                "_".join(key),
                whole[key[1]],
                key[0],
                "VoxCeleb2",
                "yes",
                start_s=frames[0].frame * SLOT_S,
                end_s=(frames[-1].frame + 1) / FRAMES_PER_SECOND,
                boxes=boxes,
            )
        )
    return Found(tuple(sources), tuple(skipped))


def _of_kind(files: Iterable[str], kind: str) -> Iterable[tuple[tuple[str, str, str], str]]:
    for path in files:
        match = _TRACK.fullmatch(path)
        if match and match["kind"] == kind:
            yield (match["person"], match["video"], match["number"]), path


VOXCELEB2 = Layout("voxceleb2", "mp4/id00012/21Uxsk56VDQ/00001.mp4", _claims, _sources)
