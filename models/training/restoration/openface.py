"""Action units as OpenFace 2 writes them: one CSV a clip, one row a picture."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.restoration.mmsd_parts import ACTION_UNITS
from models.training.cache import DataError

COLUMNS = tuple(f"AU{unit:02d}_r" for unit in ACTION_UNITS)
SUCCESS = "success"


def read_openface(path: Path) -> NDArray[np.float32]:
    """(T, 17) intensities, 0 to 5, of the columns AU01_r … AU45_r; NaN where OpenFace found no face.

    Raises DataError for a file that cannot be read, lacks a column or has something else in it than numbers.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            # OpenFace writes a blank after each comma.
            reader = csv.DictReader(file, skipinitialspace=True)
            names = {(name or "").strip(): name for name in reader.fieldnames or ()}
            if missing := [column for column in (*COLUMNS, SUCCESS) if column not in names]:
                raise DataError(f"{path} has no column {missing[0]}: it is not what OpenFace's -aus writes")
            rows = [
                [float(row[names[column]] or "nan") for column in COLUMNS]
                if float(row[names[SUCCESS]]) > 0
                else [np.nan] * len(COLUMNS)
                for row in reader
            ]
    except (OSError, UnicodeDecodeError, csv.Error, TypeError) as error:
        raise DataError(f"cannot read the action units in {path}: {error}") from error
    except ValueError as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{path} has something else than a number: {error}") from error
    return np.asarray(rows, np.float32).reshape(-1, len(COLUMNS))
