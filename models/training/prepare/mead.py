"""MEAD: PERSON/video/ANGLE/EMOTION/level_N/NNN.mp4, the sound in PERSON/audio/EMOTION/level_N/NNN.m4a."""

from __future__ import annotations

import re

from models.training.prepare.source import Found, Layout, Listing, Skipped, Source

_TAKE = re.compile(
    r"(?P<above>.*/)?(?P<person>[MW]\d{3})/(?:video/)?(?P<angle>front|down|top|(?:left|right)_\d\d)/"
    r"(?P<emotion>\w+)/level_(?P<level>[1-3])/(?P<number>\d{3})\.\w+"
)
_EMOTIONS = {
    "angry": "angry",
    "contempt": "contempt",
    "disgusted": "disgusted",
    "fear": "fear",
    "happy": "happy",
    "neutral": "neutral",
    "sad": "sad",
    "surprised": "surprised",
}


def _claims(listing: Listing) -> bool:
    return any(_TAKE.fullmatch(f) for f in listing.videos)


def _sources(listing: Listing) -> Found:
    files = set(listing.files)
    sources: list[Source] = []
    skipped: list[Skipped] = []
    for video in listing.videos:
        take = _TAKE.fullmatch(video)
        if take is None or take["emotion"] not in _EMOTIONS:
            skipped.append(Skipped(video, "not at PERSON/video/ANGLE/EMOTION/level_N/NNN"))
            continue
        spoken = "/".join(
            (take["person"], "audio", take["emotion"], f"level_{take['level']}", take["number"])
        )
        recorded = (take["above"] or "") + spoken
        sound = next((path for path in (f"{recorded}.m4a", f"{recorded}.wav") if path in files), None)
        name = "_".join(take[key] for key in ("person", "angle", "emotion", "level", "number"))
        emotion = f"{_EMOTIONS[take['emotion']]}:{take['level']}"
        sources.append(Source(name, video, take["person"], "MEAD", "yes", emotion, sound=sound))
    return Found(tuple(sources), tuple(skipped))


MEAD = Layout("mead", "M003/video/front/angry/level_1/001.mp4", _claims, _sources)
