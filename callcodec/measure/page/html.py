"""The report as one HTML file: no network, no script, legible on a phone."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

from callcodec.measure.comparison.report import Report
from callcodec.measure.page import grids
from callcodec.measure.page.grids import Grid
from callcodec.measure.page.plots import rate_distortion
from callcodec.measure.page.shown_strips import Strip, strips

PLOTTED = ("psnr_db", "ssim", "gmsd")
VERDICTS = ("met", "missed", "not measured")
STYLE = """
:root { color-scheme: light dark; --line: #d5d5d5; --soft: #f5f5f3; --ink: #1c1c1c; --paper: #fff; }
@media (prefers-color-scheme: dark) { :root { --line: #444; --soft: #242424; --ink: #e8e8e8; --paper: #161616; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1240px; padding: 1rem; font: 15px/1.5 system-ui, sans-serif; color: var(--ink);
       background: var(--paper); }
h1 { font-size: 1.5rem; line-height: 1.2; } h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
.claims { display: grid; gap: .75rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 320px), 1fr)); }
.claim { border: 1px solid var(--line); border-left-width: 6px; border-radius: 6px; padding: .75rem 1rem; }
.claim p { margin: .25rem 0; } .claim small { opacity: .75; }
.met { border-left-color: #2c8a4b; } .missed { border-left-color: #c8361d; } .not-measured { border-left-color: #999; }
.verdict { font-weight: 700; text-transform: uppercase; letter-spacing: .03em; font-size: .8rem; }
.plots { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 380px), 1fr)); }
.plots svg { width: 100%; height: auto; background: #fff; border-radius: 6px; }
.wide { overflow-x: auto; border: 1px solid var(--line); border-radius: 6px; }
table { border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; width: 100%; }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
th { background: var(--soft); } td:not(:first-child) { min-width: 5.5rem; }
td:first-child, th:first-child { position: sticky; left: 0; background: var(--soft); min-width: 9rem; max-width: 46vw; }
.note { font-size: 13px; opacity: .8; } code { font-size: 12px; overflow-wrap: anywhere; }
.strip { margin: .5rem 0; }
.strip img { width: 100%; max-width: 768px; height: auto; display: block; border-radius: 4px; }
details { margin: .5rem 0; }
"""


def render(report: Report, tables: Sequence[Grid] = ()) -> str:
    """The whole page. ``tables``: in a paper's layout, shown after our own."""
    clips, people = len(report.run.clips), len({clip.person for clip in report.run.clips})
    title = f"callcodec against conventional codecs: {clips} clips of {people} people"
    body = [
        f"<h1>{escape(title)}</h1>",
        _claims(report),
        _grid(grids.crossings(report)),
        "<h2>Rate and distortion</h2>",
        f"<div class=plots>{''.join(rate_distortion(report, figure) for figure in PLOTTED)}</div>",
        "<p class=note>Small dots: single settings; lines: each codec's convex envelope as a call could use "
        "it; dashed: its offline best at full size and rate, with look-ahead, which no call can use.</p>",
        *_strips(strips(report)),
        *(_grid(table) for table in tables),
        _grid(grids.rates(report), commands=True),
        _grid(grids.quality(report)),
        _grid(grids.faces(report)),
        _grid(grids.bjontegaard(report)),
        _grid(grids.overtakings(report)),
        _grid(grids.efforts(report)),
        _grid(grids.stages(report)),
        _grid(grids.failures(report)),
        _conditions(report),
    ]
    return (
        "<!doctype html>\n<html lang=en><head><meta charset=utf-8>"
        '<meta name=viewport content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>\n"
        + "\n".join(part for part in body if part)
        + "\n</body></html>\n"
    )


def _claims(report: Report) -> str:
    cards = []
    for claim in report.claims:
        kind = claim.verdict.replace(" ", "-")
        cards.append(
            f"<div class='claim {kind}'><p class=verdict>{escape(claim.verdict)}</p>"
            f"<p><b>{escape(claim.name)}</b>: {escape(claim.asked)}</p>"
            f"<p>{escape(claim.found)}</p><p><small>against {escape(claim.against)}</small></p></div>"
        )
    return f"<div class=claims>{''.join(cards)}</div>"


def _grid(grid: Grid, commands: bool = False) -> str:
    if not grid.rows:
        return ""
    head = "".join(f"<th>{escape(cell)}</th>" for cell in grid.headings)
    lines = ("".join(f"<td>{escape(cell)}</td>" for cell in row) for row in grid.rows)
    table = (
        f"<div class=wide><table><tr>{head}</tr>{''.join(f'<tr>{line}</tr>' for line in lines)}</table></div>"
    )
    parts = [f"<h2>{escape(grid.title)}</h2>", table]
    parts += [f"<p class=note>{escape(grid.note)}</p>"] if grid.note else []
    parts += [f"<p class=note>Made by <code>{escape(grid.command)}</code></p>"] if grid.command else []
    if commands:
        rows = "<br>".join(f"<code>{escape(c)}</code>" for c in grids.row_commands(grid.rows))
        parts.append(
            f"<details><summary>The command that makes each row of these tables</summary>{rows}</details>"
        )
    return "\n".join(parts)


def _strips(found: Sequence[Strip]) -> Iterator[str]:
    if not found:
        return
    yield "<h2>Pictures</h2>"
    for clip in dict.fromkeys(strip.clip for strip in found):
        yield f"<h3>{escape(clip)}</h3>"
        for strip in found:
            if strip.clip == clip:
                yield (
                    f"<div class=strip><small>{escape(strip.title)}</small>"
                    f"<img alt='{escape(strip.title, quote=True)}' src='{data_url(strip.path)}'></div>"
                )


def data_url(path: Path) -> str:
    """A JPEG inside the page."""
    return f"data:image/jpeg;base64,{base64.b64encode(path.read_bytes()).decode()}"


def _conditions(report: Report) -> str:
    parts = ["<h2>Under what</h2>"]
    for c in report.run.conditions:
        versions = ", ".join(f"{name} {version}" for name, version in c.versions.items())
        taken = "" if c.taken_by_others is None else f"; others took {c.taken_by_others:.0%} of it meanwhile"
        parts.append(
            f"<p><code>{escape(c.command)}</code></p><p class=note>{escape(c.machine)}{taken}. {escape(versions)}. "
            f"Landmarks by {escape(c.detector)}. Pictures judged every {c.judged_every} slots of 40 ms after a clip's "
            f"first second, in the sweep every {c.screened_every}.</p>"
        )
        parts += [f"<p class=note>{escape(warning)}</p>" for warning in c.warnings]
    names = ", ".join(f"{clip.name} ({clip.person})" for clip in report.run.clips)
    parts.append(f"<p class=note>Clips (people): {escape(names)}.</p>")
    return "\n".join(parts)
