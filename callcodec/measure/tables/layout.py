"""A paper's table: its columns and rows as printed, and which of our points fills which row of ours."""

from __future__ import annotations

from dataclasses import dataclass

from callcodec.measure.comparison.points import Point
from callcodec.measure.comparison.report import Report
from callcodec.measure.comparison.summary import RATE_FIGURES, PointSummary
from callcodec.measure.page.grids import Grid

NOT_MEASURED = "not measured"
NOTHING = "n/a"


@dataclass(frozen=True)
class Column:
    """``figure``: of ours, None where we have none and why is said in the table's note."""

    heading: str
    figure: str | None
    digits: int = 2


@dataclass(frozen=True)
class OwnRow:
    """A row of ours: the point's figures, under ``first`` cells that are text.

    ``points``: one for each column instead, None where a column is somebody else's.
    """

    first: tuple[str, ...]
    point: Point | None = None
    points: tuple[Point | None, ...] = ()

    def of_columns(self, count: int) -> tuple[Point | None, ...]:
        """The point of each column."""
        return self.points or (self.point,) * count


@dataclass(frozen=True)
class PaperTable:
    """``columns``: after as many text columns as rows have ``first`` cells, headed ``texts``.

    ``theirs``: the paper's rows, cell by cell; ``data``: on what the paper measured; ``note``: what differs.
    """

    name: str
    title: str
    texts: tuple[str, ...]
    columns: tuple[Column, ...]
    theirs: tuple[tuple[str, ...], ...]
    ours: tuple[OwnRow, ...]
    data: str
    note: str = ""

    def points(self) -> tuple[Point, ...]:
        """All that must be measured to fill our rows."""
        found = (point for own in self.ours for point in own.of_columns(len(self.columns)))
        return tuple(dict.fromkeys(point for point in found if point is not None))

    def fill(self, report: Report) -> Grid:
        """Our rows with a report's figures, under the paper's."""
        people = len({clip.person for clip in report.run.clips})
        here = f"here: {len(report.run.clips)} clips of {people} people"
        rows = [(*row, self.data) for row in self.theirs]
        for own in self.ours:
            points = own.of_columns(len(self.columns))
            found = [None if point is None else report.summaries.get(point.label) for point in points]
            cells = tuple(_cell(summary, column) for summary, column in zip(found, self.columns, strict=True))
            rows.append((*own.first, *cells, here if any(s is not None for s in found) else NOT_MEASURED))
        headings = (*self.texts, *(column.heading for column in self.columns), "measured on")
        return Grid(
            self.title,
            headings,
            tuple(rows),
            self.note,
            f"callcodec measure CLIPS --out DIR --table {self.name}",
        )


def _cell(summary: PointSummary | None, column: Column) -> str:
    if summary is None or column.figure is None:
        return NOTHING
    value = summary.rates[column.figure] if column.figure in RATE_FIGURES else summary.mean(column.figure)
    return NOTHING if value is None else f"{value:.{column.digits}f}"
