"""What every rung of the ladder costs on the wire and gives on the screen, measured on clips: the table LADDER.md."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from callcodec.call.config import CallConfig
from callcodec.config import load_config
from callcodec.measure.call_report import build_report
from callcodec.measure.loopback import LoopbackOptions, make_call
from callcodec.transport.link import LinkProfile
from sender.ladder import Ladder, LadderRung

TABLE = "LADDER.md"
LINK = LinkProfile(delay_ms=40.0)
HEAD = """# The rungs of the ladder

Made by `callcodec measure ladder CLIP... --out callcodec/measure`: simulated calls over a link without loss, one way,
each rung by itself. kbps: whole IP packets of the sending side once the identity image is there. PSNR and SSIM: of what
the screen shows, reconstructed, against what the camera saw. H.264's rung is measured by `callcodec measure`.

"""


@dataclass(frozen=True)
class RungFigures:
    """One rung on one clip."""

    rung: LadderRung
    clip: str
    kbps: float
    psnr_db: float
    ssim: float


def measure_ladder(
    clips: list[Path], seconds: float, device: str, progress: Callable[[str], None]
) -> list[RungFigures]:
    """Every rung on every clip."""
    config = load_config("calls/phone", CallConfig)
    ladder = load_config("ladder", Ladder)
    figures = []
    for clip in clips:
        for rung in ladder.rungs:
            if rung.h264_kbps is None:
                progress(f"{clip.name}: {rung.name}")
                figures.append(_measure(config, rung, clip, seconds, device))
    return figures


def to_markdown(figures: list[RungFigures]) -> str:
    """The table, the mean of all clips for each rung."""
    clips = dict.fromkeys(figure.clip for figure in figures)
    rungs = dict.fromkeys(figure.rung for figure in figures)
    lines = [
        HEAD + f"Clips: {', '.join(clips)}.",
        "",
        "| rung | voice | quality | kbps | PSNR | SSIM |",
        "|---|---|---|---|---|---|",
    ]
    for rung in rungs:
        own = [figure for figure in figures if figure.rung == rung]
        kbps, psnr, ssim = (
            float(np.mean([getattr(figure, name) for figure in own])) for name in ("kbps", "psnr_db", "ssim")
        )
        voice = f"{rung.voice_bps / 1000:g} kbps, {rung.packet_ms} ms"
        lines.append(f"| {rung.name} | {voice} | {rung.quality} | {kbps:.1f} | {psnr:.2f} dB | {ssim:.4f} |")
    return "\n".join(lines) + "\n"


def _measure(config: CallConfig, rung: LadderRung, clip: Path, seconds: float, device: str) -> RungFigures:
    sender = config.sender
    voice = replace(sender.voice, bitrate_bps=rung.voice_bps, packet_ms=rung.packet_ms)
    face = replace(sender.face, rung=rung.face, quality=rung.quality)
    chosen = replace(config, sender=replace(sender, voice=voice, face=face))
    with tempfile.TemporaryDirectory() as folder:
        options = LoopbackOptions(clip, Path(folder), chosen, LINK, device, seconds, simulated=True)
        report = build_report(make_call(options, Path(folder), lambda *_: None))
    rates = report.wire.steady_sent_by_class_kbps or report.wire.sent_by_class_kbps
    quality = report.quality
    if quality.psnr_db is None or quality.ssim is None:
        raise ValueError(f"{clip.name} shows no face for long enough to be judged")
    return RungFigures(rung, clip.name, rates.total, quality.psnr_db, quality.ssim)
