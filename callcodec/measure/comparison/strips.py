"""Picture strips: a few moments of a clip side by side, as a report shows them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

MOMENTS = 4
SIDE = 192
JPEG_QUALITY = 88


def strip_of(pictures: Sequence[NDArray[np.uint8]]) -> bytes:
    """JPEG of ``MOMENTS`` of the (256, 256, 3) RGB pictures, evenly spread, each ``SIDE`` pixels."""
    places = np.linspace(0, len(pictures) - 1, MOMENTS + 2)[1:-1].round().astype(int)
    small = [cv2.resize(pictures[place], (SIDE, SIDE), interpolation=cv2.INTER_AREA) for place in places]
    bgr = np.ascontiguousarray(np.hstack(small)[:, :, ::-1])
    return bytes(cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1])


def strip_path(folder: Path, key: str, original: bool = False) -> Path:
    """Where the strip of the result ``key`` lies under a run's ``folder``; ``original``: as it was filmed."""
    return folder / "cache" / key[:2] / f"{key}{'.original' if original else ''}.jpg"
