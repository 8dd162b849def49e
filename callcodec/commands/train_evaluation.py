"""`callcodec train --evaluate`: weights are held to the bars instead of being trained."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from callcodec.measure.upsampler_table import Subject
    from models.reconstructor import Reconstructor

JUDGED_AS = "calls/phone"
PROGRESS_COLUMNS = 72
SPEED_FRAMES, SPEED_THREADS = 50, 2
QUIET_SHARE = 0.1  # of the machine, up to which others may work while its speed is measured


def add_evaluation_arguments(parser: argparse.ArgumentParser) -> None:
    """What ``--evaluate`` can be told."""
    group = parser.add_argument_group("evaluation")
    group.add_argument("--evaluate", action="store_true",
                       help="write the table of bars of --weights to --out instead of training")  # fmt: skip
    group.add_argument(
        "--weights", type=Path, metavar="FILE", help="safetensors to judge (default the shipped ones)"
    )
    group.add_argument("--compare", type=Path, action="append", default=[], metavar="FILE",
                       help="other weights, a row each, such as a person's own; may be repeated")  # fmt: skip
    group.add_argument("--split", default="val", metavar="NAME", help="of --data to judge on (default val)")
    group.add_argument("--clips", type=int, metavar="N", help="only N clips, spread over the split")
    group.add_argument("--every", type=int, default=5, metavar="N",
                       help="judge pictures at every Nth of 25 a second (default 5)")  # fmt: skip
    group.add_argument("--ablations", action="store_true", help="what each input is worth, too")
    group.add_argument("--landmark-detector", choices=("auto", "callcodec", "face-alignment"), default="auto",
                       help="who judges landmarks (default auto, face-alignment where it is)")  # fmt: skip


def evaluate(args: argparse.Namespace) -> int:
    """Judge, write and print the bars; 0 whatever they say. ValueError where the input is of no use."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from callcodec.call.config import CallConfig
    from callcodec.call.shapes import create_shape_finder
    from callcodec.commands.options import chosen_device
    from callcodec.config import load_config
    from callcodec.measure.upsampler.hints import hints_channels
    from callcodec.measure.upsampler_table import Judges, TableOptions, measure_table, write_table
    from callcodec.wire.lowres import DEFAULT_QUALITY
    from models.identity_check import shipped_thresholds
    from models.landmarks import create_landmark_detector
    from models.training.cache import open_cache

    if args.data is None:
        raise ValueError("--evaluate judges clips: name their folder with --data")
    device = chosen_device(args.device)
    subjects = _subjects(args, device)
    cache = open_cache(args.data, args.split, args.cache)
    detector = create_landmark_detector(args.landmark_detector)
    call = load_config(JUDGED_AS, CallConfig)
    channels = hints_channels(call.sender.face.hint_bytes)
    judges = Judges(detector.detect, type(detector).__name__, create_shape_finder().find, channels)
    thresholds = shipped_thresholds(subjects[0].network) if args.weights is None else None
    options = TableOptions(
        args.split,
        args.clips,
        args.every,
        DEFAULT_QUALITY if call.sender.face.hints else call.sender.face.quality,
        call.sender.face.quality,
        call.receiver.interpolation,
        ablations=args.ablations,
        alarm=None if thresholds is None else thresholds.alarm,
        frames_per_second=_frames_per_second(subjects[0].reconstructor) if device == "cpu" else None,
    )
    table = measure_table(cache, subjects, judges, options, _progress)
    _progress("")
    shown = Table("", "bar", "from 8×8 + voice", "", "with hints", "")
    for bar in table.bars:
        cells = (bar.name, bar.asked, bar.plain, bar.plain_verdict, bar.hinted, bar.hinted_verdict)
        shown.add_row(*map(escape, cells))
    console = Console()
    console.print(shown)
    for path in write_table(table, args.out):
        console.print(str(path), highlight=False)
    return 0


def _subjects(args: argparse.Namespace, device: str) -> list[Subject]:
    """The weights to judge, then those beside them. ValueError where they cannot be used."""
    from callcodec.measure.upsampler_table import Subject
    from models.checkpoint import network_of
    from models.registry import RECONSTRUCTORS, create_reconstructor
    from models.training.task_registry import load_plan

    network = load_plan(args.config).task if args.weights is None else network_of(args.weights)
    if network not in RECONSTRUCTORS:
        raise ValueError(f"the table of bars is for {', '.join(RECONSTRUCTORS)}, not for {network!r}")
    subjects = [
        Subject(
            network,
            network,
            "those that come with callcodec" if args.weights is None else str(args.weights),
            create_reconstructor(network, device, args.weights),
        )
    ]
    for path in args.compare:
        kind = network_of(path)
        name = path.stem if path.stem not in {s.name for s in subjects} else str(path)
        subjects.append(Subject(name, kind, str(path), create_reconstructor(kind, device, path)))
    return subjects


def _frames_per_second(reconstructor: Reconstructor) -> float | None:
    """On two cores, as the bar has it; None where other processes disturb, since two threads then wait for them."""
    import torch

    from callcodec.measure.neighbours import Neighbours
    from models.bench import benchmark

    before, neighbours = torch.get_num_threads(), Neighbours()
    torch.set_num_threads(SPEED_THREADS)
    try:
        seconds = benchmark(reconstructor, SPEED_FRAMES)
    finally:
        torch.set_num_threads(before)
    taken = neighbours.share()
    return None if taken is not None and taken > QUIET_SHARE else 1 / seconds


def _progress(line: str) -> None:
    """One line that changes, where somebody may look at it."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{line[:PROGRESS_COLUMNS]:<{PROGRESS_COLUMNS}}\r")
        sys.stderr.flush()
