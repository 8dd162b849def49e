"""Pictures from which a person can judge a restorer."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np

from models.restoration.restorer import FacePlanes
from models.training.restoration.scores import rgb_of


def write_before_and_after(triples: Iterable[tuple[FacePlanes, FacePlanes, FacePlanes]], path: Path) -> None:
    """One column each: original, decoded, restored; a PNG."""
    columns = [np.concatenate([rgb_of(one) for one in triple], 0) for triple in triples]
    sheet = np.concatenate(columns, 1).astype(np.uint8)
    cv2.imwrite(str(path), cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR))
