"""Looks on while a call runs and keeps five samples a second: little enough for ten minutes of it."""

from __future__ import annotations

import resource
import sys
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from callcodec.call.observer import Observer
from callcodec.call.participant import Participant
from receiver.face import DecodedFace
from receiver.sink import Shown
from sender.sender import Captured

SAMPLE_SLOTS = 5
FACE_INTERVAL_S = 0.2
STATM = Path("/proc/self/statm")


@dataclass(frozen=True)
class Sample:
    """One moment. ``shown_s``, ``played_s``: media times on screen and at the speaker; None before the first."""

    wall_s: float
    state: str
    fresh: bool
    shown_s: float | None
    played_s: float | None
    voice_played: int
    voice_concealed: int
    voice_received: int
    depth_ms: float
    sent_bytes: int
    received_bytes: int
    memory_bytes: int


@dataclass
class Notes:
    """What is left of a call. ``events``: wall times of what happens once, by name."""

    samples: list[Sample] = field(default_factory=list)
    events: dict[str, float] = field(default_factory=dict)
    counts: dict[str, float] = field(default_factory=dict)
    offsets_ms: list[float] = field(default_factory=list)
    faces_in_time: int = 0

    def between(self, from_s: float, to_s: float) -> list[Sample]:
        """The samples of a stretch of wall time."""
        return [sample for sample in self.samples if from_s <= sample.wall_s < to_s]


class Watch:
    """An Observer that passes everything on to another, and takes notes."""

    def __init__(self, other: Observer | None = None) -> None:
        self.notes = Notes()
        self.participant: Participant | None = None
        self._other = other
        self._played: tuple[float, float] | None = None  # wall and media time of the newest block of voice

    def captured(self, captured: Captured) -> None:
        """See Observer."""
        if self._other is not None:
            self._other.captured(captured)

    def decoded(self, face: DecodedFace, wall_s: float) -> None:
        """See Observer: a face is in time when the moment of the next one has not passed."""
        now_s = self._media_s(wall_s)
        self.notes.faces_in_time += now_s is None or face.media_time_s + FACE_INTERVAL_S > now_s
        if self._other is not None:
            self._other.decoded(face, wall_s)

    def show(self, shown: Shown) -> None:
        """See receiver.sink.Sink."""
        self.notes.events.setdefault(f"state {shown.state.value}", shown.wall_s)
        played_s = self._media_s(shown.wall_s)
        if shown.fresh and shown.media_time_s is not None and played_s is not None:
            self.notes.offsets_ms.append(1000 * (shown.media_time_s - played_s))
        if shown.slot % SAMPLE_SLOTS == 0 and self.participant is not None:
            self._sample(self.participant, shown, played_s)
        if self._other is not None:
            self._other.show(shown)

    def play(self, pcm: NDArray[np.int16], media_time_s: float, wall_s: float) -> None:
        """See receiver.sink.Sink."""
        self._played = (wall_s, media_time_s)
        if self._other is not None:
            self._other.play(pcm, media_time_s, wall_s)

    def happened(self, event: str, wall_s: float) -> None:
        """See Observer."""
        self.notes.events.setdefault(event, wall_s)
        if self._other is not None:
            self._other.happened(event, wall_s)

    def note_wire(self, participant: Participant, wall_s: float) -> None:
        """See Observer."""
        self.participant = participant
        if participant.started_s is not None:
            self.notes.events["started"] = participant.started_s
        counts = participant.sender.counts
        self.notes.counts = participant.receiver.counts(wall_s) | {
            "voice_packets_sent": counts.voice_packets,
            "face_packets_sent": counts.face_packets,
            "identity_bytes_sent": participant.sender.identity_bytes,
        }
        if self._other is not None:
            self._other.note_wire(participant, wall_s)

    def _media_s(self, wall_s: float) -> float | None:
        if self._played is None:
            return None
        return self._played[1] + wall_s - self._played[0]

    def _sample(self, participant: Participant, shown: Shown, played_s: float | None) -> None:
        counts = participant.receiver.counts(shown.wall_s)
        wire = participant.endpoint.wire_statistics()
        self.notes.samples.append(
            Sample(
                shown.wall_s,
                shown.state.value,
                shown.fresh,
                shown.media_time_s,
                played_s,
                int(counts["voice_frames_played"]),
                int(counts["voice_frames_concealed"]),
                int(counts["voice_packets_received"]),
                counts["playout_depth_ms"],
                wire.sent.total,
                wire.received.total,
                memory_bytes(),
            )
        )


def memory_bytes() -> int:
    """What this process holds of the machine's memory now; its peak where the system does not tell."""
    if STATM.exists():
        return int(STATM.read_text().split()[1]) * resource.getpagesize()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
