"""Flexible macroblock ordering: which slice group each macroblock belongs to (clause 8.2.2)."""

import numpy as np
from numpy.typing import NDArray

from callcodec.h264.errors import DamagedStream
from callcodec.h264.parameter_sets import SequenceParameters, SliceGroups

INTERLEAVED, DISPERSED, FOREGROUND, BOX_OUT, RASTER, WIPE, EXPLICIT = range(7)


def group_map(groups: SliceGroups, sps: SequenceParameters, change_cycle: int) -> NDArray[np.int32]:  # noqa: PLR0911
    """MbToSliceGroupMap (N,) of a progressive picture. DamagedStream where the parameters do not fit the picture."""
    width, height, size = sps.width_macroblocks, sps.height_macroblocks, sps.macroblocks
    address = np.arange(size, dtype=np.int32)
    if groups.map_type == INTERLEAVED:
        pattern = np.repeat(np.arange(groups.count, dtype=np.int32), groups.run_lengths)
        return np.resize(pattern, size)
    if groups.map_type == DISPERSED:
        return (address % width + ((address // width) * groups.count) // 2) % groups.count
    if groups.map_type == FOREGROUND:
        return _foreground(groups, width, size)
    if groups.map_type == EXPLICIT:
        if len(groups.identifiers) != size or max(groups.identifiers) >= groups.count:
            raise DamagedStream("the slice group map does not fit the picture")
        return np.array(groups.identifiers, np.int32)
    changed = min(change_cycle * groups.change_rate, size)
    if groups.map_type == BOX_OUT:
        return _box_out(width, height, changed, groups.direction)
    upper_left = size - changed if groups.direction else changed
    if groups.map_type == RASTER:
        return np.where(address < upper_left, int(groups.direction), 1 - int(groups.direction)).astype(
            np.int32
        )
    columns_first = (address % width) * height + address // width
    return np.where(columns_first < upper_left, int(groups.direction), 1 - int(groups.direction)).astype(
        np.int32
    )


def _foreground(groups: SliceGroups, width: int, size: int) -> NDArray[np.int32]:
    """Rectangles over a background (8.2.2.3); a lower group lies over a higher one."""
    found = np.full((size // width, width), groups.count - 1, np.int32)
    for group in reversed(range(groups.count - 1)):
        first, last = groups.rectangles[group]
        if first > last or last >= size or first % width > last % width:
            raise DamagedStream("a slice group's rectangle does not fit the picture")
        found[first // width : last // width + 1, first % width : last % width + 1] = group
    return found.ravel()


def _box_out(width: int, height: int, changed: int, direction: bool) -> NDArray[np.int32]:
    """A box growing from the centre (8.2.2.4, equation 8-17)."""
    turn = int(direction)
    found = np.ones((height, width), np.int32)
    x, y = (width - turn) // 2, (height - turn) // 2
    left = right = x
    top = bottom = y
    dx, dy = turn - 1, turn
    taken = 0
    while taken < changed:
        taken += int(found[y, x])
        found[y, x] = 0
        if dx == -1 and x == left:
            left = max(left - 1, 0)
            x, dx, dy = left, 0, 2 * turn - 1
        elif dx == 1 and x == right:
            right = min(right + 1, width - 1)
            x, dx, dy = right, 0, 1 - 2 * turn
        elif dy == -1 and y == top:
            top = max(top - 1, 0)
            y, dx, dy = top, 1 - 2 * turn, 0
        elif dy == 1 and y == bottom:
            bottom = min(bottom + 1, height - 1)
            y, dx, dy = bottom, 2 * turn - 1, 0
        else:
            x, y = x + dx, y + dy
    return found.ravel()


def following_addresses(size: int, groups: NDArray[np.int32] | None) -> NDArray[np.int32]:
    """NextMbAddress(n) for every n (equation 8-16); ``size`` where the group has no further macroblock."""
    following = np.arange(1, size + 1, dtype=np.int32)
    if groups is None:
        return following
    for group in np.unique(groups):
        members = np.flatnonzero(groups == group)
        following[members] = np.append(members[1:], size)
    return following
