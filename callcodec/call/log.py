"""What each end notes down during a call, so that nothing needs to be measured while it runs."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from callcodec.config import from_mapping


@dataclass(frozen=True)
class CaptureNote:
    """One captured picture. ``face_number``: of the face packet made from it, if any."""

    number: int
    media_time_s: float
    wall_s: float
    face_number: int | None


@dataclass(frozen=True)
class ShowNote:
    """One 40 ms slot of the screen. ``fresh``: the picture was made for it, in ``made_in_s``."""

    slot: int
    wall_s: float
    state: str
    media_time_s: float | None
    consistency_error: float
    fresh: bool
    made_in_s: float


@dataclass(frozen=True)
class PlayNote:
    """One block of played voice: the media time of its first sample, and when that sounded."""

    wall_s: float
    media_time_s: float
    samples: int


@dataclass(frozen=True)
class FaceNote:
    """One decoded face packet."""

    number: int
    media_time_s: float
    wall_s: float


@dataclass(frozen=True)
class WireNote:
    """Whole IP packets in bytes at one moment, both directions of one end, by class.

    ``bundle_bytes`` and ``identity_bytes``: how much of what was sent were face bundles and identity messages;
    ``face_bytes`` and ``voice_bytes``: face packets without their bundles, and Opus packets; ``video_bytes``: the
    packets of an H.264 track with their headers, repetitions included.
    """

    wall_s: float
    sent: dict[str, int]
    received: dict[str, int]
    bundle_bytes: int
    identity_bytes: int
    face_bytes: int = 0
    voice_bytes: int = 0
    video_bytes: int = 0


@dataclass
class EndLog:
    """Everything one end noted. ``events``: wall times of what happens once, by name."""

    captures: list[CaptureNote] = field(default_factory=list)
    shows: list[ShowNote] = field(default_factory=list)
    plays: list[PlayNote] = field(default_factory=list)
    faces: list[FaceNote] = field(default_factory=list)
    wire: list[WireNote] = field(default_factory=list)
    events: dict[str, float] = field(default_factory=dict)
    counts: dict[str, float] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def save(self, path: Path) -> None:
        """Write the log as JSON."""
        path.write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> "EndLog":
        """Read a log that ``save`` wrote. Raises ConfigError when it is not one."""
        return from_mapping(json.loads(path.read_text(encoding="utf-8")), cls, str(path))
