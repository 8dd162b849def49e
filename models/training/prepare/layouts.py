"""The layouts that are known, and which of them a folder has."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from pathlib import Path

from models.training.prepare.avspeech import AVSPEECH
from models.training.prepare.folder import FOLDER, OBAMA
from models.training.prepare.mead import MEAD
from models.training.prepare.ravdess import RAVDESS
from models.training.prepare.source import Found, Layout, Listing, PrepareError, Source
from models.training.prepare.voxceleb2 import VOXCELEB2

LAYOUTS = {layout.name: layout for layout in (VOXCELEB2, MEAD, RAVDESS, AVSPEECH, OBAMA, FOLDER)}
"""In the order in which a folder is tried; the last takes any folder with clips."""


def find_sources(root: Path, out: Path, layout: str | None, person: str | None) -> tuple[Layout, Found]:
    """What ``root`` holds, in the ``layout`` of that name or else the first that fits.

    person: who is in every clip, whatever the layout says. Raises PrepareError where nothing can be made of it.
    """
    if layout is not None and layout not in LAYOUTS:
        raise PrepareError(f"there is no layout {layout!r}; there are {', '.join(LAYOUTS)}")
    listing = Listing.of(root, out)
    if not listing.videos:
        raise PrepareError(f"{root} holds no video file")
    chosen = LAYOUTS[layout] if layout else next(known for known in LAYOUTS.values() if known.claims(listing))
    found = chosen.sources(listing)
    if not found.sources:
        raise PrepareError(
            f"none of the {len(listing.videos)} videos in {root} lies as {chosen.name} has it ({chosen.example})"
            + (f"; the first: {found.skipped[0].path}, {found.skipped[0].reason}" if found.skipped else "")
        )
    sources = _uniquely_named(found.sources)
    if person is not None:
        sources = tuple(replace(source, person=person) for source in sources)
    return chosen, Found(sources, found.skipped)


def _uniquely_named(sources: tuple[Source, ...]) -> tuple[Source, ...]:
    """The second source of a name gets a number, in the order of the files; case does not tell names apart."""
    taken: set[str] = set()
    named = []
    for source in sources:
        numbered = (f"{source.name}-{number}" for number in count(2))
        name = source.name
        while name.lower() in taken:
            name = next(numbered)
        taken.add(name.lower())
        named.append(replace(source, name=name))
    return tuple(named)
