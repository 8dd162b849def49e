"""``callcodec bench``: is this machine fast enough for a live call?"""

import argparse
import json
import sys
from dataclasses import asdict
from typing import Any

LIVE_FRAMES_PER_SECOND = 25


def add_parser(subparsers: Any) -> None:
    """Add ``bench`` to the command line."""
    parser = subparsers.add_parser("bench", help="measure how fast this machine rebuilds pictures")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="where the network runs")
    parser.add_argument(
        "--threads", type=int, default=2, metavar="N", help="of torch, on the CPU (default 2)"
    )
    parser.add_argument("--frames", type=int, default=500, metavar="N", help="pictures to take the median of")


def run(arguments: argparse.Namespace) -> int:
    """Measure and print; 0 always, however slow the machine is."""
    from rich.console import Console
    from rich.table import Table

    from callcodec.measure.speed import measure_speeds

    if arguments.threads < 1 or arguments.frames < 1:
        raise ValueError("--threads and --frames must be at least 1")
    speeds = measure_speeds(arguments.device, arguments.threads, arguments.frames)
    if arguments.json:
        json.dump([asdict(speed) for speed in speeds], sys.stdout, indent=2)
        sys.stdout.write("\n")
        return 0
    table = Table(
        "reconstructor", "parameters", "GFLOP a picture", "pictures/s", f"≥ {LIVE_FRAMES_PER_SECOND}?"
    )
    for speed in speeds:
        table.add_row(
            speed.name,
            f"{speed.parameters / 1e6:.2f} M",
            f"{speed.gflop_per_frame:.2f}",
            f"{speed.frames_per_second:.0f}",
            "yes" if speed.frames_per_second >= LIVE_FRAMES_PER_SECOND else "no",
        )
    console = Console()
    console.print(f"on {speeds[0].device}")
    console.print(table)
    return 0
