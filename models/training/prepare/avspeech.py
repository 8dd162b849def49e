"""AVSpeech: a table of YouTube id, start, end, x and y of the speaker's face, and videos, whole or cut already.

The published avspeech_train.csv has no header. Cut files are called YOUTUBEID_START_END; a whole video is YOUTUBEID.
Every stretch of a whole video is decoded from the video's beginning: cut files are much faster.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path

from models.training.prepare.source import Found, Layout, Listing, PrepareError, Skipped, Source

_TABLE = re.compile(r"(?:.*/)?avspeech[\w-]*\.csv", re.IGNORECASE)
_CUT = re.compile(r"(?P<video>[\w-]{11})_(?P<start>\d+(?:\.\d+)?)(?:[_-](?P<end>\d+(?:\.\d+)?))?")
_SAME_START_S = 0.05


def _claims(listing: Listing) -> bool:
    return any(_TABLE.fullmatch(f) for f in listing.files)


def _sources(listing: Listing) -> Found:
    tables = [f for f in listing.files if _TABLE.fullmatch(f)]
    if not tables:
        raise PrepareError(f"{listing.root} has no table such as avspeech_train.csv")
    whole = {Path(f).stem: f for f in listing.videos}
    cut: dict[str, list[tuple[float, str]]] = {}
    for video in listing.videos:
        match = _CUT.fullmatch(Path(video).stem)
        if match:
            cut.setdefault(match["video"], []).append((float(match["start"]), video))
    wanted = set(whole) | set(cut)
    sources: list[Source] = []
    used: set[str] = set()
    for table in tables:
        for video_id, start_s, end_s, x, y in _rows(listing.root / table, wanted):
            name = f"{video_id}_{round(start_s * 1000):07d}"
            piece = next(
                (f for begins, f in cut.get(video_id, ()) if abs(begins - start_s) < _SAME_START_S), None
            )
            path = piece or whole.get(video_id)
            if path is None:
                continue
            used.add(path)
            sources.append(
                Source(
                    name,
                    path,
                    video_id,
                    "AVSpeech",
                    "yes",
                    start_s=None if piece else start_s,
                    end_s=None if piece else end_s,
                    centre_x=x,
                    centre_y=y,
                )
            )
    skipped = [
        Skipped(f, "no row of the table belongs to this file") for f in listing.videos if f not in used
    ]
    return Found(tuple(sources), tuple(skipped))


def _rows(table: Path, wanted: set[str]) -> list[tuple[str, float, float, float, float]]:
    """The rows of videos that are here; a table names millions that are not. Raises PrepareError."""
    rows = []
    with table.open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.reader(file), 1):
            if not row or row[0] not in wanted:
                continue
            try:
                video_id, (start_s, end_s, x, y) = row[0], (float(value) for value in row[1:5])
            except ValueError as error:
                raise PrepareError(
                    f"{table}, line {number}: expected YouTube id, start, end, x, y, got {','.join(row)[:80]!r}"
                ) from error
            if not (0 <= start_s < end_s and 0 <= x <= 1 and 0 <= y <= 1):
                raise PrepareError(f"{table}, line {number}: no stretch of time, or no place in the picture")
            rows.append((video_id, start_s, end_s, x, y))
    return rows


AVSPEECH = Layout("avspeech", "avspeech_train.csv, clips/u5MPyrRJPmc_5.2_9.8.mp4", _claims, _sources)
