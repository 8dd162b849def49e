"""Action units without OpenFace: proxies, told from 68 landmarks. They are no FACS coding, and are never called so.

Each proxy is a distance in the upright face, in distances of the eyes, that grows when the muscle acts, less its median
over the clip, which stands for the face at rest. What landmarks don't show (cheeks, dimples) stays unknown.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.restoration.mmsd_parts import ACTION_UNITS

STRONGEST = 5.0  # of OpenFace's intensities
# action unit → how far its proxy moves when it is as strong as it gets, in distances of the eyes
FULL = {
    1: 0.15, 2: 0.15, 4: 0.2, 5: 0.08, 7: 0.05, 9: 0.1, 10: 0.12, 12: 0.3, 15: 0.12, 17: 0.15, 20: 0.3, 23: 0.1,
    25: 0.3, 26: 0.35, 45: 0.15,
}  # fmt: skip
Floats = NDArray[np.float64]


def proxy_intensities(points: NDArray[np.floating]) -> NDArray[np.float32]:
    """(T, 68, 2) of one clip, NaN where no face was found → (T, 17), 0 to 5, NaN where unknown; see ACTION_UNITS."""
    found = np.full((len(points), len(ACTION_UNITS)), np.nan, np.float32)
    known = np.isfinite(points).all((1, 2))
    if not known.any():
        return found
    for unit, measure in _measures(_upright(points[known].astype(np.float64))).items():
        strength = STRONGEST * (measure - np.median(measure)) / FULL[unit]
        found[known, ACTION_UNITS.index(unit)] = np.clip(strength, 0.0, STRONGEST)
    return found


def _upright(points: Floats) -> Floats:
    """From between the eyes, x from the right eye to the left, y down, in distances of the eyes."""
    right, left = points[:, 36:42].mean(1), points[:, 42:48].mean(1)
    across = left - right
    squared = np.maximum((across**2).sum(-1), 1e-6)
    turn = np.stack((across, np.stack((-across[:, 1], across[:, 0]), -1)), 1) / squared[:, None, None]
    turned: Floats = np.einsum("tij,tkj->tki", turn, points - ((right + left) / 2)[:, None])
    return turned


def _measures(face: Floats) -> dict[int, Floats]:
    """What grows when an action unit is active, (T,) each; ``face`` (T, 68, 2) is upright."""

    def height(*numbers: int) -> Floats:
        mean: Floats = -face[:, list(numbers), 1].mean(1)
        return mean

    def apart(first: int, second: int) -> Floats:
        distance: Floats = np.linalg.norm(face[:, first] - face[:, second], axis=-1)
        return distance

    corners, width = height(48, 54), apart(48, 54)
    lids = height(37, 38, 43, 44) - height(40, 41, 46, 47)
    return {
        1: height(21, 22) - height(39, 42),  # inner brow raiser
        2: height(17, 18, 25, 26) - height(36, 45),  # outer brow raiser
        4: -(height(*range(17, 27)) - height(36, 39, 42, 45)) - apart(21, 22),  # brow lowerer
        5: lids,  # upper lid raiser
        7: height(40, 41, 46, 47) - height(36, 39, 42, 45),  # lid tightener
        9: height(31, 35) - height(39, 42),  # nose wrinkler
        10: height(51) - height(33),  # upper lip raiser
        12: width + corners - height(51, 57),  # lip corner puller
        15: height(51, 57) - corners,  # lip corner depressor
        17: -apart(57, 8),  # chin raiser
        20: width,  # lip stretcher
        23: -(apart(51, 62) + apart(66, 57)),  # lip tightener
        25: apart(62, 66),  # lips part
        26: apart(33, 8),  # jaw drop
        45: -lids,  # blink
    }
