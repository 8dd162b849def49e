"""``callcodec secret``: makes the file that two people share so that nobody can stand between them."""

import argparse
import sys
from pathlib import Path
from typing import Any


def add_parser(subparsers: Any) -> None:
    """Add ``secret`` to the command line."""
    parser = subparsers.add_parser(
        "secret",
        help="make the secret file that both sides of a call need",
        description="Writes 256 random bits into FILE, readable by you only. Give the other person a copy by a way "
        "that you trust: whoever has it can call you in their name.",
    )
    parser.add_argument(
        "file",
        nargs="?",
        type=Path,
        default=Path("callcodec.secret"),
        metavar="FILE",
        help="where to write it (default %(default)s)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Make it; never overwrites."""
    from callcodec.transport.secret import make_secret

    make_secret(arguments.file)
    sys.stdout.write(
        f"{arguments.file}: a new secret. Give the other person a copy by a way that you trust, and nobody else.\n"
    )
    return 0
