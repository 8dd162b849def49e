"""The ``callcodec`` command: runs one command, and turns every foreseen fault into a sentence and exit code 2."""

import argparse
import sys
from collections.abc import Sequence

from callcodec import __version__
from callcodec.commands import (
    bench,
    call,
    doctor,
    h264,
    listen,
    loopback,
    measure,
    prepare,
    report,
    restore,
    secret,
    shards,
    signal,
    train,
)

COMMANDS = {
    "loopback": loopback,
    "restore": restore,
    "h264": h264,
    "listen": listen,
    "call": call,
    "secret": secret,
    "signal": signal,
    "bench": bench,
    "doctor": doctor,
    "measure": measure,
    "report": report,
    "prepare": prepare,
    "shards": shards,
    "train": train,
}
EXIT_REFUSED = 2


def build_parser() -> argparse.ArgumentParser:
    """The whole command line; importing it must stay light (no torch), so that --help answers at once."""
    parser = argparse.ArgumentParser(
        prog="callcodec",
        description="Face-to-face video calls over a link that carries only a voice call.",
    )
    parser.add_argument("--version", action="version", version=f"callcodec {__version__}")
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in COMMANDS.values():
        command.add_parser(subparsers)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 2 refused with a sentence, 130 interrupted."""
    arguments = build_parser().parse_args(argv)
    try:
        return int(COMMANDS[arguments.command].run(arguments))
    except (ValueError, OSError) as error:
        print(f"callcodec {arguments.command}: {error}", file=sys.stderr)
        return EXIT_REFUSED
    except KeyboardInterrupt:
        print(f"callcodec {arguments.command}: interrupted", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
