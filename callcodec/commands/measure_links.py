"""``callcodec measure links`` and ``measure ladder``: bad links held to their bars, and what each rung gives."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

EXIT_MISSED = 1


def add_links_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what only ``links`` takes."""
    parser.add_argument("--only", metavar="ROW", help="of links: one row of the table")
    parser.add_argument("--json", action="store_true", help="of links: print the figures as JSON")
    parser.add_argument("--short", action="store_true", help="of links: every row for less long")
    parser.add_argument("--soak", action="store_true", help="of links: the rows that take many minutes, too")


def run_links(only: str | None, as_json: bool, short: bool, soak: bool, out: Path | None) -> int:
    """Measure; 0 when every bar held, 1 when one was missed. ValueError for a row that there is not."""
    from rich.console import Console

    from callcodec.measure.links.rows import ROWS, find_row
    from callcodec.measure.links.table import to_json, write

    console = Console(stderr=True)
    if out is not None and not out.is_dir():
        raise ValueError(f"{out} is no folder; --out names the one that the table is written to")
    rows = [find_row(only)] if only is not None else [row for row in ROWS if soak or short or not row.soak]
    results = []
    for row in rows:
        console.print(f"{row.name} ...", highlight=False)
        result = row.measure(row.short_seconds if short else row.seconds)
        results.append(result)
        for check in result.checks:
            console.print(f"  {'holds ' if check.holds else 'MISSES'} {check.text()}", highlight=False)
        if out is not None:
            write(out, [result])
    if as_json:
        sys.stdout.write(to_json(results))
    return 0 if all(result.holds for result in results) else EXIT_MISSED


def run_ladder(clips: list[Path], seconds: float, device: str, out: Path | None) -> int:
    """Measure every rung on `clips`, or on the bundled sample; 0 when there is a table."""
    from rich.console import Console

    from callcodec.measure.links.ladder_table import TABLE, measure_ladder, to_markdown
    from callcodec.sample import sample_clip

    console = Console(stderr=True)
    figures = measure_ladder(clips or [sample_clip()], seconds, device, console.print)
    table = to_markdown(figures)
    sys.stdout.write(table)
    if out is not None:
        (out / TABLE).write_text(table, encoding="utf-8")
    return 0
