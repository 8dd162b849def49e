"""The table of all rows: results kept as JSON, so that one row can be measured again, and Markdown made of them."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from callcodec.config import from_mapping
from callcodec.measure.links.bars import Check, Kind, Result
from callcodec.measure.links.rows import ROWS

RESULTS, TABLE = "links.json", "LINKS.md"
HEAD = """# Links that barely exist

Made by `callcodec measure links --out callcodec/measure`, row by row; `--only ROW` measures one again, `--soak` those
that take many minutes as well. R: two programs in two processes over an emulated link, by the way of a rendezvous, as
people call each other. The others: both ends on a simulated clock and link. In *narrow* and *glass to glass* `compact`
reconstructs; elsewhere pictures are enlarged, for what a link does does not depend on it. Playout on simulated links
is that of causal interpolation; the interpolation that waits for the next frame adds 200 ms to every delay.

| row | link | | seconds | measured (bar) | |
|---|---|---|---|---|---|
"""


@dataclass(frozen=True)
class _StoredCheck:
    what: str
    value: float | None
    bar: float
    unit: str
    at_least: bool


@dataclass(frozen=True)
class _Stored:
    row: str
    link: str
    kind: str
    seconds: float
    checks: tuple[_StoredCheck, ...]
    short: bool
    note: str


@dataclass(frozen=True)
class _File:
    results: tuple[_Stored, ...]


def to_json(results: list[Result]) -> str:
    """Every figure, and whether its bar holds."""
    rows = []
    for result in results:
        checks = [asdict(check) | {"holds": check.holds} for check in result.checks]
        rows.append(asdict(result) | {"kind": result.kind.value, "checks": checks, "holds": result.holds})
    return json.dumps({"results": rows}, indent=1) + "\n"


def write(folder: Path, measured: list[Result]) -> None:
    """Put `measured` in the place of older results of the same rows, and make the table anew."""
    path = folder / RESULTS
    known = {result.row: result for result in (load(path) if path.exists() else [])}
    known |= {result.row: result for result in measured}
    ordered = [known[row.name] for row in ROWS if row.name in known]
    path.write_text(to_json(ordered), encoding="utf-8")
    (folder / TABLE).write_text(to_markdown(ordered), encoding="utf-8")


def load(path: Path) -> list[Result]:
    """What `write` kept. ConfigError (a ValueError) when it is something else."""
    values = json.loads(path.read_text(encoding="utf-8"))
    for result in values.get("results", []):
        result.pop("holds", None)
        for check in result.get("checks", []):
            check.pop("holds", None)
    stored = from_mapping(values, _File, str(path))
    return [
        Result(
            s.row,
            s.link,
            Kind(s.kind),
            s.seconds,
            tuple(Check(c.what, c.value, c.bar, c.unit, c.at_least) for c in s.checks),
            s.short,
            s.note,
        )
        for s in stored.results
    ]


def to_markdown(results: list[Result]) -> str:
    """The table as it stands in the repository."""
    lines = []
    for result in results:
        kind = "R" if result.kind is Kind.REAL else ""
        figures = "; ".join(check.text() if check.holds else f"**{check.text()}**" for check in result.checks)
        note = f"; {result.note}" if result.note else ""
        verdict = "holds" if result.holds else "**misses**"
        seconds = f"{result.seconds:g}{' (short)' if result.short else ''}"
        lines.append(f"| {result.row} | {result.link} | {kind} | {seconds} | {figures}{note} | {verdict} |")
    missing = [row.name for row in ROWS if row.name not in {result.row for result in results}]
    rest = f"\nNot measured yet: {', '.join(missing)}.\n" if missing else ""
    return HEAD + "\n".join(lines) + "\n" + rest
