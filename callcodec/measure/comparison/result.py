"""What was measured of one point on one clip: what the cache keeps and every table and plot is made from."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field

from callcodec.config import from_mapping

PIXELS_A_SECOND = 256 * 256 * 25
SCREENED = ("psnr_db", "psnr_y_db", "ssim", "ms_ssim", "gmsd")
"""Figures of points that were only screened."""


@dataclass(frozen=True)
class Rates:
    """``first_bytes``: key frame, or identity messages. ``kbps``: payload of all pictures that follow.

    ``voice_kbps``: Opus payload; ``wire_kbps``: whole IP packets with the voice, None without a call.
    ``packets_per_second``: those that carry the pictures.
    """

    first_bytes: int
    kbps: float
    packets_per_second: float
    voice_kbps: float | None = None
    wire_kbps: float | None = None

    @property
    def bpp(self) -> float:
        """Payload bits per pixel at 256×256×25."""
        return self.kbps * 1000 / PIXELS_A_SECOND


@dataclass(frozen=True)
class Effort:
    """Processor seconds a picture on one thread, None where a stage is not apart; ``peak_mib``: of the process.

    ``sending_s``: encoding; ``receiving_s``: decoding, or for a call reconstruction alone; ``whole_s``: all of a call.
    """

    sending_s: float | None = None
    receiving_s: float | None = None
    whole_s: float | None = None
    real_time: float | None = None
    peak_mib: float | None = None


@dataclass(frozen=True)
class Delays:
    """Of a call, in milliseconds; None where no call was made."""

    glass_to_glass_p50: float | None = None
    glass_to_glass_p95: float | None = None
    voice: float | None = None
    audio_visual_offset: float | None = None


@dataclass(frozen=True)
class PointResult:
    """One point on one clip. ``figures``: by name, None: not measured; ``error``: why there are none at all.

    ``notes``: why single figures are missing. ``full``: whether all figures were asked for. ``strip``: key of the
    picture strip that was kept beside it.
    """

    point: str
    clip: str
    person: str
    slots: int
    full: bool
    rates: Rates | None = None
    figures: dict[str, float | None] = field(default_factory=dict)
    effort: Effort = field(default_factory=Effort)
    delays: Delays = field(default_factory=Delays)
    notes: dict[str, str] = field(default_factory=dict)
    error: str | None = None
    strip: str | None = None

    def to_json(self) -> str:
        """One object."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> PointResult:
        """What ``to_json`` wrote. Raises ConfigError (a ValueError) for anything else."""
        return from_mapping(json.loads(text), cls, "a kept result")
