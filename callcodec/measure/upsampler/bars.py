"""What issue, paper and reader may hold the upsampler to: each bar with what was measured and a verdict."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from callcodec.measure.upsampler.summary import Row, difference, ratio
from callcodec.measure.upsampler.wrong_identity import WrongIdentity

MET, MISSED, REPORTED, NOT_MEASURED = "met", "missed", "reported", "not measured"
REAL_TIME_BAR = 40.0  # pictures a second on two idle cores


@dataclass(frozen=True)
class Bar:
    """What was measured, in words, with its 95 % interval over people where there is one.

    ``plain``: from 8×8 and voice alone; ``hinted``: with expression hints, through their codec where rates matter; "-"
    where a bar does not speak of it.
    """

    name: str
    asked: str
    plain: str
    plain_verdict: str
    hinted: str
    hinted_verdict: str
    paper: str  # Hegde et al. on VoxCeleb2


@dataclass(frozen=True)
class Compared:
    """The rows that bars speak of; None where a method was not there."""

    ours: Row
    hinted: Row | None
    bicubic: Row
    av1: Row | None
    ours_25: Row
    hinted_25: Row | None
    bicubic_25: Row


Finding = tuple[str, str]
"""What was measured and the verdict."""

NOT_THERE: Finding = ("-", NOT_MEASURED)
NO_HINTS: Finding = ("this network takes no hints", NOT_MEASURED)
NO_MATTER: Finding = ("-", "-")


def judge_bars(
    rows: Compared, wrong_identity: WrongIdentity | None, frames_per_second: float | None
) -> tuple[Bar, ...]:
    """Every bar, in the order of importance to a call."""

    def both(name: str, asked: str, paper: str, judge: Callable[[Row], Finding], at_25: bool = False) -> Bar:
        plain, hinted = (rows.ours_25, rows.hinted_25) if at_25 else (rows.ours, rows.hinted)
        found = NO_HINTS if hinted is None else judge(hinted)
        return Bar(name, asked, *judge(plain), *found, paper)

    return (
        both("PSNR over bicubic ×32 at 5 FPS", "≥ +4.5 dB", "+1.6 dB",
             lambda row: _gain(row, rows.bicubic, "psnr_db", 4.5)),
        both("SSIM over bicubic ×32 at 5 FPS", "≥ +0.12", "+0.08",
             lambda row: _gain(row, rows.bicubic, "ssim", 0.12)),
        both("PSNR over bicubic ×32 at 25 FPS", "reported", "+2.8 dB",
             lambda row: _gain(row, rows.bicubic_25, "psnr_db", None), at_25=True),
        both("SSIM over bicubic ×32 at 25 FPS", "reported", "+0.11",
             lambda row: _gain(row, rows.bicubic_25, "ssim", None), at_25=True),
        both("GMSD (less is better)", "better than SVT-AV1 64×64 at 5 FPS", "-",
             lambda row: _against_av1(row, rows.av1, "gmsd", -1)),
        both("MS-SSIM", "better than SVT-AV1 64×64 at 5 FPS", "-",
             lambda row: _against_av1(row, rows.av1, "ms_ssim", 1)),
        both("landmark distance against bicubic", "≤ 0.6×", "0.77×",
             lambda row: _landmarks(row, rows.bicubic)),
        both("mouth opening, correlation with the original's", "≥ 0.5 plain, ≥ 0.85 with hints", "-",
             lambda row: _correlation(row, 0.5 if row is rows.ours else 0.85)),
        Bar("blinks shown of blinks made", "≥ 80 % with hints", _blinks(rows.ours)[0], REPORTED,
            *(NO_HINTS if rows.hinted is None else _blinks(rows.hinted)), "-"),
        both("head pose error", "reported", "16.7°", lambda row: _reported(row, "head_pose_error_degrees", "°")),
        both("temporal flicker, grey levels", "reported", "-", lambda row: _reported(row, "flicker", "")),
        Bar("wrong identity image found by the network's own error", "≥ 90 % of pairs, ≤ 1 % false alarms",
            *_wrong_identity(wrong_identity), *NO_MATTER, "Fig. 12"),
        Bar("speed on two CPU cores", f"≥ {REAL_TIME_BAR:.0f} FPS", *_speed(frames_per_second), *NO_MATTER,
            "50 FPS on a 2080 Ti"),
    )  # fmt: skip


def _gain(row: Row, other: Row, figure: str, bar: float | None) -> Finding:
    found = difference(row, other, figure)
    if found is None:
        return NOT_THERE
    unit, digits = (" dB", 2) if figure.endswith("_db") else ("", 3)
    measured = f"{found.mean:+.{digits}f}{unit} ({found.low:+.{digits}f} to {found.high:+.{digits}f})"
    return measured, REPORTED if bar is None else _verdict(found.mean >= bar)


def _against_av1(row: Row, av1: Row | None, figure: str, sign: int) -> Finding:
    mine, other = row.mean(figure), None if av1 is None else av1.mean(figure)
    if mine is None or other is None or av1 is None:
        return "no SVT-AV1 in this FFmpeg", NOT_MEASURED
    measured = (
        f"{mine:.3f} at {row.mean('kbps') or 0:.2f} kbps; AV1 {other:.3f} at {av1.mean('kbps') or 0:.2f} kbps"
    )
    return measured, _verdict(sign * mine > sign * other)


def _landmarks(row: Row, bicubic: Row) -> Finding:
    found = ratio(row, bicubic, "landmark_distance")
    labels = ratio(row, bicubic, "landmark_distance_to_labels")
    if found is None:
        return NOT_THERE
    beside = "" if labels is None else f" (against the labels {labels:.2f}×)"
    return f"{found:.2f}×{beside}", _verdict(found <= 0.6)


def _correlation(row: Row, bar: float) -> Finding:
    found = row.figures["mouth_correlation"]
    if found is None:
        return "no voiced clips", NOT_MEASURED
    labels = row.mean("mouth_correlation_to_labels")
    beside = "" if labels is None else f", against the labels {labels:.2f}"
    return f"{found.mean:.2f} ({found.low:.2f} to {found.high:.2f}){beside}", _verdict(found.mean >= bar)


def _blinks(row: Row) -> Finding:
    if row.blinks is None or row.blinks_shown is None:
        return "slots were left out, or nobody blinked", NOT_MEASURED
    count = row.blinks
    measured = f"{row.blinks_shown:.0%} ({count.shown} of {count.made}; {count.invented} that nobody made)"
    return measured, _verdict(row.blinks_shown >= 0.8)


def _reported(row: Row, figure: str, unit: str) -> Finding:
    found = row.figures[figure]
    if found is None:
        return NOT_THERE
    return f"{found.mean:.2f}{unit} ({found.low:.2f} to {found.high:.2f})", REPORTED


def _wrong_identity(found: WrongIdentity | None) -> Finding:
    if found is None:
        return "clips of one person", NOT_MEASURED
    measured = (
        f"{found.found:.0%} of {found.pairs} pairs, {found.false_alarms:.1%} false alarms in "
        f"{found.own_seconds} seconds"
    )
    return measured, _verdict(found.found >= 0.9 and found.false_alarms <= 0.01)


def _speed(frames_per_second: float | None) -> Finding:
    if frames_per_second is None:
        return "the machine was busy: callcodec bench tells", NOT_MEASURED
    return f"{frames_per_second:.0f} FPS", _verdict(frames_per_second >= REAL_TIME_BAR)


def _verdict(met: bool) -> str:
    return MET if met else MISSED
