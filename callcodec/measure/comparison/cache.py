"""Results that are kept by what they are of, so that a run that was killed goes on where it was."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path

import av

from callcodec import __version__
from callcodec.measure.comparison.clips import ClipFile
from callcodec.measure.comparison.points import OwnPoint, Point, point_to_json
from callcodec.measure.comparison.result import PointResult
from models.checkpoint import weights_folder

FORMAT = 1
"""Raised whenever the same point would be measured differently."""


@dataclass(frozen=True)
class ResultCache:
    """One small file a result, named by the hash of clip, configuration, weights and versions.

    ``conditions``: everything else that figures depend on, in words.
    """

    folder: Path
    conditions: str

    def key(self, clip: ClipFile, point: Point, full: bool) -> str:
        """A hash, hexadecimal. Raises OSError where a point's own weights cannot be read."""
        parts = [FORMAT, __version__, av.__version__, self.conditions, clip.sha256, clip.lips, clip.emotion]
        weights = shipped_fingerprint() if full else ""
        if isinstance(point, OwnPoint) and point.weights is not None:
            weights += hashlib.sha256(point.weights.read_bytes()).hexdigest()
        content = json.dumps([*parts, point_to_json(point), full, weights])
        return hashlib.sha256(content.encode()).hexdigest()

    def find(self, key: str, clip: ClipFile) -> PointResult | None:
        """What was kept; None where nothing was, or only a damaged file."""
        try:
            found = PointResult.from_json(self._path(key).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        # The same file may have another name and be said to show another person by now.
        return replace(found, clip=clip.name, person=clip.person)

    def keep(self, key: str, result: PointResult) -> None:
        """Write the result; a reader sees all of it or nothing. Raises OSError, as for a full disk."""
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".part")
        try:
            partial.write_text(result.to_json(), encoding="utf-8")
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}.json"


def shipped_fingerprint() -> str:
    """Of all weights that come with the package: a result depends on some of them."""
    cards = sorted(weights_folder().glob("*.json"))
    return hashlib.sha256(b"".join(card.read_bytes() for card in cards)).hexdigest()
