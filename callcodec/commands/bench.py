"""``callcodec bench``: is this machine fast enough for a live call?"""

import argparse
import json
import sys
from dataclasses import asdict
from typing import Any

from callcodec.commands.options import DEVICES, chosen_device

LIVE_FRAMES_PER_SECOND = 25
BUSY_SHARE = 0.1  # of the machine, from which on others disturb the figures


def add_parser(subparsers: Any) -> None:
    """Add ``bench`` to the command line."""
    parser = subparsers.add_parser(
        "bench",
        help="measure how fast this machine rebuilds pictures",
        description="Measures every stage of a received picture, and how many pictures a second they make together. "
        "A live call shows 25.",
    )
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--device", choices=DEVICES, default="cpu", help="where the network runs")
    parser.add_argument(
        "--threads", type=int, default=2, metavar="N", help="of torch, on the CPU (default 2)"
    )
    parser.add_argument(
        "--frames", type=int, default=500, metavar="N", help="pictures to take the median of (default 500)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Measure and print; 0 always, however slow the machine is."""
    from rich.console import Console
    from rich.table import Table

    from callcodec.measure.speed import measure_speeds

    if arguments.threads < 1 or arguments.frames < 1:
        raise ValueError("--threads and --frames must be at least 1")
    measured = measure_speeds(chosen_device(arguments.device), arguments.threads, arguments.frames)
    if measured.taken_by_others is not None and measured.taken_by_others > BUSY_SHARE:
        sys.stderr.write(
            f"callcodec bench: other processes took {measured.taken_by_others:.0%} of this machine meanwhile; "
            "undisturbed it is faster than the figures say\n"
        )
    if arguments.json:
        json.dump([asdict(speed) for speed in measured.speeds], sys.stdout, indent=2)
        sys.stdout.write("\n")
        return 0
    devices = list(dict.fromkeys(speed.device for speed in measured.speeds))
    table = Table("stage", "parameters", "GFLOP a picture", "pictures/s", title=f"on {' and '.join(devices)}")
    for speed in measured.speeds:
        table.add_row(
            speed.name if speed.device == devices[0] else f"{speed.name} (on {speed.device})",
            f"{speed.parameters / 1e6:.2f} M" if speed.parameters else "-",
            f"{speed.gflop_per_frame:.2f}" if speed.gflop_per_frame >= 0.005 else "-",
            f"{speed.frames_per_second:,.0f}",
        )
    console = Console()
    console.print(table)
    whole = measured.speeds[-1].frames_per_second
    enough = "enough" if whole >= LIVE_FRAMES_PER_SECOND else "not enough"
    console.print(
        f"{whole:.0f} pictures a second are {enough} for a live call, which shows 25.", highlight=False
    )
    return 0
