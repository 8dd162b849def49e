"""What a restorer changed in the square of a face, carried back into the picture."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from callcodec.h264.state import Planes
from models.restoration.restorer import PICTURE, FacePlanes
from receiver.restoration.alignment import Alignment, for_chroma, inverse, on_indices

RAMP = 32  # pixels of 256 over which the change fades out at a side inside the picture
NEAR = (
    2.0  # pixels of 256: a side so near to the picture's edge has nothing beside it that it could differ from
)


def blend(
    planes: Planes, alignment: Alignment, before: FacePlanes, after: FacePlanes, weight: float
) -> Planes:
    """``planes`` with the change from ``before`` to ``after``, fading towards the square's sides.

    Only the difference is carried: where a restorer changes nothing, and outside the square, not one sample does, and
    a face of more than 256 pixels keeps what the square could not hold. ``weight``: 0..1 of the change.
    """
    height, width = planes.y.shape
    mask = soft_mask(open_sides(alignment, width, height)) * np.float32(weight)
    half_mask = np.asarray(cv2.resize(mask, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.float32)
    way_back = inverse(alignment.matrix())
    return Planes(
        _changed(planes.y, way_back, _change(before.y, after.y, mask)),
        *(
            _changed(plane, for_chroma(way_back), _change(a, b, half_mask))
            for plane, a, b in ((planes.u, before.u, after.u), (planes.v, before.v, after.v))
        ),
    )


def open_sides(alignment: Alignment, width: int, height: int) -> tuple[bool, bool, bool, bool]:
    """Which sides of the square (left, upper, right, lower) have, at any point, picture beyond them."""
    along = np.linspace(0.0, PICTURE, 17)
    low, high = np.full(17, -NEAR), np.full(17, PICTURE + NEAR)
    sides = ((low, along), (along, low), (high, along), (along, high))
    left, upper, right, lower = (
        bool(((x > 0) & (y > 0) & (x < width) & (y < height)).any())
        for x, y in (alignment.into_picture(np.stack(side, -1)).T for side in sides)
    )
    return left, upper, right, lower


@lru_cache(maxsize=16)
def soft_mask(sides: tuple[bool, bool, bool, bool]) -> NDArray[np.float32]:
    """(256, 256): 1 in the middle, falling to 0 at the ``sides`` (left, upper, right, lower) in half a cosine wave."""
    ramp = np.ones(PICTURE)
    ramp[:RAMP] = 0.5 - 0.5 * np.cos(np.pi * np.arange(RAMP) / RAMP)
    left, upper, right, lower = (ramp if side else np.ones(PICTURE) for side in sides)
    return np.outer(upper * lower[::-1], left * right[::-1]).astype(np.float32)


def _change(
    before: NDArray[np.uint8], after: NDArray[np.uint8], mask: NDArray[np.float32]
) -> NDArray[np.float32]:
    return (after.astype(np.float32) - before) * mask


def _changed(
    plane: NDArray[np.uint8], way_back: NDArray[np.float64], change: NDArray[np.float32]
) -> NDArray[np.uint8]:
    """``plane`` plus a change in the square, which ``way_back`` finds for the picture's coordinates."""
    side = len(change)
    height, width = plane.shape
    corners = np.array([(0, 0), (side, 0), (0, side), (side, side)], np.float64)
    forth = inverse(way_back)
    reached = corners @ forth[:, :2].T + forth[:, 2]
    left, top = (max(int(np.floor(low)), 0) for low in reached.min(0))
    right, bottom = (
        min(int(np.ceil(high)), limit) for high, limit in zip(reached.max(0), (width, height), strict=True)
    )
    if left >= right or top >= bottom:
        return plane
    scale = float(np.hypot(way_back[0, 0], way_back[1, 0]))
    if scale > 1.0:  # the face is smaller in the picture than in the square
        change = np.asarray(cv2.GaussianBlur(change, (0, 0), 0.5 * np.sqrt(scale**2 - 1) + 1e-3), np.float32)
    moved = way_back.copy()
    moved[:, 2] += way_back[:, :2] @ (left, top)
    carried = cv2.warpAffine(
        change,
        on_indices(moved),
        (right - left, bottom - top),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    changed = plane.copy()
    part = changed[top:bottom, left:right]
    part[...] = np.clip(np.rint(part + carried), 0, 255)
    return changed
