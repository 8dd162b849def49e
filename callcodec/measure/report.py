"""The report of one call: its records, written as JSON. REPORT.md beside this file says what every key means."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class FaceReport:
    packets_sent: int
    packets_received: int
    packets_undecodable: int
    bytes_per_packet_mean: float
    hint_bytes_per_packet_mean: float
    payload_kbps: float
    bpp: float


@dataclass(frozen=True)
class VoiceReport:
    payload_kbps: float
    frames_sent: int
    frames_played: int
    frames_concealed: int
    frames_late: int


@dataclass(frozen=True)
class IdentityReport:
    bytes: int
    seconds_to_first_face: float | None
    seconds_to_refined: float | None
    layers_received: int


@dataclass(frozen=True)
class ClassRates:
    voice: float
    face: float
    identity: float
    rtcp: float
    stun: float
    dtls_sctp: float
    total: float
    video: float = 0.0


@dataclass(frozen=True)
class WireReport:
    sent_kbps: float
    received_kbps: float
    sent_by_class_kbps: ClassRates
    received_by_class_kbps: ClassRates
    steady_seconds: float
    steady_sent_by_class_kbps: ClassRates | None
    steady_received_by_class_kbps: ClassRates | None


@dataclass(frozen=True)
class VideoReport:
    codec: str
    asked_kbps: float
    payload_kbps: float
    key_frames: int
    pictures_sent: int
    pictures_received: int
    pictures_restored: int
    pictures_only_decoded: int
    pictures_damaged: int
    packets_lost: int
    key_frames_asked_for: int
    restorer: str
    restorer_fps: float | None
    pictures_per_second: float | None
    longest_freeze_s: float
    decoded_psnr_db: float | None
    decoded_ssim: float | None
    restored_psnr_db: float | None
    restored_ssim: float | None


@dataclass(frozen=True)
class QualityReport:
    slots_scored: int
    psnr_db: float | None
    ssim: float | None
    bicubic_psnr_db: float | None
    bicubic_ssim: float | None
    identity_copy_psnr_db: float | None
    identity_copy_ssim: float | None
    consistency_error: float | None


@dataclass(frozen=True)
class LatencyReport:
    glass_to_glass_p50_ms: float | None
    glass_to_glass_p95_ms: float | None
    voice_ms: float | None
    audio_visual_offset_ms: float | None


@dataclass(frozen=True)
class SpeedReport:
    reconstructor_fps: float | None
    receiver_fps: float | None
    slots_shown: int
    slots_skipped: int
    cpu_s: float
    seconds: float


@dataclass(frozen=True)
class Report:
    clip: str
    simulated: bool
    device: str
    reconstructor: str
    versions: dict[str, str]
    configuration: dict[str, object]
    link: dict[str, float | int | str | None]
    states_s: dict[str, float]
    warnings: list[str]
    face: FaceReport
    voice: VoiceReport
    identity: IdentityReport
    wire: WireReport
    quality: QualityReport
    latency: LatencyReport
    speed: SpeedReport
    video: VideoReport | None = None

    def to_json(self) -> str:
        """The report as indented JSON text."""
        return json.dumps(asdict(self), indent=2, default=str) + "\n"

    def write(self, path: Path) -> None:
        """Write the JSON file."""
        path.write_text(self.to_json(), encoding="utf-8")
