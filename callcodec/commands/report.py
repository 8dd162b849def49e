"""``callcodec report``: merges and compares runs of ``callcodec measure``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from callcodec.measure.comparison.report import Report
    from callcodec.measure.tables.layout import PaperTable


def add_parser(subparsers: Any) -> None:
    """Add ``report`` to the command line."""
    parser = subparsers.add_parser(
        "report",
        help="merge and compare runs of callcodec measure",
        description="Reads DIR/report.json of every run and writes one report of all. Where several runs measured the "
        "same setting on the same clip, the last one counts, and what changed is said.",
    )
    parser.add_argument("runs", nargs="+", type=Path, metavar="DIR", help="folders that measure wrote")
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="where to write (default the first run's folder)"
    )
    parser.add_argument("--table", action="append", default=[], metavar="NAME",
                        help="also in a paper's layout: upsampler2, upsampler3, ...; may be repeated")  # fmt: skip
    parser.add_argument("--results-page", type=Path, metavar="DIR",
                        help="also write the repository's page of results there")  # fmt: skip


def run(arguments: argparse.Namespace) -> int:
    """Merge, write and print the headline; 0 when a report was written."""
    from callcodec.measure.comparison.report import build, merge
    from callcodec.measure.comparison.report_files import read
    from callcodec.measure.page.changes import changes
    from callcodec.measure.page.results import write_results_page
    from callcodec.measure.tables.registry import find_table

    require_drawing()
    tables = [find_table(name) for name in arguments.table]
    runs = [read(folder) for folder in arguments.runs]
    report = build(merge(runs))
    out = arguments.out or arguments.runs[0]
    status = finish(report, tables, out, changes(runs))
    if arguments.results_page is not None:
        for path in write_results_page(report, arguments.results_page):
            print(path)
    return status


def require_drawing() -> None:
    """ValueError where what draws reports is not installed, before anything is measured in vain."""
    absent = [name for name in ("matplotlib", "bjontegaard") if find_spec(name) is None]
    if absent:
        raise ValueError(f"reports need {' and '.join(absent)}: pip install 'callcodec[measure]'")


def finish(report: Report, tables: Sequence[PaperTable], out: Path, changed: Any = None) -> int:
    """Write everything and print the headline and the tables."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from callcodec.measure.comparison.report_files import HTML_NAME, write, write_text
    from callcodec.measure.page.html import render
    from callcodec.measure.page.text import rich_table

    console = Console()
    shown = Table("", "bar", "measured", "verdict", title="callcodec against conventional codecs")
    for claim in report.claims:
        shown.add_row(*map(escape, (claim.name, claim.asked, claim.found, claim.verdict)))
    console.print(shown)
    grids = [table.fill(report) for table in tables]
    extra = [grid for grid in (changed,) if grid is not None and grid.rows]
    for grid in (*extra, *grids):
        console.print(rich_table(grid))
    paths = [*write(report, out), write_text(out / HTML_NAME, render(report, [*extra, *grids]))]
    if report.failures:
        console.print(
            f"[yellow]{len(report.failures)} settings could not be measured: the report says why[/yellow]"
        )
    for path in paths:
        console.print(str(path), highlight=False, soft_wrap=True)
    return 0
