"""Single keys from the terminal while a call runs."""

import asyncio
import contextlib
import os
import sys
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def keys_typed(take: Callable[[str], None], descriptor: int | None = None) -> Iterator[bool]:
    """Hands every character typed to ``take``, on the running event loop, without echo and without Enter.

    ``descriptor``: of the terminal, standard input if left out. Yields whether it listens: not where that is no
    terminal, nor on Windows, whose event loop cannot wait for it. The terminal is as before afterwards; Ctrl-C works.
    """
    if descriptor is None:
        descriptor = _standard_input()
    if sys.platform == "win32" or descriptor is None or not os.isatty(descriptor):
        yield False
        return
    import termios  # noqa: PLC0415 - not on Windows
    import tty  # noqa: PLC0415

    terminal = descriptor
    loop = asyncio.get_running_loop()

    def ready() -> None:
        typed = os.read(terminal, 64)
        if not typed:  # the terminal is gone, and would be ready for ever
            loop.remove_reader(terminal)
        for character in typed.decode("utf-8", "ignore"):
            take(character)

    before = termios.tcgetattr(terminal)
    tty.setcbreak(terminal)
    try:
        loop.add_reader(terminal, ready)
        yield True
    finally:
        loop.remove_reader(terminal)
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)


def _standard_input() -> int | None:
    try:
        return sys.stdin.fileno()
    except (AttributeError, OSError, ValueError):  # closed, or not a file at all
        return None
