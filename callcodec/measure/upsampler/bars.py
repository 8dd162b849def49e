"""What issue, paper and reader may hold the upsampler to: each bar with what was measured and a verdict."""

from __future__ import annotations

from dataclasses import dataclass

from callcodec.measure.upsampler.summary import Row, difference, ratio
from callcodec.measure.upsampler.wrong_identity import WrongIdentity

MET, MISSED, REPORTED, NOT_MEASURED = "met", "missed", "reported", "not measured"
REAL_TIME_BAR = 40.0  # pictures a second on two idle cores


@dataclass(frozen=True)
class Bar:
    """``measured`` in words, with its 95 % interval over people where there is one."""

    name: str
    asked: str
    measured: str
    paper: str  # Hegde et al. on VoxCeleb2
    verdict: str


@dataclass(frozen=True)
class Compared:
    """The rows that bars speak of; None where a method was not there."""

    ours: Row
    bicubic: Row
    av1: Row | None
    hinted: Row | None
    ours_25: Row
    bicubic_25: Row


def judge_bars(
    rows: Compared, wrong_identity: WrongIdentity | None, frames_per_second: float | None
) -> tuple[Bar, ...]:
    """Every bar, in the order of importance to a call."""
    return (
        _gain("PSNR over bicubic ×32 at 5 FPS", rows.ours, rows.bicubic, "psnr_db", 4.5, "dB", "+1.6 dB"),
        _gain("SSIM over bicubic ×32 at 5 FPS", rows.ours, rows.bicubic, "ssim", 0.12, "", "+0.08"),
        _gain(
            "PSNR over bicubic ×32 at 25 FPS", rows.ours_25, rows.bicubic_25, "psnr_db", None, "dB", "+2.8 dB"
        ),
        _gain("SSIM over bicubic ×32 at 25 FPS", rows.ours_25, rows.bicubic_25, "ssim", None, "", "+0.11"),
        _against_av1("GMSD (less is better)", rows, "gmsd", -1),
        _against_av1("MS-SSIM", rows, "ms_ssim", 1),
        _landmarks(rows),
        _correlation("mouth opening, correlation, from 8×8 + voice", rows.ours, 0.5),
        _correlation("mouth opening, correlation, with hints", rows.hinted, 0.85),
        _blinks(rows.hinted),
        _reported("head pose error", rows.ours, "head_pose_error_degrees", "°", "16.7°"),
        _reported("temporal flicker, grey levels", rows.ours, "flicker", "", "-"),
        _wrong_identity(wrong_identity),
        _speed(frames_per_second),
    )


def _gain(name: str, ours: Row, other: Row, figure: str, bar: float | None, unit: str, paper: str) -> Bar:
    unit = f" {unit}" if unit else ""
    asked = "reported" if bar is None else f"≥ +{bar}{unit}"
    found = difference(ours, other, figure)
    if found is None:
        return Bar(name, asked, "-", paper, NOT_MEASURED)
    digits = 2 if unit else 3
    measured = f"{found.mean:+.{digits}f}{unit} ({found.low:+.{digits}f} to {found.high:+.{digits}f})"
    return Bar(name, asked, measured, paper, REPORTED if bar is None else _verdict(found.mean >= bar))


def _against_av1(name: str, rows: Compared, figure: str, sign: int) -> Bar:
    asked = "better than SVT-AV1 64×64 at 5 FPS"
    mine, other = rows.ours.mean(figure), None if rows.av1 is None else rows.av1.mean(figure)
    if mine is None or other is None or rows.av1 is None:
        return Bar(name, asked, "no SVT-AV1 in this FFmpeg", "-", NOT_MEASURED)
    kbps = rows.av1.mean("kbps") or 0.0
    measured = f"{mine:.3f}, AV1 {other:.3f} at {kbps:.2f} kbps"
    return Bar(name, asked, measured, "-", _verdict(sign * mine > sign * other))


def _landmarks(rows: Compared) -> Bar:
    name, asked, paper = "landmark distance against bicubic", "≤ 0.6×", "0.77×"
    found = ratio(rows.ours, rows.bicubic, "landmark_distance")
    labels = ratio(rows.ours, rows.bicubic, "landmark_distance_to_labels")
    if found is None:
        return Bar(name, asked, "-", paper, NOT_MEASURED)
    beside = "" if labels is None else f" (against the labels {labels:.2f}×)"
    return Bar(name, asked, f"{found:.2f}×{beside}", paper, _verdict(found <= 0.6))


def _correlation(name: str, row: Row | None, bar: float) -> Bar:
    found = None if row is None else row.figures["mouth_correlation"]
    if row is None or found is None:
        reason = "this network takes no hints" if row is None else "no voiced clips"
        return Bar(name, f"≥ {bar}", reason, "-", NOT_MEASURED)
    labels = row.mean("mouth_correlation_to_labels")
    beside = "" if labels is None else f", against the labels {labels:.2f}"
    measured = f"{found.mean:.2f} ({found.low:.2f} to {found.high:.2f}){beside}"
    return Bar(name, f"≥ {bar}", measured, "-", _verdict(found.mean >= bar))


def _blinks(row: Row | None) -> Bar:
    name, asked = "blinks shown of blinks made, with hints", "≥ 80 %"
    if row is None or row.blinks is None or row.blinks_shown is None:
        reason = "this network takes no hints" if row is None else "slots were left out, or nobody blinked"
        return Bar(name, asked, reason, "-", NOT_MEASURED)
    count = row.blinks
    measured = f"{row.blinks_shown:.0%} ({count.shown} of {count.made}; {count.invented} that nobody made)"
    return Bar(name, asked, measured, "-", _verdict(row.blinks_shown >= 0.8))


def _reported(name: str, row: Row, figure: str, unit: str, paper: str) -> Bar:
    found = row.figures[figure]
    if found is None:
        return Bar(name, "reported", "-", paper, NOT_MEASURED)
    measured = f"{found.mean:.2f}{unit} ({found.low:.2f} to {found.high:.2f})"
    return Bar(name, "reported", measured, paper, REPORTED)


def _wrong_identity(found: WrongIdentity | None) -> Bar:
    name, asked = "wrong identity image found by the network's own error", "≥ 90 % found, ≤ 1 % false alarms"
    if found is None:
        return Bar(name, asked, "clips of one person", "Fig. 12", NOT_MEASURED)
    measured = (
        f"{found.found:.0%} of {found.pairs} pairs, {found.false_alarms:.1%} false alarms in "
        f"{found.own_seconds} seconds"
    )
    return Bar(name, asked, measured, "Fig. 12", _verdict(found.found >= 0.9 and found.false_alarms <= 0.01))


def _speed(frames_per_second: float | None) -> Bar:
    name, asked, paper = "speed on two CPU cores", f"≥ {REAL_TIME_BAR:.0f} FPS", "50 FPS on a 2080 Ti"
    if frames_per_second is None:
        return Bar(name, asked, "run callcodec bench", paper, NOT_MEASURED)
    return Bar(
        name, asked, f"{frames_per_second:.0f} FPS", paper, _verdict(frames_per_second >= REAL_TIME_BAR)
    )


def _verdict(met: bool) -> str:
    return MET if met else MISSED
