"""``callcodec measure``: this codec against conventional ones on the same clips."""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from callcodec.commands.measure_links import add_links_arguments, run_ladder, run_links
from callcodec.commands.options import DEVICES, chosen_device, positive

if TYPE_CHECKING:
    from callcodec.measure.comparison.plans import Plan

DETECTORS = ("callcodec", "face-alignment", "auto")
QUICK_CLIPS, QUICK_SECONDS = 2, 5.0
SPEED_FRAMES = 50


def add_parser(subparsers: Any) -> None:
    """Add ``measure`` to the command line."""
    parser = subparsers.add_parser(
        "measure",
        help="compare this codec with conventional ones on clips",
        description="Compares simulated calls with x264, x265, VP9 and SVT-AV1 on the same clips, and writes "
        "DIR/report.html, DIR/report.json, DIR/points.csv and DIR/clips.csv. A run that was stopped goes on where it "
        "was. `callcodec report` merges runs.",
    )
    parser.add_argument("clips", nargs="+", type=Path, metavar="CLIP",
                        help="clips or folders; links: bad links instead; ladder [CLIP...]: its rungs")  # fmt: skip
    parser.add_argument("--out", type=Path, metavar="DIR", help="where to write")
    add_links_arguments(parser)
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="processes (default 1)")
    parser.add_argument("--quick", action="store_true",
                        help="two clips, five seconds each, few settings: two minutes")  # fmt: skip
    parser.add_argument("--thorough", action="store_true",
                        help="also all rungs, what each part of a call is worth, and restorers")  # fmt: skip
    parser.add_argument("--codecs", metavar="NAMES",
                        help="only these, with commas: ours, restored, x264, x265, vp9, svt-av1")  # fmt: skip
    parser.add_argument("--points", action="append", default=[], metavar="TEXT",
                        help="only the setting of that name, or all whose names hold TEXT; repeatable")  # fmt: skip
    parser.add_argument("--number", type=int, metavar="N", help="only N of the clips, spread over them")
    parser.add_argument("--seconds", type=positive, default=15.0, metavar="N",
                        help="of each clip (default 15)")  # fmt: skip
    parser.add_argument("--every", type=int, default=4, metavar="N",
                        help="judge every Nth picture, in the sweep every 2 N (default 4)")  # fmt: skip
    parser.add_argument(
        "--weights", type=Path, metavar="FILE", help="of the paper's network, to measure it too"
    )
    parser.add_argument("--detector", choices=DETECTORS, default="callcodec", help="who judges landmarks")
    parser.add_argument("--device", choices=DEVICES, default="cpu", help="where networks run")
    parser.add_argument("--table", action="append", default=[], metavar="NAME",
                        help="also in a paper's layout: upsampler2, upsampler3, ...; may be repeated")  # fmt: skip


def run(arguments: argparse.Namespace) -> int:
    """Measure, write and print the headline; 0 when a report was written. ValueError where the input is of no use."""
    from callcodec.commands.report import finish, require_drawing
    from callcodec.measure.comparison.bench import BenchSettings
    from callcodec.measure.comparison.clips import find_clips
    from callcodec.measure.comparison.judging import Density
    from callcodec.measure.comparison.machine import conditions
    from callcodec.measure.comparison.plans import with_points
    from callcodec.measure.comparison.report import ClipNote, Run, build
    from callcodec.measure.comparison.sweep import run_sweep
    from callcodec.measure.neighbours import Neighbours
    from callcodec.measure.page.progress import SweepProgress
    from callcodec.measure.tables.registry import find_table

    if arguments.clips == [Path("links")]:
        return run_links(arguments.only, arguments.json, arguments.short, arguments.soak, arguments.out)
    if arguments.clips[0] == Path("ladder"):
        return run_ladder(arguments.clips[1:], arguments.seconds, arguments.device, arguments.out)
    if arguments.out is None:
        raise ValueError("--out DIR says where to write")
    if arguments.workers < 1 or (arguments.number is not None and arguments.number < 1):
        raise ValueError("--workers and --number must be at least 1")
    require_drawing()
    tables = [find_table(name) for name in arguments.table]
    plan = with_points(_plan(arguments), [point for table in tables for point in table.points()])
    seconds = min(arguments.seconds, QUICK_SECONDS) if arguments.quick else arguments.seconds
    density = Density(arguments.every, 2 * arguments.every)
    settings = BenchSettings(
        arguments.out, seconds, density, chosen_device(arguments.device), arguments.detector
    )
    clips = find_clips(arguments.clips, arguments.number)
    clips = clips[:QUICK_CLIPS] if arguments.quick else clips
    arguments.out.mkdir(parents=True, exist_ok=True)
    neighbours = Neighbours()
    with SweepProgress(sys.stderr) as progress:
        sweep = run_sweep(clips, plan, settings, arguments.workers, progress)
    command = "callcodec " + shlex.join(_short(word) for word in sys.argv[1:])
    stages = 0 if arguments.quick or arguments.points else SPEED_FRAMES
    under = conditions(command, settings, list(sweep.warnings), neighbours.share(), stages)
    measured = Run(
        (under,),
        tuple(ClipNote(clip.name, clip.person, clip.sha256) for clip in clips),
        (*plan.judged, *plan.screened),
        tuple(sweep.results),
        (arguments.out,),
    )
    if all(result.error is not None for result in measured.results):
        reasons = dict.fromkeys(result.error or "" for result in measured.results)
        raise ValueError("nothing could be measured: " + "; ".join(list(reasons)[:3]))
    return finish(build(measured), tables, arguments.out)


def _short(word: str) -> str:
    """Paths by their last part: reports are read on other machines."""
    return Path(word).name if "/" in word else word


def _plan(arguments: argparse.Namespace) -> Plan:
    from dataclasses import replace

    from callcodec.measure.comparison.plans import EVERYTHING, USUAL, full_plan, quick_plan

    thorough = arguments.thorough or bool(arguments.points)
    names = EVERYTHING if thorough else USUAL
    if arguments.codecs is not None:
        names = tuple(arguments.codecs.replace(" ", "").split(","))
    plan = quick_plan(names) if arguments.quick else full_plan(names, thorough, arguments.weights)
    if not arguments.points:
        return plan
    # A named setting is judged by all figures, whether or not it lies on an envelope.
    everything = (*plan.judged, *plan.screened)
    labels = {point.label for point in everything}

    def named(label: str) -> bool:
        return any(text == label if text in labels else text in label for text in arguments.points)

    chosen = tuple(point for point in everything if named(point.label))
    if not chosen:
        raise ValueError(
            f"no setting's name holds {' or '.join(map(repr, arguments.points))}; points.csv lists all"
        )
    return replace(plan, screened=(), judged=chosen)
