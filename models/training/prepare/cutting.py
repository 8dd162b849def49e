"""One source through everything: find its tracks, cut them out, label them, write them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from callcodec.face.crop import cut
from callcodec.face.detect import FaceDetector
from callcodec.media.clip import ClipFrame, open_clip
from callcodec.media.movie import write_movie
from callcodec.media.sound import VOICE_RATE_HZ
from callcodec.media.sound_file import read_voice
from callcodec.media.timeline import FRAMES_PER_SECOND
from callcodec.speech.mel import log_mel
from models.training.data import voice_window
from models.training.prepare.looking import face_finder, look_through, pictures_between
from models.training.prepare.record import Refusal, TrackRecord
from models.training.prepare.source import Source
from models.training.prepare.tracks import Track, TrackRules, find_tracks

CRF = 16
_SAMPLES_PER_FRAME = VOICE_RATE_HZ // FRAMES_PER_SECOND
_AUDIBLE = 100
"""A track whose loudest sample stays below this (-50 dB) has no voice."""
_MOST_MISSING = 0.5
"""With more of its frames without landmarks a track is refused."""

Pcm = NDArray[np.int16]


class PointFinder(Protocol):
    """Whatever labels a 256×256 picture with 68 points."""

    def detect(self, rgb: NDArray[np.uint8], mel: NDArray[np.float32] | None = None) -> NDArray[np.float32]:
        """(68, 2) x, y in pixels of ``rgb``, uint8 (256, 256, 3), iBUG-68 order; NaN where unknown.

        mel: (80, 20) around the picture, None without a voice.
        """
        ...


@dataclass(frozen=True)
class Tools:
    """What finds faces, and points in them."""

    faces: FaceDetector
    points: PointFinder


@dataclass(frozen=True)
class Cut:
    """What one source gave."""

    tracks: tuple[TrackRecord, ...]
    refused: tuple[Refusal, ...]


def cut_source(source: Source, root: Path, folder: Path, tools: Tools, rules: TrackRules) -> Cut:
    """Write the tracks of ``source`` into ``folder`` as NAME.mp4 and NAME.landmarks.npy.

    Raises ValueError with a sentence where the recording, its sound or its boxes cannot be used.
    """
    clip = open_clip(root / source.video)
    voice = read_voice(root / source.sound) if source.sound is not None else clip.audio()
    first = 0 if source.start_s is None else round(source.start_s * FRAMES_PER_SECOND)
    end = None if source.end_s is None else round(source.end_s * FRAMES_PER_SECOND)
    looks, reached = look_through(clip, first, end, face_finder(source, root, tools.faces, first))
    tracks, refused = find_tracks(looks, reached, clip.width, clip.height, rules)
    records: list[TrackRecord] = []
    pictures = clip.frames()
    for number, track in enumerate(tracks):
        writing = _Writing(
            f"{source.name}_{number:02d}", track, source, _voice_of(voice, track), tools.points
        )
        outcome = writing.write(pictures, folder)
        if isinstance(outcome, Refusal):
            refused.append(outcome)
        else:
            records.append(outcome)
    return Cut(tuple(records), tuple(refused))


def sha256_of(path: Path) -> str:
    """The hash of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class _Writing:
    """One track on its way to the disk; a picture is held no longer than it takes to encode it."""

    def __init__(
        self, name: str, track: Track, source: Source, voice: Pcm | None, points: PointFinder
    ) -> None:
        self._name = name
        self._track = track
        self._source = source
        self._voice = voice
        self._mel = None if voice is None else log_mel(voice)
        self._points = points
        self._found: list[NDArray[np.float32]] = []

    def write(self, pictures: Iterator[ClipFrame], folder: Path) -> TrackRecord | Refusal:
        """Both files; nothing where the points are missing too often."""
        track = self._track
        video, labels = folder / f"{self._name}.mp4", folder / f"{self._name}.landmarks.npy"
        write_movie(video, self._labelled(pictures), self._voice, crf=CRF)
        points = np.stack(self._found).astype(np.float16)
        missing = float(np.isnan(points).any((1, 2)).mean())
        if missing > _MOST_MISSING:
            video.unlink()
            return Refusal(track.first, len(points), f"no landmarks in {missing:.0%} of the pictures")
        # Whole or not there, like the video: a run may be killed at any moment.
        partial = labels.with_name(labels.name + ".part")
        with partial.open("wb") as file:
            np.save(file, points)
        partial.replace(labels)
        return TrackRecord(
            name=self._name,
            first_frame=track.first,
            frames=len(points),
            box=track.box,
            face_px=track.face_px,
            voice=self._voice is not None,
            lip_sync="no" if self._voice is None else self._source.lip_sync,
            landmarks_missing=round(missing, 4),
            video_sha256=sha256_of(video),
            landmarks_sha256=sha256_of(labels),
        )

    def _labelled(self, pictures: Iterator[ClipFrame]) -> Iterator[NDArray[np.uint8]]:
        """The crops (256, 256, 3), each seen by the point finder as it passes."""
        for frame in pictures_between(pictures, self._track.first, self._track.end):
            crop = cut(frame.rgb, self._track.box)
            mel = None if self._mel is None else voice_window(self._mel, len(self._found))
            self._found.append(self._points.detect(crop, mel))
            yield crop


def _voice_of(voice: Pcm | None, track: Track) -> Pcm | None:
    """The track's own stretch, padded to its length; None where nothing can be heard."""
    if voice is None:
        return None
    piece = voice[track.first * _SAMPLES_PER_FRAME : track.end * _SAMPLES_PER_FRAME]
    if not piece.size or int(np.abs(piece.astype(np.int32)).max()) < _AUDIBLE:
        return None
    missing = (track.end - track.first) * _SAMPLES_PER_FRAME - piece.size
    return np.pad(piece, (0, missing))
