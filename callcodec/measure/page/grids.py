"""A report's tables as rows of text, whoever shows them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from callcodec.measure.codecs.catalogue import CODECS, Mode
from callcodec.measure.codecs.reduced import CodecPoint
from callcodec.measure.comparison.accounting import CALL_LENGTHS_S, pictures_on_the_wire_kbps, whole_kbps
from callcodec.measure.comparison.differences import Interval
from callcodec.measure.comparison.points import OwnPoint
from callcodec.measure.comparison.report import Report
from callcodec.measure.comparison.report_files import command_for
from callcodec.measure.comparison.summary import PointSummary
from callcodec.measure.metrics.perceptual import FID_REASON, missing
from callcodec.measure.metrics.spread import Estimate

# figure → heading, digits
QUALITY = {
    "psnr_db": ("PSNR", 2),
    "psnr_y_db": ("PSNR Y", 2),
    "ssim": ("SSIM", 3),
    "ms_ssim": ("MS-SSIM", 3),
    "gmsd": ("GMSD ↓", 3),
    "face_psnr_db": ("face", 2),
    "mouth_psnr_db": ("mouth", 2),
}
FACE = {
    "landmark_distance": ("landmarks ↓", 4),
    "mouth_correlation": ("mouth follows", 2),
    "eye_correlation": ("eyes follow", 2),
    "head_pose_error_degrees": ("head pose ° ↓", 2),
    "sync_distance": ("LSE-D (sync_judge) ↓", 3),
    "sync_confidence": ("LSE-C (sync_judge)", 3),
    "flicker": ("flicker ↓", 2),
    "identity_distance": ("identity ↓", 4),
    "identity_drift": ("its drift ↓", 4),
    "lpips": ("LPIPS ↓", 3),
    "dists": ("DISTS ↓", 3),
}
NOT_AVAILABLE = "not available"


@dataclass(frozen=True)
class Grid:
    """``note``: what the columns mean; ``command``: makes the figures again."""

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
    command: str = ""


def claims(report: Report) -> Grid:
    """The headline."""
    rows = tuple((c.name, c.asked, c.found, c.against, c.verdict) for c in report.claims)
    return Grid("Headline", ("", "bar", "measured", "against", "verdict"), rows)


def rates(report: Report) -> Grid:
    """What every judged point costs, by both accountings."""
    lengths = tuple(f"all, {seconds} s" for seconds in CALL_LENGTHS_S)
    headings = ("", "clips", "kbps", "BPP", "first bytes", *lengths, "wire, pictures", "wire, with voice")
    rows = tuple(_rate_row(summary) for summary in _judged(report))
    note = (
        "kbps: payload of the pictures, the first one (identity image, key frame) left out, mean over clips "
        "and its 95 % interval over people; BPP: the same per pixel at 256×256×25. All, N s: with the first "
        "picture, over a call of N seconds. Wire: whole IP packets; of our calls as simulated, of codecs "
        "computed with 50 bytes a packet of their own."
    )
    return Grid("Rates", headings, rows, note)


def quality(report: Report) -> Grid:
    """Pictures."""
    note = (
        "Mean over clips and 95 % interval (bootstrap over people). PSNR in dB, error pooled over a clip, of "
        "the whole picture, of luma, of the face's box and of the mouth's. ↓: less is better."
    )
    return Grid("Pictures", ("", "kbps", *_titles(QUALITY)), tuple(_figures(report, QUALITY)), note)


def faces(report: Report) -> Grid:
    """What faces do."""
    note = (
        "Landmarks: mean distance over that of the outer eye corners. Follows: correlation of the opening "
        "with the original's. Head pose: mean error of yaw, pitch and roll (solvePnP). LSE-D and LSE-C: by "
        "callcodec's own judge (sync_judge), not to be compared with SyncNet's. Flicker: change from slot to "
        "slot that the original does not have, in grey levels. Identity: 1 − cosine of what compact's "
        "encoder sees in the faces; drift: last third of "
        "the clip less the first. " + " ".join(perceptual_notes())
    )
    return Grid("Faces, lips, time", ("", "kbps", *_titles(FACE)), tuple(_figures(report, FACE)), note)


def perceptual_notes() -> list[str]:
    """Why metrics that need others' weights are missing."""
    why = {name: missing(name) for name in ("lpips", "dists")}
    found = [
        f"{name.upper()}: {NOT_AVAILABLE} ({reason})." for name, reason in why.items() if reason is not None
    ]
    return [*found, f"FID: {NOT_AVAILABLE} ({FID_REASON})."]


def bjontegaard(report: Report) -> Grid:
    """Ours against each codec."""
    rows = []
    for delta in report.deltas:
        digits = 2 if delta.figure.endswith("_db") else 3
        unit = " dB" if delta.figure.endswith("_db") else ""
        title = CODECS[delta.codec].title
        rate = (
            f"refused: {delta.rate_reason}"
            if delta.rate_percent is None
            else _interval(delta.rate_percent, 0, " %")
        )
        gain = (
            f"refused: {delta.quality_reason}"
            if delta.quality is None
            else _interval(delta.quality, digits, unit)
        )
        rows.append((title, QUALITY[delta.figure][0], rate, gain))
    note = (
        "Our six rates (8×8 at four qualities, 16×16, 32×32, all with hints, 5 FPS) against every setting of "
        "the codec that is better than all cheaper ones, first pictures left out, over the overlap alone "
        "(Akima interpolation). Rate below 0: we need fewer bits for equal quality. Quality above 0: ours is "
        "better at equal rate (GMSD excepted)."
    )
    return Grid("Bjøntegaard differences", ("codec", "", "rate", "quality"), tuple(rows), note)


def overtakings(report: Report) -> Grid:
    """Call lengths."""
    rows = tuple(
        (
            o.ours,
            CODECS[o.codec].title,
            _number(o.their_kbps, 2),
            _number(o.their_first_bytes, 0),
            o.equal_at,
            o.verdict,
        )
        for o in report.overtakings
    )
    note = (
        "From which length of a call on ours has sent fewer bits than the codec at equal PSNR, everything "
        "included: their cheapest mixture of settings that is as good, its key frame, and our identity image "
        "of about 10 KB."
    )
    headings = ("ours", "codec", "its kbps", "key frame, bytes", "its settings", "we overtake it")
    return Grid("From which call length on we overtake", headings, rows, note)


def crossings(report: Report) -> Grid:
    """Where codecs win."""
    said: dict[str, dict[str, str]] = {}
    for found in report.crossings:
        said.setdefault(found.codec, {})[found.figure] = found.said
    figures = dict.fromkeys(found.figure for found in report.crossings)
    rows = tuple(
        (CODECS[codec].title, *(of.get(figure, "-") for figure in figures)) for codec, of in said.items()
    )
    note = (
        "Rates of the pictures, the first one left out, at which the codec's envelope is above that of our "
        "six rates. With so much to spend, use the codec."
    )
    return Grid("Where the codecs are better", ("codec", *(QUALITY[f][0] for f in figures)), rows, note)


def efforts(report: Report) -> Grid:
    """Delay and speed."""
    rows = []
    for s in _judged(report):
        delays = (s.mean_of("delays", name) for name in ("glass_to_glass_p50", "glass_to_glass_p95", "voice"))
        offset = s.mean_of("delays", "audio_visual_offset")
        rows.append(
            (
                s.label,
                *(_number(value, 0) for value in delays),
                _number(offset, 0),
                _rate(s.mean_of("effort", "sending_s")),
                _rate(s.mean_of("effort", "receiving_s")),
                _number(s.mean_of("effort", "real_time"), 1),
                _number(s.mean_of("effort", "peak_mib"), 0),
            )
        )
    headings = (
        "", "glass to glass p50, ms", "p95", "voice", "picture after voice",
        "encoded/s", "decoded or rebuilt/s", "× real time", "peak MiB",
    )  # fmt: skip
    note = (
        "Delays of our simulated calls over a link of 70 ms one way; conventional codecs make no call here. "
        "Speeds on one thread of the machine below; peak memory of the whole measuring process."
    )
    return Grid("Delay and speed", headings, tuple(rows), note)


def stages(report: Report) -> Grid:
    """Speed stage by stage."""
    rows = tuple(
        (speed.name, f"{speed.frames_per_second:.0f}", speed.device)
        for conditions in report.run.conditions for speed in conditions.speeds
    )  # fmt: skip
    return Grid("Our stages", ("stage", "pictures/s", "on"), rows, "", "callcodec bench")


def failures(report: Report) -> Grid:
    """What could not be measured, reason by reason."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for result in report.failures:
        reasons.setdefault((result.clip, result.error or ""), []).append(result.point)
    rows = tuple(
        (clip, points[0] if len(points) == 1 else f"{len(points)} points", why)
        for (clip, why), points in reasons.items()
    )
    return Grid("What could not be measured", ("clip", "point", "why"), rows)


def _rate_row(s: PointSummary) -> tuple[str, ...]:
    return (
        s.label,
        str(len(s.results)),
        _estimate(s.kbps, 2),
        _number(s.rates["bpp"], 5),
        _number(s.rates["first_bytes"], 0),
        *(_number(whole_kbps(s.kbps.mean, s.first_bytes, seconds), 2) for seconds in CALL_LENGTHS_S),
        _number(pictures_on_the_wire_kbps(s), 2),
        _number(s.rates["wire_kbps"], 2),
    )


def _figures(report: Report, columns: dict[str, tuple[str, int]]) -> Iterator[tuple[str, ...]]:
    for s in _judged(report):
        cells = (_estimate(s.figures.get(name), digits) for name, (_, digits) in columns.items())
        yield (s.label, f"{s.kbps.mean:.2f}", *cells)


def _judged(report: Report) -> list[PointSummary]:
    """Points with all figures: ours by rate, then codec by codec."""
    found = [s for s in report.summaries.values() if any(result.full for result in s.results)]

    def order(s: PointSummary) -> tuple[int, str, float]:
        if isinstance(s.point, CodecPoint):
            return (2 if s.point.mode is Mode.CALL else 3, s.point.codec, s.kbps.mean)
        return (0 if isinstance(s.point, OwnPoint) else 1, "", s.kbps.mean)

    return sorted(found, key=order)


def _titles(columns: dict[str, tuple[str, int]]) -> tuple[str, ...]:
    return tuple(title for title, _ in columns.values())


def _estimate(found: Estimate | None, digits: int) -> str:
    if found is None:
        return "-"
    return f"{found.mean:.{digits}f} ({found.low:.{digits}f} to {found.high:.{digits}f})"


def _interval(found: Interval, digits: int, unit: str) -> str:
    return f"{found.mean:+.{digits}f}{unit} ({found.low:+.{digits}f} to {found.high:+.{digits}f})"


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _rate(seconds: float | None) -> str:
    return "-" if not seconds else f"{1 / seconds:.0f}"


def row_commands(rows: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """The command that measures each row again, by its first cell."""
    return tuple(command_for(row[0]) for row in rows)
