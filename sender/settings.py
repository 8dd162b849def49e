"""What the sending half can be told, as configs/calls/*.yaml says it."""

from dataclasses import dataclass

from callcodec.wire.face_packet import MAX_HINTS_BYTES, RUNGS
from callcodec.wire.lowres import QUALITIES

PACKET_LENGTHS_MS = (20, 40, 60, 120)
MAX_IDENTITY_BYTES = 65_536


@dataclass(frozen=True)
class VoiceSettings:
    """Opus: ``bitrate_bps`` 6000-64000, ``packet_ms`` 20, 40, 60 or 120, ``dtx``: pauses are not sent."""

    bitrate_bps: int
    packet_ms: int
    dtx: bool

    def __post_init__(self) -> None:
        if self.packet_ms not in PACKET_LENGTHS_MS:
            raise ValueError(f"packet_ms is {self.packet_ms}; it must be one of {PACKET_LENGTHS_MS}")
        if not 6000 <= self.bitrate_bps <= 64_000:
            raise ValueError(f"bitrate_bps is {self.bitrate_bps}; Opus here takes 6000 to 64000")


@dataclass(frozen=True)
class FaceSettings:
    """The low-resolution stream: ``rung`` (size and rate) and ``quality``, as callcodec.wire numbers them.

    ``hints``: whether packets also say where landmarks and irises are, in at most ``hint_bytes`` (1-6) each, to a peer
    that reads them. ``hint_every``: they are looked for in every first, second, ... picture; each costs some 5 ms.
    """

    rung: int
    quality: int
    hints: bool = False
    hint_bytes: int = MAX_HINTS_BYTES
    hint_every: int = 1

    def __post_init__(self) -> None:
        if not 0 <= self.rung < len(RUNGS):
            raise ValueError(f"rung is {self.rung}; there are rungs 0 to {len(RUNGS) - 1}")
        if not 0 <= self.quality < len(QUALITIES):
            raise ValueError(f"quality is {self.quality}; there are qualities 0 to {len(QUALITIES) - 1}")
        if not 1 <= self.hint_bytes <= MAX_HINTS_BYTES:
            raise ValueError(f"hint_bytes is {self.hint_bytes}; hints take 1 to {MAX_HINTS_BYTES} bytes")
        if not 1 <= self.hint_every <= 5:
            raise ValueError(f"hint_every is {self.hint_every}; it must be 1 to 5")


@dataclass(frozen=True)
class IdentitySettings:
    """How the identity image is chosen and travels.

    ``choose_within_s``: the best picture of that long from the start is taken. ``layer_bytes``: budgets of the first
    and of the refined picture. ``chunk_bytes``: one chunk at a time is under way, so this bounds how long the voice
    waits behind it. ``chunk_gap_ms``: least time between chunks.
    """

    choose_within_s: float
    layer_bytes: tuple[int, int]
    chunk_bytes: int
    chunk_gap_ms: int

    def __post_init__(self) -> None:
        if not 0 < self.layer_bytes[0] < self.layer_bytes[1] <= MAX_IDENTITY_BYTES:
            raise ValueError(f"layer_bytes must be two growing budgets of at most {MAX_IDENTITY_BYTES} bytes")
        if not 64 <= self.chunk_bytes <= 1100:
            raise ValueError("chunk_bytes must be 64 to 1100, so that a chunk is one IP packet")
        if self.choose_within_s < 0 or self.chunk_gap_ms < 0:
            raise ValueError("choose_within_s and chunk_gap_ms must not be negative")


@dataclass(frozen=True)
class SenderSettings:
    """Everything the sending half is told.

    ``ladder``: a configuration of rungs (sender.ladder) by name or path: what voice and face take then follows what the
    other side reports of the link. None: they stay as they are.
    """

    voice: VoiceSettings
    face: FaceSettings
    identity: IdentitySettings
    ladder: str | None = None
