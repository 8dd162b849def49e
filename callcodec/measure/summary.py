"""What the terminal shows of a call: a bar while it runs, a table when it is over."""

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from callcodec.measure.report import Report, VideoReport


class CallProgress:
    """A progress bar over ``length_s`` seconds of call; call it with (seconds, what the receiver shows)."""

    def __init__(self, console: Console, length_s: float) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.completed:.0f}/{task.total:.0f} s"),
            TimeRemainingColumn(),
            console=console,
            transient=True,
        )
        self._task = self._progress.add_task("connecting", total=max(length_s, 1.0))

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def __call__(self, seconds: float, state: str) -> None:
        """Show ``state``; negative ``seconds`` leave the bar where it is."""
        if seconds >= 0:
            self._progress.update(self._task, completed=seconds)
        self._progress.update(self._task, description=state)


LOWRES_ROWS = ("face", "identity", "quality", "  bicubic", "  identity repeated", "speed")


def summary_table(report: Report) -> Table:
    """The figures that a user asks for first."""
    quality, latency, speed = report.quality, report.latency, report.speed
    wire = report.wire.steady_sent_by_class_kbps or report.wire.sent_by_class_kbps
    table = Table(
        title=f"{report.clip}: {'simulated' if report.simulated else 'real'} call", show_header=False
    )
    table.add_column(style="bold")
    table.add_column()
    rows = {
        "face": f"{report.face.packets_received} of {report.face.packets_sent} packets, "
        f"{report.face.bytes_per_packet_mean:.1f} bytes each, {report.face.payload_kbps:.2f} kbps, "
        f"{report.face.bpp:.5f} BPP",
        **video_rows(report.video),
        "voice": f"{report.voice.payload_kbps:.1f} kbps, {report.voice.frames_played} of "
        f"{report.voice.frames_sent} packets played, {report.voice.frames_concealed} concealed",
        "identity": f"{report.identity.bytes} bytes, first face after {_s(report.identity.seconds_to_first_face)}, "
        f"refined after {_s(report.identity.seconds_to_refined)}",
        "on the wire": f"{wire.total:.1f} kbps (voice {wire.voice:.1f}, "
        + (f"face {wire.face:.1f}" if report.video is None else f"video {wire.video:.1f}")
        + f", rest {wire.total - wire.voice - wire.face - wire.video:.1f})"
        + ("" if report.wire.steady_sent_by_class_kbps or report.video else ", identity included"),
        "quality": f"{_db(quality.psnr_db)}, SSIM {_number(quality.ssim)} over {quality.slots_scored} pictures",
        "  bicubic": f"{_db(quality.bicubic_psnr_db)}, SSIM {_number(quality.bicubic_ssim)}",
        "  identity repeated": f"{_db(quality.identity_copy_psnr_db)}, SSIM {_number(quality.identity_copy_ssim)}",
        "delay": f"picture {_ms(latency.glass_to_glass_p50_ms)} (95 %: {_ms(latency.glass_to_glass_p95_ms)}), "
        f"voice {_ms(latency.voice_ms)}, picture behind voice by {_ms(latency.audio_visual_offset_ms)}",
        "speed": f"{_fps(speed.receiver_fps)} shown, reconstructor {_fps(speed.reconstructor_fps)} "
        f"on {report.device}, {speed.slots_skipped} slots skipped",
    }
    for name, text in rows.items():
        if report.video is None or name not in LOWRES_ROWS:
            table.add_row(name, text)
    return table


def video_rows(video: VideoReport | None) -> dict[str, str]:
    """What there is to say of an H.264 track."""
    if video is None:
        return {}
    return {
        video.codec: f"{video.pictures_received} of {video.pictures_sent} pictures, {video.payload_kbps:.1f} kbps of "
        f"{video.asked_kbps:g}, {video.packets_lost} packets lost, {video.key_frames} key frames, "
        f"{video.key_frames_asked_for} asked for",
        "  decoded": f"{_db(video.decoded_psnr_db)}, SSIM {_number(video.decoded_ssim)}",
        "  restored": f"{_db(video.restored_psnr_db)}, SSIM {_number(video.restored_ssim)}; {video.restorer}: "
        f"{video.pictures_restored} of {video.pictures_restored + video.pictures_only_decoded} pictures"
        + ("" if video.restorer_fps is None else f" at {_fps(video.restorer_fps)}"),
        "  shown": f"{_fps(video.pictures_per_second)}, longest freeze {_ms(1000 * video.longest_freeze_s)}",
    }


def _s(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f} s"


def _ms(value: float | None) -> str:
    return "–" if value is None else f"{value:.0f} ms"


def _db(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f} dB"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _fps(value: float | None) -> str:
    return "–" if value is None else f"{value:.0f} pictures/s"
