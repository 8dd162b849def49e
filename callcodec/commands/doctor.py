"""``callcodec doctor``: what on this machine a call would stumble over, and what to do about it."""

import argparse
import json
import os
import platform
import sys
from typing import TYPE_CHECKING, Any

from callcodec import __version__
from callcodec.commands.options import DEVICES, chosen_device

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console

    from callcodec.doctor.finding import Finding

EXIT_FAULT = 1


def add_parser(subparsers: Any) -> None:
    """Add ``doctor`` to the command line."""
    parser = subparsers.add_parser(
        "doctor",
        help="say what on this machine a call would stumble over",
        description="Looks at libraries, weights, speed, network and devices, and says what to do about each fault. "
        "Camera, microphone and speaker are opened for a second; nothing is kept and nothing leaves this machine. "
        "The exit code is 1 where something prevents calls, else 0.",
    )
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")
    parser.add_argument("--device", choices=DEVICES, default="auto", help="where the network runs")
    parser.add_argument(
        "--no-devices", action="store_true", help="leave camera, microphone and speaker alone"
    )
    parser.add_argument("--no-speed", action="store_true", help="do not measure, which takes some seconds")


def run(arguments: argparse.Namespace) -> int:
    """Look and tell; 1 where something prevents calls."""
    from rich.console import Console

    from callcodec.call.end import picture_threads
    from callcodec.doctor.examination import Examination
    from callcodec.doctor.finding import calls_work

    examination = Examination(
        chosen_device(arguments.device),
        picture_threads(),
        devices=not arguments.no_devices,
        speed=not arguments.no_speed,
    )
    if arguments.json:
        findings = list(examination.run())
        _print_json(findings)
    else:
        console = Console()
        console.print(
            f"callcodec {__version__}, Python {platform.python_version()}, {platform.system()} "
            f"{platform.machine()}, {os.cpu_count()} cores",
            highlight=False,
        )
        findings = _print(examination.run(), console)
    return 0 if calls_work(findings) else EXIT_FAULT


def _print_json(findings: "Iterable[Finding]") -> None:
    from dataclasses import asdict

    from callcodec.doctor.finding import calls_work

    found = list(findings)
    report = {
        "version": __version__,
        "calls_work": calls_work(found),
        "findings": [asdict(finding) for finding in found],
    }
    json.dump(report, sys.stdout, indent=2, ensure_ascii=False)
    sys.stdout.write("\n")


def _print(findings: "Iterable[Finding]", console: "Console") -> "list[Finding]":
    """A line or two for each, as soon as it is known, and what it all comes to."""
    from rich.table import Table
    from rich.text import Text

    from callcodec.doctor.finding import Level, calls_work

    styles = {Level.OK: "green", Level.NOTE: "cyan", Level.LIMIT: "yellow", Level.FAULT: "bold red"}
    told = []
    for finding in findings:
        told.append(finding)
        row = Table.grid(padding=(0, 2))
        row.add_column(width=5)
        row.add_column(width=10)
        row.add_column()
        row.add_row(Text(finding.level.value, styles[finding.level]), finding.area, Text(finding.found))
        if finding.remedy is not None:
            row.add_row("", "", Text(f"→ {finding.remedy}", "bold"))
        console.print(row)
    counts = {level: sum(finding.level is level for finding in told) for level in Level}
    if not calls_work(told):
        faults = counts[Level.FAULT]
        console.print(
            f"\nCalls do not work here: {faults} fault{'s' if faults > 1 else ''}.", style="bold red"
        )
    elif counts[Level.LIMIT]:
        console.print("\nCalls work here, within the limits named above.", style="yellow")
    else:
        console.print("\nCalls work here.", style="green")
    return told
