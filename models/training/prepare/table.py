"""SPLIT.tsv, which training reads, and refused.tsv, which a person reads."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

from models.training.prepare.record import WorkRecord
from models.training.prepare.source import Skipped
from models.training.prepare.split import TRAIN, VALIDATION

COLUMNS = (
    "clip",
    "person",
    "frames",
    "voice",
    "lip_sync",
    "source_px",
    "face_px",
    "emotion",
    "landmarks_missing",
    "source_repository",
    "source_path",
    "repository_licence",
    "note",
)
REFUSED = "refused.tsv"


def write_tables(folder: Path, records: Sequence[WorkRecord], skipped: Iterable[Skipped]) -> None:
    """All three tables, each whole or not there."""
    ordered = sorted(records, key=lambda record: (record.source, record.start_s or 0.0))
    for split in (TRAIN, VALIDATION):
        _write(folder / f"{split}.tsv", COLUMNS, _rows(record for record in ordered if record.split == split))
    refused = [(item.path, "", "", item.reason) for item in skipped]
    refused += [
        (record.source, f"{(record.start_s or 0.0) + refusal.first_frame / 25:.2f}", f"{refusal.frames / 25:.2f}",
         refusal.reason)
        for record in ordered
        for refusal in record.refused
    ]  # fmt: skip
    _write(folder / REFUSED, ("source", "from_s", "seconds", "reason"), refused)


def _rows(records: Iterable[WorkRecord]) -> Iterable[Sequence[str]]:
    for record in records:
        for track in record.tracks:
            yield (
                track.name,
                record.person,
                str(track.frames),
                str(int(track.voice)),
                track.lip_sync,
                str(track.box.side),
                str(track.face_px),
                record.emotion,
                f"{track.landmarks_missing:.3f}",
                record.corpus,
                record.source,
                "as the corpus says",
                "",
            )


def _write(path: Path, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    partial = path.with_name(path.name + ".part")
    with partial.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter="\t", lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
    partial.replace(path)
