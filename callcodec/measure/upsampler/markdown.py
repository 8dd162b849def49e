"""The table as a page that people read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from callcodec.measure.metrics.spread import Estimate
from callcodec.measure.upsampler.ablation import Ablation
from callcodec.measure.upsampler.methods import ORIGINAL
from callcodec.measure.upsampler.summary import Row, difference

if TYPE_CHECKING:
    from callcodec.measure.upsampler_table import UpsamplerTable

# figure → heading, digits
COLUMNS = {
    "kbps": ("kbps", 2),
    "psnr_db": ("PSNR", 2),
    "face_psnr_db": ("face", 2),
    "mouth_psnr_db": ("mouth", 2),
    "ssim": ("SSIM", 3),
    "ms_ssim": ("MS-SSIM", 3),
    "gmsd": ("GMSD", 3),
    "landmark_distance": ("landmarks", 4),
    "landmark_distance_to_labels": ("to labels", 4),
    "mouth_correlation": ("mouth corr.", 2),
    "eye_correlation": ("eye corr.", 2),
    "head_pose_error_degrees": ("pose °", 1),
    "flicker": ("flicker", 2),
}
COMPARED = ("psnr_db", "ssim", "mouth_correlation", "landmark_distance")
EXPLANATION = """\
PSNR in dB of the whole picture, of the face's box and of the mouth's, error pooled over a clip; SSIM, MS-SSIM (more
is better) and GMSD (less is better), mean of pictures. Landmarks: mean distance over that of the outer eye corners,
against the same detector on the original, and against the labels beside the clips. Mouth and eye corr.: correlation
of the opening with the original's, the mouth's on clips whose voice is in sync. Pose: mean error of yaw, pitch and
roll by solvePnP. Flicker: mean change from slot to slot that the original does not have, in grey levels. Blinks:
shown/made + shown without being made. kbps: payload of the pictures, without packet headers, voice, and the identity
image or key frame. In brackets: bootstrap 95 % interval over people."""


def to_markdown(table: UpsamplerTable) -> str:
    """The page, ending with a line break."""
    c = table.conditions
    parts = [
        f"# `{c.network}` on {c.split}: {c.clips} clips of {c.people} people",
        f"Weights: {c.weights}. Low resolution: 8×8, quality {c.quality}, with hints {c.hinted_quality}, through the "
        f"codec, each picture predicted from the one 400 ms before; the receiver's interpolation ({c.interpolation}) "
        f"and consistency step; identity image of at most {c.identity_bytes} bytes from the first second, which is not "
        f"judged; the voice as recorded. Pictures are judged every {c.pictures_every} slots, landmarks every "
        f"{c.landmarks_every}, by the detector {c.detector}.",
        "## Bars",
        _table(
            ("", "bar", "from 8×8 + voice", "", "with hints", "", "paper (VoxCeleb2)"),
            [
                (
                    b.name,
                    b.asked,
                    b.plain,
                    f"**{b.plain_verdict}**",
                    b.hinted,
                    f"**{b.hinted_verdict}**",
                    b.paper,
                )
                for b in table.bars
            ],
        ),
        "## 5 pictures a second",
        _rows(table.at_5),
        EXPLANATION,
        _intervals(table.at_5),
        "## 25 pictures a second",
        _rows(table.at_25),
        "## Clip by clip, 5 pictures a second",
        _clips(table.at_5),
    ]
    if table.ablations:
        parts += [
            "## What each input is worth (5 pictures a second, nothing retrained)",
            _ablations(table.ablations),
        ]
    return "\n\n".join(parts) + "\n"


def _rows(rows: Sequence[Row]) -> str:
    headings = ["", *(heading for heading, _ in COLUMNS.values()), "blinks"]
    lines = []
    for row in rows:
        cells = [_number(row.mean(figure), digits) for figure, (_, digits) in COLUMNS.items()]
        blinks = "-" if row.blinks is None else f"{row.blinks.shown}/{row.blinks.made}+{row.blinks.invented}"
        lines.append((row.name, *cells, blinks))
    return _table(headings, lines)


def _intervals(rows: Sequence[Row]) -> str:
    """Spread of the figures that bars speak of."""
    figures = ("psnr_db", "ssim", "ms_ssim", "gmsd", "landmark_distance", "mouth_correlation")
    lines = [(row.name, *(_interval(row.figures[f], COLUMNS[f][1]) for f in figures)) for row in rows]
    return "Mean (95 % interval) ± deviation of people:\n\n" + _table(
        ("", *(COLUMNS[f][0] for f in figures)), lines
    )


def _clips(rows: Sequence[Row]) -> str:
    ours = rows[0]
    shown = [row for row in rows[1:] if row.name != ORIGINAL]
    others = [{clip.clip: clip for clip in row.clips} for row in shown]
    lines = []
    for clip in ours.clips:
        cells = [f"{clip.psnr_db:.2f} / {clip.ssim:.3f}"]
        for other in others:
            beside = other.get(clip.clip)
            cells.append("-" if beside is None else f"{beside.psnr_db:.2f} / {beside.ssim:.3f}")
        lines.append((clip.clip, *cells, _number(clip.mouth_correlation, 2)))
    return "PSNR / SSIM; mouth correlation of the first.\n\n" + _table(
        ("clip", ours.name, *(row.name for row in shown), "mouth corr."), lines
    )


def _ablations(ablations: Sequence[Ablation]) -> str:
    rows = {ablation.row.name: ablation.row for ablation in ablations}
    headings = (
        "",
        "kbps",
        *(COLUMNS[f][0] for f in COMPARED),
        "against",
        *(f"Δ {COLUMNS[f][0]}" for f in COMPARED),
    )
    lines = []
    for ablation in ablations:
        row, against = ablation.row, ablation.against
        changes = [
            ""
            if against is None
            else _interval(difference(row, rows[against], f), COLUMNS[f][1], signed=True)
            for f in COMPARED
        ]
        means = [_number(row.mean(f), COLUMNS[f][1]) for f in COMPARED]
        lines.append((row.name, _number(row.mean("kbps"), 2), *means, against or "", *changes))
    return _table(headings, lines)


def _interval(found: Estimate | None, digits: int, signed: bool = False) -> str:
    if found is None:
        return "-"
    sign = "+" if signed else ""
    inner = f"{found.low:{sign}.{digits}f} to {found.high:{sign}.{digits}f}"
    return f"{found.mean:{sign}.{digits}f} ({inner}) ± {found.deviation:.{digits}f}"


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _table(headings: Iterable[str], lines: Iterable[Sequence[str]]) -> str:
    head = list(headings)
    rows = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(rows + ["| " + " | ".join(line) + " |" for line in lines])
