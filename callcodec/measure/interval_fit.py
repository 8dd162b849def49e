"""Fits the intervals to which back projection clips: ``python -m callcodec.measure.interval_fit CLIPS``.

For each encoder the originals are encoded as calls do, the streams read, and the coefficients of original −
prediction compared with the decoded ones, in quantiser steps. An interval leaves out the same small part of the
coefficients at each end.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from callcodec.h264.reader import Reader
from callcodec.measure.openh264 import encode_openh264, is_installed
from callcodec.media.clip import ClipError
from callcodec.media.compression import encode_i420
from callcodec.media.container import DecodeTally, decoded, open_container, picture_stream
from models.restoration.back_projection import (
    HALF_STEP,
    TABLE,
    Interval,
    Intervals,
    to_blocks,
    transform,
    write_intervals,
)
from models.restoration.codec_maps import codec_maps
from models.restoration.restorer import CodecMaps

Encode = Callable[[Sequence[NDArray[np.uint8]], float], list[bytes]]
SHARP_SOURCE_PX = 400
PICTURES = 60  # of a clip
RATES_KBPS = (20.0, 40.0, 80.0, 160.0)
OUTSIDE = 0.005  # of the coefficients, at each end of an interval
BINS, REACH = 4000, 4.0  # steps of quantisation, to either side


@dataclass
class Deviations:
    """Histograms of how far originals lie from decoded coefficients, in steps; positive is away from zero."""

    intra: NDArray[np.int64] = field(default_factory=lambda: np.zeros(BINS, np.int64))
    inter: NDArray[np.int64] = field(default_factory=lambda: np.zeros(BINS, np.int64))
    intra_zero: NDArray[np.int64] = field(default_factory=lambda: np.zeros(BINS, np.int64))
    inter_zero: NDArray[np.int64] = field(default_factory=lambda: np.zeros(BINS, np.int64))
    skipped: NDArray[np.int64] = field(default_factory=lambda: np.zeros(BINS, np.int64))

    def add(self, original: NDArray[np.uint8], codec: CodecMaps) -> None:
        """Count one picture: its luma before the encoder, and what its stream says. ValueError without coefficients."""
        if codec.quantised is None:
            raise ValueError("the maps must be on the stream's own grid")
        difference = original.astype(np.float64) - codec.prediction
        wanted = transform(to_blocks(torch.from_numpy(difference)[None]))[0].numpy()
        sent, step = codec.quantised.coefficients.astype(np.float64), codec.quantised.step
        known = np.isfinite(step) & (step > 0)
        off = (wanted - sent) / np.where(known, step, 1.0)
        intra, skipped = codec.intra[..., None, None], codec.quantised.skipped[..., None, None]
        outward = off * np.sign(sent)
        for counts, values, mask in (
            (self.intra, outward, (sent != 0) & intra),
            (self.inter, outward, (sent != 0) & ~intra),
            (self.intra_zero, np.abs(off), (sent == 0) & intra),
            (self.inter_zero, np.abs(off), (sent == 0) & ~intra & ~skipped),
            (self.skipped, np.abs(off), (sent == 0) & skipped),
        ):
            chosen = np.clip(values[mask & known], -REACH, REACH * (1 - 1e-9))
            np.add(counts, np.histogram(chosen, BINS, (-REACH, REACH))[0], out=counts)

    def fitted(self, outside: float = OUTSIDE) -> Intervals:
        """The intervals that leave out ``outside`` of the coefficients at each end."""
        intra, inter = (
            Interval(
                quantile(nonzero, outside), quantile(nonzero, 1 - outside), quantile(zero, 1 - 2 * outside)
            )
            for nonzero, zero in ((self.intra, self.intra_zero), (self.inter, self.inter_zero))
        )
        return Intervals(intra, inter, quantile(self.skipped, 1 - 2 * outside))

    def outside(self, intervals: Intervals) -> float:
        """The part of all coefficients whose originals lie outside of ``intervals``."""
        intra, inter, skipped = intervals.intra, intervals.inter, intervals.skipped
        limits = (
            (self.intra, intra.low, intra.high),
            (self.inter, inter.low, inter.high),
            (self.intra_zero, -intra.zero, intra.zero),
            (self.inter_zero, -inter.zero, inter.zero),
            (self.skipped, -skipped, skipped),
        )
        middles = (np.arange(BINS) + 0.5) * 2 * REACH / BINS - REACH
        beyond = sum(int(counts[(middles < low) | (middles > high)].sum()) for counts, low, high in limits)
        return beyond / max(sum(int(counts.sum()) for counts, _, _ in limits), 1)


def quantile(histogram: NDArray[np.int64], part: float) -> float:
    """The value below which ``part`` of a histogram over ±REACH lies, rounded to a hundredth; 0 of an empty one."""
    total = int(histogram.sum())
    if not total:
        return 0.0
    reached = int(np.searchsorted(np.cumsum(histogram), part * total))
    return round((min(reached, BINS - 1) + 0.5) * 2 * REACH / BINS - REACH, 2)


def widest(several: Sequence[Intervals]) -> Intervals:
    """Intervals that hold for every one of several encoders."""
    intra, inter = (
        Interval(min(one.low for one in kind), max(one.high for one in kind), max(one.zero for one in kind))
        for kind in ([one.intra for one in several], [one.inter for one in several])
    )
    return Intervals(intra, inter, max(one.skipped for one in several))


def deviations(clips: Sequence[Sequence[NDArray[np.uint8]]], encode: Encode) -> Deviations:
    """Of clips of I420 pictures, at every rate; ``encode`` gives an access unit a picture, or an empty one."""
    counted = Deviations()
    for pictures in clips:
        for kbps in RATES_KBPS:
            reader = Reader()
            for i420, unit in zip(pictures, encode(pictures, kbps), strict=True):
                for picture in reader.decode_access_unit(unit):
                    if picture.codec is not None:
                        luma = i420[: i420.shape[0] * 2 // 3]
                        counted.add(luma, codec_maps(picture.codec, picture.number))
    return counted


def sharp_clips(folder: Path, limit: int) -> Iterator[tuple[str, list[NDArray[np.uint8]]]]:
    """Name and first pictures of the training clips whose faces were large; I420 (384, 256)."""
    table = folder / "train.tsv"
    if not table.is_file():
        raise ClipError(f"{folder} holds no train.tsv")
    with table.open(encoding="utf-8") as file:
        rows = [
            row for row in csv.DictReader(file, delimiter="\t") if int(row["source_px"]) >= SHARP_SOURCE_PX
        ]
    for row in rows[:: max(len(rows) // limit, 1)][:limit]:
        path = folder / "train" / f"{row['clip']}.mp4"
        with open_container(path) as container:
            pictures: list[NDArray[np.uint8]] = []
            for frame in decoded(container, picture_stream(container, path), DecodeTally()):
                pictures.append(np.asarray(frame.to_ndarray(format="yuv420p"), np.uint8))  # type: ignore[attr-defined]
                if len(pictures) == PICTURES:
                    break
        yield row["clip"], pictures


def encoders() -> dict[str, Encode]:
    """x264 as calls use it, and OpenH264 where it is installed."""
    found: dict[str, Encode] = {
        "x264": lambda pictures, kbps: encode_i420(pictures, kbps=kbps),
        "x264_medium": lambda pictures, kbps: encode_i420(pictures, kbps=kbps, preset="medium"),
    }
    if is_installed():
        found["openh264"] = encode_openh264
    return found


def main(argv: Sequence[str] | None = None) -> int:
    """Fit, print how many coefficients lie outside each kind of interval, and write the table."""
    parser = argparse.ArgumentParser(prog="python -m callcodec.measure.interval_fit", description=__doc__)
    parser.add_argument("clips", type=Path, metavar="CLIPS", help="a folder with train.tsv and train/")
    parser.add_argument("--most", type=int, default=20, help="clips (default: 20)")
    parser.add_argument(
        "--outside", type=float, default=OUTSIDE, help="left out at each end (default: %(default)g)"
    )
    parser.add_argument("--out", type=Path, default=Path(str(resources.files("models.weights"))) / TABLE)
    arguments = parser.parse_args(argv)
    try:
        named = list(sharp_clips(arguments.clips, arguments.most))
    except (ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    intervals = {}
    for name, encode in encoders().items():
        counted = deviations([pictures for _, pictures in named], encode)
        intervals[name] = fitted = counted.fitted(arguments.outside)
        print(
            f"{name}: {fitted}\n  outside: {100 * counted.outside(fitted):.2f} % of these, "
            f"{100 * counted.outside(HALF_STEP):.2f} % of half a step"
        )
    intervals["any"] = widest(list(intervals.values()))
    write_intervals(arguments.out, intervals, [name for name, _ in named])
    print(f"any: {intervals['any']}\n{arguments.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
