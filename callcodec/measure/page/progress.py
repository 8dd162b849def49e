"""A bar that says what was measured last and how long the rest will take."""

from __future__ import annotations

from types import TracebackType
from typing import Self, TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

NAME_COLUMNS = 44


class SweepProgress:
    """See callcodec.measure.comparison.sweep.Progress."""

    def __init__(self, out: TextIO) -> None:
        self._progress = Progress(
            TextColumn("{task.percentage:>3.0f} %"),
            BarColumn(bar_width=20),
            TimeElapsedColumn(),
            TextColumn("left:"),
            TimeRemainingColumn(elapsed_when_finished=False),
            TextColumn("{task.description}", markup=False),
            console=Console(file=out),
            transient=True,
            speed_estimate_period=600,
        )
        self._total = 0.0
        self._task = self._progress.add_task("starting", total=1.0)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def expect(self, total: float) -> None:
        """See callcodec.measure.comparison.sweep.Progress."""
        self._total += total
        self._progress.update(self._task, total=max(self._total, 1e-9))

    def advance(self, done: float, what: str) -> None:
        """See callcodec.measure.comparison.sweep.Progress."""
        self._progress.update(self._task, advance=done, description=what[:NAME_COLUMNS])
