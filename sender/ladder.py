"""The rungs of the rate ladder, as configs/ladder.yaml says them: what is sent at which rate on the wire."""

from dataclasses import dataclass

from callcodec.wire.face_packet import RUNGS
from callcodec.wire.lowres import QUALITIES
from sender.settings import PACKET_LENGTHS_MS


@dataclass(frozen=True)
class LadderRung:
    """``kbps``: whole IP packets of one direction, all headers included, repeats of a lossy link apart.

    ``voice_bps``, ``packet_ms``: Opus. ``face``, ``quality``: as callcodec.wire numbers them. ``h264_kbps``: H.264 in
    the place of low-resolution faces, None without.
    """

    kbps: float
    voice_bps: int
    packet_ms: int
    face: int
    quality: int
    h264_kbps: float | None = None

    def __post_init__(self) -> None:
        if self.packet_ms not in PACKET_LENGTHS_MS:
            raise ValueError(f"packet_ms is {self.packet_ms}; it must be one of {PACKET_LENGTHS_MS}")
        if not 6000 <= self.voice_bps <= 64_000:
            raise ValueError(f"voice_bps is {self.voice_bps}; Opus here takes 6000 to 64000")
        if not (0 <= self.face < len(RUNGS) and 0 <= self.quality < len(QUALITIES)):
            raise ValueError(f"there is no face rung {self.face} of quality {self.quality}")
        if self.h264_kbps is not None and not 30 <= self.h264_kbps <= 200:
            raise ValueError(f"h264_kbps is {self.h264_kbps:g}; it must be 30 to 200")

    @property
    def name(self) -> str:
        """In the words of the ladder."""
        if self.h264_kbps is not None:
            return f"H.264 at {self.h264_kbps:g} kbps"
        rung = RUNGS[self.face]
        return f"{rung.size}×{rung.size} at {rung.frames_per_second:g}"


@dataclass(frozen=True)
class Ladder:
    """``rungs``: the cheapest first. ``first``: where a call begins."""

    rungs: tuple[LadderRung, ...]
    first: int = 0

    def __post_init__(self) -> None:
        rates = [rung.kbps for rung in self.rungs]
        if not rates or rates != sorted(rates):
            raise ValueError("a ladder has rungs, each at a higher rate than the one before")
        if not 0 <= self.first < len(self.rungs):
            raise ValueError(f"the first rung is {self.first}; there are {len(self.rungs)}")
