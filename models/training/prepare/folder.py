"""Any folder of clips, and the one that holds a single speaker's addresses."""

from __future__ import annotations

from pathlib import PurePosixPath

from models.training.prepare.source import Found, Layout, Listing, Source, slug


def _sources(listing: Listing) -> Found:
    """A sub-folder is a person; a clip that lies in none is a person of its own."""
    sources = []
    for video in listing.videos:
        path = PurePosixPath(video)
        person = slug(path.parts[0] if len(path.parts) > 1 else path.stem)
        sources.append(Source(slug(str(path.with_suffix(""))), video, person, listing.root.name, "unknown"))
    return Found(tuple(sources))


def _addresses(listing: Listing) -> Found:
    """One person, who looks into the camera and speaks."""
    return Found(
        tuple(
            Source(
                f"obama_{slug(str(PurePosixPath(f).with_suffix('')))}", f, "obama", "Obama addresses", "yes"
            )
            for f in listing.videos
        )
    )


OBAMA = Layout(
    "obama", "obama_addresses/ANY.mp4", lambda listing: "obama" in listing.root.name.lower(), _addresses
)
FOLDER = Layout("folder", "PERSON/ANY.mp4, or ANY.mp4", lambda listing: bool(listing.videos), _sources)
