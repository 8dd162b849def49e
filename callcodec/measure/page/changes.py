"""What changed from one run to the next: the same setting, measured twice."""

from __future__ import annotations

from collections.abc import Sequence

from callcodec.measure.comparison.report import Run
from callcodec.measure.comparison.summary import PointSummary, summarise
from callcodec.measure.metrics.spread import Estimate, estimate
from callcodec.measure.page.grids import Grid

COMPARED = {"psnr_db": ("PSNR", 2), "ssim": ("SSIM", 4), "gmsd": ("GMSD ↓", 4)}


def changes(runs: Sequence[Run]) -> Grid | None:
    """Differences of the last run to the first, setting by setting, on the clips that both have; None for one run."""
    if len(runs) < 2:
        return None
    first, last = (summarise({p.label: p for p in run.points}, run.results) for run in (runs[0], runs[-1]))
    rows = []
    for label, before in first.items():
        after = last.get(label)
        if after is None:
            continue
        cells = [_change(before, after, figure, digits) for figure, (_, digits) in COMPARED.items()]
        if any(cell != "-" for cell in cells):
            kbps = after.kbps.mean - before.kbps.mean
            rows.append((label, f"{kbps:+.3f}", *cells))
    headings = ("", "kbps", *(title for title, _ in COMPARED.values()))
    note = "Last run less the first, mean over clips that both measured, with its 95 % interval over people."
    return Grid("What changed between runs", headings, tuple(rows), note)


def _change(before: PointSummary, after: PointSummary, figure: str, digits: int) -> str:
    old, new = before.by_clip(figure), after.by_clip(figure)
    people = {result.clip: result.person for result in after.results}
    clips = [clip for clip in new if clip in old]
    found: Estimate | None = estimate([new[c] - old[c] for c in clips], [people[c] for c in clips])
    if found is None:
        return "-"
    return f"{found.mean:+.{digits}f} ({found.low:+.{digits}f} to {found.high:+.{digits}f})"
