"""Tables on a terminal and in Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from rich.markup import escape
from rich.table import Table

from callcodec.measure.page.grids import Grid


def rich_table(grid: Grid) -> Table:
    """For a console."""
    table = Table(*map(escape, grid.headings), title=escape(grid.title), caption=escape(grid.note) or None)
    for row in grid.rows:
        table.add_row(*map(escape, row))
    return table


def markdown(grid: Grid, level: int = 2) -> str:
    """Heading, table, note and command; empty for a grid without rows."""
    if not grid.rows:
        return ""
    parts = [f"{'#' * level} {grid.title}", markdown_table(grid.headings, grid.rows)]
    parts += [grid.note] if grid.note else []
    parts += [f"Made by `{grid.command}`."] if grid.command else []
    return "\n\n".join(parts)


def markdown_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """As GitHub shows it."""
    lines = ["| " + " | ".join(headings) + " |", "|" + "---|" * len(headings)]
    return "\n".join(
        lines + ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    )
