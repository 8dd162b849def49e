"""What is written down of finished work: one line of JSON a source."""

from __future__ import annotations

from dataclasses import dataclass

from callcodec.face.box import Box


@dataclass(frozen=True)
class TrackRecord:
    """One track as it was written: NAME.mp4 and NAME.landmarks.npy.

    ``first_frame``: of the source at 25 FPS. ``box``: in pixels of the source. ``lip_sync``: yes, unknown or no.
    ``landmarks_missing``: share of frames without landmarks.
    """

    name: str
    first_frame: int
    frames: int
    box: Box
    face_px: int
    voice: bool
    lip_sync: str
    landmarks_missing: float
    video_sha256: str
    landmarks_sha256: str


@dataclass(frozen=True)
class Refusal:
    """A stretch that gives no track. ``frames`` 0: the whole source."""

    first_frame: int
    frames: int
    reason: str


@dataclass(frozen=True)
class WorkRecord:
    """One source, done. ``work``: the hash of everything that its result depends on; ``split``: where that lies.

    ``data_set``: the folder that the paths are relative to.
    """

    work: str
    data_set: str
    split: str
    person: str
    corpus: str
    emotion: str
    source: str
    source_sha256: str
    start_s: float | None
    end_s: float | None
    tracks: tuple[TrackRecord, ...]
    refused: tuple[Refusal, ...]
