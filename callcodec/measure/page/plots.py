"""Rate-distortion plots as SVG, drawn without any display."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from callcodec.measure.codecs.catalogue import CODECS, Mode
from callcodec.measure.comparison.envelope import Corner
from callcodec.measure.comparison.plans import RATE_LADDER
from callcodec.measure.comparison.report import Report
from callcodec.measure.comparison.summary import PointSummary
from callcodec.measure.comparison.sweep import of_codec
from callcodec.measure.comparison.verdict import own_curve

COLOURS = {"x264": "#8a6d3b", "x265": "#2f7d4f", "vp9": "#7b4fa3", "svt-av1": "#1f6fb2"}
OURS = "#c8361d"
HIGHEST_KBPS = 60.0
INCHES = (4.8, 3.7)  # a phone's width, so that its letters can be read there
TITLES = {"psnr_db": "PSNR, dB", "ssim": "SSIM", "gmsd": "GMSD, less is better", "ms_ssim": "MS-SSIM"}
_STYLE: Any = {  # matplotlib's own type lists every name that there is

    "svg.fonttype": "none", "svg.hashsalt": "callcodec", "font.family": "sans-serif", "font.size": 9,
    "axes.spines.top": False, "axes.spines.right": False,
}  # fmt: skip


def rate_distortion(report: Report, figure: str) -> str:
    """One plot: every codec's points and envelope, its offline best dashed, ours, and the still. SVG text."""
    with matplotlib.rc_context(_STYLE):
        drawing = Figure(figsize=INCHES, layout="constrained")
        axes = drawing.subplots()
        for codec in CODECS:
            _codec(axes, report, codec, figure)
        curve = own_curve(report.summaries, RATE_LADDER)
        _line(axes, curve, figure, "callcodec", OURS, "o-")
        for still in report.still:
            value = still.mean(figure)
            if value is not None:
                axes.axhline(
                    value, color="#777777", linewidth=0.8, linestyle=":", label="first picture repeated"
                )
        axes.set_xscale("log")
        axes.set_xlim(right=HIGHEST_KBPS)
        ticks = (0.3, 0.5, 1, 2, 5, 10, 20, 50)
        axes.set_xticks(ticks, labels=[f"{tick:g}" for tick in ticks])
        axes.minorticks_off()
        axes.set_xlabel("kbit/s of pictures, the first one left out")
        axes.set_ylabel(TITLES[figure])
        axes.grid(visible=True, linewidth=0.3)
        axes.legend(fontsize=7, frameon=False)
        text = io.StringIO()
        drawing.savefig(text, format="svg", metadata={"Date": None})
    svg = text.getvalue()
    return svg[svg.index("<svg") :]


def _codec(axes: Axes, report: Report, codec: str, figure: str) -> None:
    colour = COLOURS[codec]
    points = _known(of_codec(report.summaries, codec), figure)
    axes.plot(*points, ".", color=colour, alpha=0.25, markersize=3)
    found = report.envelopes.get(codec, {}).get(figure)
    if found is not None:
        corners = [corner for corner in found.corners if corner.kbps > 0]
        _corners(axes, corners, CODECS[codec].title, colour)
    _line(
        axes,
        of_codec(report.summaries, codec, Mode.OFFLINE),
        figure,
        f"{codec} offline best",
        colour,
        "--",
        0.8,
    )


def _corners(axes: Axes, corners: Sequence[Corner], label: str, colour: str) -> None:
    axes.plot(
        [c.kbps for c in corners], [c.value for c in corners], "-", color=colour, label=label, linewidth=1.4
    )


def _line(
    axes: Axes,
    points: Sequence[PointSummary],
    figure: str,
    label: str,
    colour: str,
    style: str,
    width: float = 1.8,
) -> None:
    known = _known(sorted(points, key=lambda s: s.kbps.mean), figure)
    if known[0]:
        axes.plot(*known, style, color=colour, label=label, linewidth=width, markersize=4)


def _known(points: Sequence[PointSummary], figure: str) -> tuple[list[float], list[float]]:
    pairs = [
        (s.kbps.mean, value) for s in points if (value := s.mean(figure)) is not None and s.kbps.mean > 0
    ]
    return [x for x, _ in pairs], [y for _, y in pairs]
