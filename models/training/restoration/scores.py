"""What restoration gains on clips that were never trained on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from callcodec.media.compression import decode_i420, encode_i420
from models.restoration.packing import plane_tensor, planes_to_rgb
from models.restoration.restorer import FacePlanes

WIDENED = 0.1  # of the landmarks' box, on each side
NOSE_TIP = 33  # between the nostrils, iBUG-68 order
SEARCHES = 9
TOLERANCE_DB = 0.25


@dataclass(frozen=True)
class Gain:
    """Of one picture: PSNR over RGB, in dB, before and after."""

    face_before_db: float  # in the face's box
    face_after_db: float
    before_db: float  # in the whole picture
    after_db: float
    upper_db: float  # what was gained in the face's box above the tip of the nose
    lower_db: float  # and below it


def rgb_of(planes: FacePlanes) -> NDArray[np.float32]:
    """(H, W, 3) in 0..255, chroma enlarged bilinearly, rounded to whole values."""
    rgb = planes_to_rgb(*(plane_tensor(plane) for plane in (planes.y, planes.u, planes.v)))
    return np.asarray(rgb[0].mul(255).round().clamp(0, 255).permute(1, 2, 0).numpy(), np.float32)


def face_box(points: NDArray[np.float32], side: int) -> tuple[slice, slice]:
    """Rows and columns of the landmarks' box, widened; the whole picture where there are none."""
    if np.isnan(points).any():
        return slice(0, side), slice(0, side)
    low, high = points.min(0), points.max(0)
    margin = WIDENED * (high - low)
    x0, y0 = np.clip(np.floor(low - margin), 0, side - 8).astype(int)
    x1, y1 = np.clip(np.ceil(high + margin), 8, side).astype(int)
    return slice(y0, y1), slice(x0, x1)


def psnr_db(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    """Of values in 0..255."""
    return float(10 * np.log10(255.0**2 / max(float(np.mean((a - b) ** 2)), 1e-9)))


def gain(original: FacePlanes, before: FacePlanes, after: FacePlanes, points: NDArray[np.float32]) -> Gain:
    """Of one picture; ``points``: the landmarks (68, 2) of the original."""
    truth, seen, shown = (rgb_of(one) for one in (original, before, after))
    rows, columns = face_box(points, len(truth))
    nose = rows.start + (rows.stop - rows.start) // 2
    if np.isfinite(points[NOSE_TIP]).all():
        nose = int(np.clip(points[NOSE_TIP, 1], rows.start + 1, rows.stop - 1))

    def both(place: tuple[slice, slice]) -> tuple[float, float]:
        return psnr_db(truth[place], seen[place]), psnr_db(truth[place], shown[place])

    face, whole = both((rows, columns)), both((slice(None), slice(None)))
    upper, lower = both((slice(rows.start, nose), columns)), both((slice(nose, rows.stop), columns))
    return Gain(*face, *whole, upper[1] - upper[0], lower[1] - lower[0])


def rate_for(
    original: Sequence[NDArray[np.uint8]], wanted_db: float, codec: str = "h264", preset: str = "veryfast"
) -> float:
    """The rate, in kbps, at which these I420 pictures decode at ``wanted_db`` of PSNR over RGB, on average."""
    return bisected(lambda kbps: decoded_psnr_db(original, kbps, codec, preset), wanted_db)


def bisected(
    quality_db: Callable[[float], float], wanted_db: float, low: float = 4.0, high: float = 600.0
) -> float:
    """Where a growing function of the rate reaches ``wanted_db``, to a quarter of a decibel."""
    for _ in range(SEARCHES):
        middle = float(np.sqrt(low * high))
        found = quality_db(middle)
        if abs(found - wanted_db) < TOLERANCE_DB:
            return middle
        low, high = (middle, high) if found < wanted_db else (low, middle)
    return float(np.sqrt(low * high))


def decoded_psnr_db(original: Sequence[NDArray[np.uint8]], kbps: float, codec: str, preset: str) -> float:
    """Mean PSNR, over RGB, of I420 pictures after the codec."""
    shown = decode_i420(encode_i420(original, codec, kbps=kbps, preset=preset), codec)
    pairs = (
        [cv2.cvtColor(i420, cv2.COLOR_YUV2RGB_I420).astype(np.float32) for i420 in pair]
        for pair in zip(original, shown, strict=True)
    )
    return float(np.mean([psnr_db(a, b) for a, b in pairs]))
