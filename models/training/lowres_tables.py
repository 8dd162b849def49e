"""Trains the static tables of the low-resolution codec, and measures the codec with them.

    python -m models.training.lowres_tables --clips shared/clips            train, and write callcodec/wire/lowres_tables.npz
    python -m models.training.lowres_tables --clips shared/clips --evaluate print rate and quality on val/ as JSON

Training alternates between coding the train clips with the tables of the round before (predicted, as in a call, from decoded
frames) and fitting the tables to what was coded. Only train/ is fitted; val/ is only measured.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from callcodec.wire import lowres
from callcodec.wire.colour import to_planes
from callcodec.wire.contexts import (
    CONFIDENCES,
    LEVELS,
    MAGNITUDE_CAP,
    MAX_UNARY,
    PRIOR,
    RATIOS,
    RECENT_RATIOS,
    RECENT_SHIFT,
    UNIT_LEVEL,
    raw_bits,
)
from callcodec.wire.motion import MODES, UNIT, motion_modes
from callcodec.wire.tables import SIZES, TABLES_FILE

Arrays = dict[str, NDArray[np.generic]]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ANCHORS = (1, 4, 7, 10, 14)
ROUNDS = 3


@dataclass
class Observations:
    """What was coded in one mode at one quality: values in sixteenths and quantised magnitudes, each (n, K)."""

    values: Ints
    magnitudes: Ints
    step: int
