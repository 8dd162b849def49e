"""``callcodec call``: calls whoever listens in a room."""

import argparse
from typing import Any

from callcodec.commands.calling import KEYS, add_call_arguments, run_call


def add_parser(subparsers: Any) -> None:
    """Add ``call`` to the command line."""
    parser = subparsers.add_parser(
        "call",
        help="call somebody who listens",
        description="Calls whoever listens in a room with the same secret, or reads out the code. Both screens show "
        "four words: if they differ, somebody stands in between. Use headphones: echoes are cancelled only "
        "with the extra callcodec[echo]. " + KEYS,
    )
    add_call_arguments(parser)
    parser.add_argument(
        "--code",
        nargs="?",
        const="",
        metavar="CODE",
        help="instead of a secret file: the code that the other side reads out (default asked for)",
    )


def run(arguments: argparse.Namespace) -> int:
    """One call."""
    from callcodec.transport.authentication import Role

    return run_call(arguments, Role.CALL)
