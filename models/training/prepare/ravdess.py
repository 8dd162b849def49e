"""RAVDESS: Actor_NN/ and seven numbers: modality-channel-emotion-intensity-statement-repetition-actor."""

from __future__ import annotations

import re
from pathlib import Path

from models.training.prepare.source import Found, Layout, Listing, Skipped, Source

_NAME = re.compile(r"\d\d(?:-\d\d){6}")
_WITH_SOUND, _SILENT = "01", "02"
_EMOTIONS = {
    "01": "neutral",
    "02": "calm",
    "03": "happy",
    "04": "sad",
    "05": "angry",
    "06": "fear",
    "07": "disgusted",
    "08": "surprised",
}
# On MEAD's scale of three levels; neutral has one intensity only.
_LEVELS = {"01": 2, "02": 3}


def _claims(listing: Listing) -> bool:
    return any(_NAME.fullmatch(Path(f).stem) for f in listing.videos)


def _sources(listing: Listing) -> Found:
    stems = {Path(f).stem for f in listing.videos}
    sources: list[Source] = []
    skipped: list[Skipped] = []
    for video in listing.videos:
        stem = Path(video).stem
        numbers = stem.split("-")
        if not _NAME.fullmatch(stem) or numbers[2] not in _EMOTIONS or numbers[3] not in _LEVELS:
            skipped.append(Skipped(video, "not a RAVDESS name of seven numbers"))
        elif numbers[0] == _SILENT and _WITH_SOUND + stem[2:] in stems:
            skipped.append(Skipped(video, "the same take is there with sound"))
        else:
            label = _EMOTIONS[numbers[2]]
            level = 1 if label == "neutral" else _LEVELS[numbers[3]]
            person = f"ravdess{numbers[6]}"
            sources.append(Source(f"ravdess_{stem}", video, person, "RAVDESS", "yes", f"{label}:{level}"))
    return Found(tuple(sources), tuple(skipped))


RAVDESS = Layout("ravdess", "Actor_01/01-01-03-02-01-01-01.mp4", _claims, _sources)
