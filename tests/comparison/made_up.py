"""Made-up results of points on clips, as a run would have measured them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from callcodec.measure.codecs.reduced import CodecPoint
from callcodec.measure.comparison.clips import ClipFile
from callcodec.measure.comparison.plans import RATE_LADDER
from callcodec.measure.comparison.points import Point, StillPoint
from callcodec.measure.comparison.report import ClipNote, Conditions, Run
from callcodec.measure.comparison.result import PointResult, Rates
from callcodec.media.movie import write_movie
from tests.measure.drawn_face import DrawnFace

CLIPS = ("one", "two", "three")
Points = dict[Point, tuple[float, float]]
"""(kbps, PSNR) of each."""


def result(point: Point, clip: str, kbps: float, psnr_db: float, first_bytes: int = 500) -> PointResult:
    """SSIM and GMSD follow the PSNR."""
    figures: dict[str, float | None] = {"psnr_db": psnr_db, "ssim": psnr_db / 40, "gmsd": 4 / psnr_db}
    rates = Rates(first_bytes, kbps, 5.0, None, None)
    return PointResult(point.label, clip, clip, 100, True, rates, figures)


def curve(points: Points, first_bytes: int = 500) -> list[PointResult]:
    """(kbps, PSNR) of each point; clips differ by a decibel."""
    return [
        result(point, clip, kbps, psnr + number - 1, first_bytes)
        for point, (kbps, psnr) in points.items()
        for number, clip in enumerate(CLIPS)
    ]


AV1: Points = {
    CodecPoint("svt-av1", 64, 5.0, 63): (1.2, 23.0),
    CodecPoint("svt-av1", 128, 5.0, 63): (2.4, 25.0),
    CodecPoint("svt-av1", 256, 5.0, 63): (4.8, 26.0),
    CodecPoint("svt-av1", 256, 25.0, 63): (10.0, 29.0),
}
OURS: Points = {point: (0.3 + 0.2 * n, 23.0 + 0.5 * n) for n, point in enumerate(RATE_LADDER)}
STILL: Points = {StillPoint(): (0.0, 20.0)}


def run(*parts: list[PointResult], folder: Path | None = None) -> Run:
    """Of everything measured in ``parts``; without any, ours (10 KB of identity), AV1 and the still."""
    results = [r for part in parts for r in part] or [*curve(STILL, 0), *curve(OURS, 10_000), *curve(AV1)]
    points: list[Point] = [*STILL, *OURS, *AV1]
    known = {r.point for r in results}
    conditions = Conditions("callcodec measure x --out y", "a machine", {}, "drawn", 15.0, 4, 8, None)
    return Run(
        (conditions,),
        tuple(ClipNote(clip, clip, "00") for clip in CLIPS),
        tuple(point for point in points if point.label in known),
        tuple(results),
        () if folder is None else (folder,),
    )


def drawn_clip(path: Path, frames: int) -> Path:
    """A film of a drawn face with a hum."""
    hum = (3000 * np.sin(np.arange(frames * 640) / 20)).astype(np.int16)
    write_movie(path, (DrawnFace().frame(n) for n in range(frames)), hum)
    return path


def clip_file(path: Path, lips: str = "yes") -> ClipFile:
    """A clip of one person, whose hash is its name."""
    return ClipFile(path, path.stem, path.stem, lips, None, path.stem)
