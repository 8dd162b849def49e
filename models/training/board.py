"""Curves and sample pictures for TensorBoard, where it is installed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2

FOLDER = "tensorboard"


class Board:
    """Writes into ``out``/tensorboard; without the package it says so once and writes nothing."""

    def __init__(self, out: Path, first_step: int, say: Callable[[str], None]) -> None:
        self._writer: Any = None
        try:
            from torch.utils.tensorboard import SummaryWriter  # noqa: PLC0415 - optional
        except ImportError:
            say("no curves are written: TensorBoard is missing (pip install 'callcodec[train]')")
            return
        # What an interrupted run wrote after the state that is gone on from is hidden.
        self._writer = SummaryWriter(str(out / FOLDER), purge_step=first_step)

    def figures(self, group: str, values: dict[str, float], step: int) -> None:
        """A point of a curve for each value."""
        if self._writer is not None:
            for name, value in values.items():
                self._writer.add_scalar(f"{group}/{name}", value, step)

    def picture(self, path: Path, step: int) -> None:
        """The picture in ``path``, if there is one."""
        bgr = cv2.imread(str(path)) if self._writer is not None and path.is_file() else None
        if bgr is not None:
            self._writer.add_image("samples", cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), step, dataformats="HWC")

    def close(self) -> None:
        """Write what is left."""
        if self._writer is not None:
            self._writer.close()
