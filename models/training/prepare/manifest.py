"""manifest.jsonl: finished work, a line each, so that a killed run goes on where it was."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

from callcodec.config import ConfigError, from_mapping
from models.training.prepare.cutting import sha256_of
from models.training.prepare.record import WorkRecord
from models.training.prepare.source import PrepareError, Source
from models.training.prepare.tracks import TrackRules

MANIFEST = "manifest.jsonl"


class Manifest:
    """The file, read once and appended to. Raises PrepareError where it is not one of ours."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / MANIFEST
        self._records: dict[str, WorkRecord] = {}
        if self._path.is_file():
            self._read()

    @property
    def records(self) -> tuple[WorkRecord, ...]:
        """The newest record of every piece of work."""
        return tuple(self._records.values())

    def finished(self, work: str, folder: Path) -> bool:
        """Whether that work is recorded and its results are still what was recorded."""
        record = self._records.get(work)
        return record is not None and all(
            _is(folder / record.split / f"{track.name}.mp4", track.video_sha256)
            and _is(folder / record.split / f"{track.name}.landmarks.npy", track.landmarks_sha256)
            for track in record.tracks
        )

    def add(self, record: WorkRecord) -> None:
        """Write one line; it is on the disk when this returns."""
        self._records[record.work] = record
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(record)) + "\n")

    def _read(self) -> None:
        try:
            text = self._path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise PrepareError(f"{self._path} cannot be read: {error}") from error
        whole, newline, torn = text.rpartition("\n")
        for number, line in enumerate(whole.splitlines(), 1):
            try:
                record = from_mapping(json.loads(line), WorkRecord, f"{self._path}, line {number}")
            except (json.JSONDecodeError, ConfigError) as error:
                raise PrepareError(
                    f"{self._path}, line {number}, is no record of callcodec prepare ({error}); choose another --out"
                ) from error
            self._records[record.work] = record
        if torn:
            # A run was killed while it wrote this line: the work counts as not done.
            self._path.write_text(whole + newline, encoding="utf-8")


def work_key(source: Source, file_hashes: dict[str, str], rules: TrackRules, labels: str) -> str:
    """The hash of everything that a source's result depends on: its files' hashes, what is known of it, the rules.

    labels: what the landmarks come from.
    """
    known = {
        "source": asdict(source),
        "files": [file_hashes[path] for path in source.files],
        "rules": asdict(rules),
        "labels": labels,
    }
    return hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()


def _is(path: Path, sha256: str) -> bool:
    return path.is_file() and sha256_of(path) == sha256
