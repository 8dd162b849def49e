"""Which picture strips a page shows: what was filmed, ours, and what else a user could see."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from callcodec.measure.comparison.envelope import Corner
from callcodec.measure.comparison.plans import BARE, FRUGAL, PHONE
from callcodec.measure.comparison.points import StillPoint
from callcodec.measure.comparison.report import ClipNote, Report
from callcodec.measure.comparison.result import PointResult
from callcodec.measure.comparison.strips import strip_path

CLIPS_SHOWN = 3
RATES_SHOWN_KBPS = (0.8, 2.4, 10.0)  # of AV1: ours, three times ours, and where it wins


@dataclass(frozen=True)
class Strip:
    """A JPEG and what it shows."""

    clip: str
    title: str
    path: Path


def strips(report: Report, wanted: Callable[[ClipNote], bool] = lambda _: True) -> list[Strip]:
    """Of the first clips that are ``wanted`` and have strips."""
    found: list[Strip] = []
    shown = 0
    for clip in report.run.clips:
        if shown == CLIPS_SHOWN or not wanted(clip):
            continue
        of_clip = _of_clip(report, clip.name)
        found += of_clip
        shown += bool(of_clip)
    return found


def _of_clip(report: Report, clip: str) -> list[Strip]:
    results = {
        r.point: r for r in report.run.results if r.clip == clip and r.strip is not None and r.error is None
    }
    found = []
    still = results.get(StillPoint().label)
    if still is not None:
        found += _strip(report, still, "what was filmed", original=True)
    for label in _labels(report):
        result = results.get(label)
        if result is not None and result.rates is not None:
            title = f"{label}: {result.rates.kbps:.2f} kbps, {result.figures.get('psnr_db') or 0:.2f} dB"
            found += _strip(report, result, title)
    return found


def _labels(report: Report) -> list[str]:
    """Ours, the bare 8×8 pictures, and AV1's nearest corners."""
    labels = [PHONE.label, FRUGAL.label, BARE.label, StillPoint().label]
    av1 = report.envelopes.get("svt-av1", {}).get("psnr_db")
    corners: tuple[Corner, ...] = () if av1 is None else av1.corners[1:]
    for kbps in RATES_SHOWN_KBPS:
        if corners:
            labels.append(min(corners, key=lambda corner: abs(corner.kbps - kbps)).summary.label)
    return list(dict.fromkeys(labels))


def _strip(report: Report, result: PointResult, title: str, original: bool = False) -> list[Strip]:
    for folder in report.run.folders:
        path = strip_path(folder, result.strip or "", original)
        if path.is_file():
            return [Strip(result.clip, title, path)]
    return []
