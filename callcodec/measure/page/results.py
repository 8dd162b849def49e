"""The repository's page of results: tables and plots of a run, pictures of the bundled sample alone."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from callcodec.measure.comparison.report import Report, build
from callcodec.measure.comparison.report_files import ReportError, write_text
from callcodec.measure.page import grids
from callcodec.measure.page.grids import Grid
from callcodec.measure.page.plots import rate_distortion
from callcodec.measure.page.shown_strips import strips
from callcodec.measure.page.text import markdown
from callcodec.sample import sample_clip

PAGE = "RESULTS.md"
FEW_PEOPLE = 5
LIMITS = """## What these figures do not say

- Beyond the rates of "Where the codecs are better" a conventional codec is the better choice; only below
  them is this one.
- A codec is given one rate factor for all of a clip's pictures. With the first picture free, a finer key
  frame would serve it better; the first picture repeated, exact and free, is part of its envelope.
- Calls are simulated over a link without loss; codecs are not sent at all, and their wire rates are
  computed.
- Landmarks, mouth and eyes are judged by the network that finds the sender's hints, unless `--detector
  face-alignment` was given: that flatters calls with hints a little. Lip sync is judged by callcodec's own
  judge.
- A rebuilt face can be near in PSNR and still show teeth, gaze or an expression that nobody made."""
PLOTTED = ("psnr_db", "ssim", "gmsd")


def write_results_page(report: Report, folder: Path, tables: Sequence[Grid] = ()) -> list[Path]:
    """Write the page, its plots and its strips into ``folder``. ReportError where that cannot be."""
    sample = hashlib.sha256(sample_clip().read_bytes()).hexdigest()
    found = strips(report, lambda clip: clip.sha256 == sample)
    report = _of_people(report, sample)
    commands = list(dict.fromkeys(conditions.command for conditions in report.run.conditions))
    made = (
        f"`callcodec report {' '.join(_out(c) for c in commands)} --results-page {folder}` after "
        + " and ".join(f"`{command}`" for command in commands)
    )
    paths, pictures = [], []
    for figure in PLOTTED:
        paths.append(write_text(folder / f"{figure}.svg", rate_distortion(report, figure)))
        pictures.append(f"![{figure} over rate]({figure}.svg)")
    shown = []
    for number, strip in enumerate(found):
        target = folder / f"sample_{number}.jpg"
        try:
            target.write_bytes(strip.path.read_bytes())
        except OSError as error:
            raise ReportError(f"cannot write {target}: {error.strerror or error}") from error
        paths.append(target)
        shown.append(f"{strip.title}\n\n![{strip.title}]({target.name})")
    parts = [
        "# Results: what a bit buys",
        _conditions(report),
        _with_command(grids.claims(report), made),
        _with_command(grids.crossings(report), made),
        LIMITS,
        "## Rate and distortion",
        "\n\n".join(pictures),
        "Small dots: single settings; lines: each codec's convex envelope as a call could use it; dashed: "
        "its offline "
        f"best, which no call can use. Made by {made}.",
        *(["## Pictures of the bundled sample", *shown, f"Made by {made}."] if shown else []),
        *(
            _with_command(grid, made)
            for grid in (
                grids.rates(report),
                grids.quality(report),
                grids.faces(report),
                grids.bjontegaard(report),
                grids.overtakings(report),
                grids.efforts(report),
                grids.stages(report),
                *tables,
                grids.failures(report),
            )
        ),
    ]
    page = write_text(folder / PAGE, "\n\n".join(part for part in parts if part) + "\n")
    return [page, *paths]


def _of_people(report: Report, sample: str) -> Report:
    """Without the drawn sample, whose figures say nothing about people; the whole report where there is nobody else."""
    clips = tuple(clip for clip in report.run.clips if clip.sha256 != sample)
    if not clips or len(clips) == len(report.run.clips):
        return report
    names = {clip.name for clip in clips}
    results = tuple(result for result in report.run.results if result.clip in names)
    return build(replace(report.run, clips=clips, results=results))


def _with_command(grid: Grid, made: str) -> str:
    text = markdown(grid)
    return text if not text or grid.command else f"{text}\n\nMade by {made}."


def _conditions(report: Report) -> str:
    clips, people = len(report.run.clips), len({clip.person for clip in report.run.clips})
    lines = [
        f"{clips} clips of {people} people whom the networks never saw; no clip's picture is in this repository."
    ]
    if people < FEW_PEOPLE:
        lines.append(
            f"**So few people say little about others**, and intervals over {people} of them mean nothing."
        )
    for c in report.run.conditions:
        taken = (
            "" if c.taken_by_others is None else f", of which others took {c.taken_by_others:.0%} meanwhile"
        )
        versions = ", ".join(f"{name} {number}" for name, number in c.versions.items())
        lines.append(f"- {c.machine}{taken}; {versions}; landmarks by {c.detector}")
    return "\n".join(lines)


def _out(command: str) -> str:
    """The folder that a command wrote."""
    words = command.split()
    return words[words.index("--out") + 1] if "--out" in words[:-1] else "DIR"
