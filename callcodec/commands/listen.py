"""``callcodec listen``: waits in a room for a call, and asks before it answers."""

import argparse
from typing import Any

from callcodec.commands.calling import add_call_arguments, run_call


def add_parser(subparsers: Any) -> None:
    """Add ``listen`` to the command line."""
    parser = subparsers.add_parser(
        "listen",
        help="wait for a call",
        description="Waits in a room until somebody calls who holds the same secret, or was told the code; shows the "
        "four words that both screens must agree on, and asks before it answers. Use headphones: nothing cancels "
        "echoes.",
    )
    add_call_arguments(parser)
    parser.add_argument(
        "--code",
        action="store_const",
        const="",
        help="instead of a secret file: show a code to read out to the other side, good for one attempt",
    )
    parser.add_argument("--yes", action="store_true", help="take the call without asking")


def run(arguments: argparse.Namespace) -> int:
    """One call."""
    from callcodec.transport.authentication import Role

    return run_call(arguments, Role.LISTEN, arguments.yes)
