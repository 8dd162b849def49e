"""A report on disk: JSON that can be read back, and CSV for whoever draws plots of their own."""

from __future__ import annotations

import contextlib
import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from callcodec.config import from_mapping
from callcodec.measure.comparison.accounting import CALL_LENGTHS_S, pictures_on_the_wire_kbps, whole_kbps
from callcodec.measure.comparison.judging import FIGURES
from callcodec.measure.comparison.points import point_from_json, point_to_json
from callcodec.measure.comparison.report import ClipNote, Conditions, Report, Run
from callcodec.measure.comparison.result import PointResult
from callcodec.measure.comparison.summary import RATE_FIGURES, PointSummary

JSON_NAME, HTML_NAME, POINTS_CSV, CLIPS_CSV = "report.json", "report.html", "points.csv", "clips.csv"
FORMAT = 1


class ReportError(ValueError):
    """A report that cannot be read, or written; the message says which and why."""


def write(report: Report, folder: Path) -> list[Path]:
    """JSON and CSV. Raises ReportError, as for a full disk; a half-written file is never left."""
    texts = {
        JSON_NAME: json.dumps(to_json(report), indent=1, ensure_ascii=False) + "\n",
        POINTS_CSV: _csv(_point_rows(report)),
        CLIPS_CSV: _csv(_clip_rows(report)),
    }
    return [write_text(folder / name, text) for name, text in texts.items()]


def write_text(path: Path, text: str) -> Path:
    """All of the file or nothing. Raises ReportError."""
    partial = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        raise ReportError(
            f"cannot write {path}: {error.strerror or error}; what was measured is kept, run the same again"
        ) from error
    return path


def to_json(report: Report) -> dict[str, object]:
    """Everything; ``read`` needs only format, conditions, clips, points and results."""
    run = report.run
    return {
        "format": FORMAT,
        "headline": [asdict(claim) for claim in report.claims],
        "conditions": [asdict(c) for c in run.conditions],
        "clips": [asdict(clip) for clip in run.clips],
        "summaries": [_summary_json(summary) for summary in report.summaries.values()],
        "envelopes": {
            codec: {
                figure: [{"kbps": c.kbps, "value": c.value, "point": c.summary.label} for c in found.corners]
                for figure, found in of.items()
            }
            for codec, of in report.envelopes.items()
        },
        "crossings": [asdict(c) for c in report.crossings],
        "bjontegaard": [asdict(delta) for delta in report.deltas],
        "overtaking": [asdict(o) for o in report.overtakings],
        "points": [point_to_json(point) for point in run.points],
        "results": [asdict(result) for result in run.results],
    }


def read(folder: Path) -> Run:
    """The run that wrote ``folder``/report.json. Raises ReportError."""
    path = folder / JSON_NAME
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(values, dict) or values.get("format") != FORMAT:
            raise ValueError("it is not a report of `callcodec measure` of this version")
        return Run(
            tuple(from_mapping(c, Conditions, "conditions") for c in values["conditions"]),
            tuple(from_mapping(clip, ClipNote, "clips") for clip in values["clips"]),
            tuple(point_from_json(point) for point in values["points"]),
            tuple(from_mapping(result, PointResult, "results") for result in values["results"]),
            (folder,),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ReportError(f"cannot use {path}: {error}") from error


def command_for(label: str) -> str:
    """What measures one row again."""
    return f'callcodec measure CLIPS --out DIR --points "{label}"'


def _summary_json(summary: PointSummary) -> dict[str, object]:
    return {
        "point": summary.label,
        "clips": len(summary.results),
        "failed": len(summary.failed),
        "kbps": asdict(summary.kbps),
        "rates": summary.rates,
        "pictures_on_the_wire_kbps": pictures_on_the_wire_kbps(summary),
        "whole_kbps": {
            f"{seconds} s": whole_kbps(summary.kbps.mean, summary.first_bytes, seconds)
            for seconds in CALL_LENGTHS_S
        },
        "figures": {name: None if e is None else asdict(e) for name, e in summary.figures.items()},
        "command": command_for(summary.label),
    }


def _point_rows(report: Report) -> Iterator[Sequence[object]]:
    lengths = [f"kbps_whole_{seconds}_s" for seconds in CALL_LENGTHS_S]
    yield [
        "point", "clips", "failed", "kbps_low", "kbps_high", *RATE_FIGURES, "pictures_wire_kbps", *lengths,
        *(f"{name}{part}" for name in FIGURES for part in ("", "_low", "_high")),
        "sending_fps", "receiving_fps", "peak_mib", "glass_to_glass_p50_ms", "voice_ms", "audio_visual_offset_ms",
        "command",
    ]  # fmt: skip
    for summary in report.summaries.values():
        figures = [summary.figures.get(name) for name in FIGURES]
        yield [
            summary.label, len(summary.results), len(summary.failed), summary.kbps.low, summary.kbps.high,
            *(summary.rates[name] for name in RATE_FIGURES), pictures_on_the_wire_kbps(summary),
            *(whole_kbps(summary.kbps.mean, summary.first_bytes, seconds) for seconds in CALL_LENGTHS_S),
            *(value for e in figures for value in ((None, None, None) if e is None else (e.mean, e.low, e.high))),
            _per_second(summary.mean_of("effort", "sending_s")),
            _per_second(summary.mean_of("effort", "receiving_s")),
            summary.mean_of("effort", "peak_mib"), summary.mean_of("delays", "glass_to_glass_p50"),
            summary.mean_of("delays", "voice"), summary.mean_of("delays", "audio_visual_offset"),
            command_for(summary.label),
        ]  # fmt: skip


def _clip_rows(report: Report) -> Iterator[Sequence[object]]:
    yield ["clip", "person", "point", "all_figures", "kbps", "first_bytes", *FIGURES, "error"]
    for r in report.run.results:
        rates = (None, None) if r.rates is None else (r.rates.kbps, r.rates.first_bytes)
        yield [r.clip, r.person, r.point, r.full, *rates, *(r.figures.get(name) for name in FIGURES), r.error]


def _csv(rows: Iterator[Sequence[object]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerows(rows)
    return out.getvalue()


def _per_second(seconds: float | None) -> float | None:
    return 1 / seconds if seconds else None
