"""Signalling by hand: each message is one line of text that the two people send each other in some other way."""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Awaitable, Callable, Mapping

from callcodec.transport.signalling import MAX_MESSAGE_BYTES, parse_message, serialise_message

PREFIX = "callcodec:"
MAX_LINE_LENGTH = 4 * MAX_MESSAGE_BYTES // 3 + 100


class PasteSignalling:
    """Implements Signalling. ``show`` is given each line to hand over, ``ask`` returns the next one pasted, and
    ``complain`` is told what is wrong with one before it is asked for again.

    The lines are compressed: a terminal takes no line longer than 4,095 characters.
    """

    def __init__(
        self,
        show: Callable[[str], None],
        ask: Callable[[], Awaitable[str]],
        complain: Callable[[str], None],
    ) -> None:
        self._show = show
        self._ask = ask
        self._complain = complain

    async def send(self, message: Mapping[str, object]) -> None:
        """See Signalling."""
        self._show(to_line(message))

    async def receive(self, timeout_s: float) -> dict[str, object]:  # noqa: ARG002
        """See Signalling, but a person takes the time that it takes. ConnectionError at the end of input."""
        while True:
            try:
                return from_line(await self._ask())
            except ValueError as error:
                self._complain(str(error))

    async def close(self) -> None:
        """Nothing to let go of."""


def to_line(message: Mapping[str, object]) -> str:
    """The message as one line of base64."""
    return PREFIX + base64.b64encode(zlib.compress(serialise_message(message), 9)).decode()


def from_line(line: str) -> dict[str, object]:
    """The message in a pasted line. ValueError, with a sentence, if it is none."""
    text = "".join(line.split())
    if not text.startswith(PREFIX) or len(text) > MAX_LINE_LENGTH:
        raise ValueError(
            f"That is not a line of the other side's: it begins with {PREFIX} when it was pasted whole."
        )
    inflate = zlib.decompressobj()
    try:
        data = inflate.decompress(base64.b64decode(text[len(PREFIX) :], validate=True), MAX_MESSAGE_BYTES)
    except (binascii.Error, zlib.error):
        raise ValueError("The pasted line is damaged: was all of it copied?") from None
    if not inflate.eof:
        raise ValueError("The pasted line is not complete: was all of it copied?")
    return parse_message(data)
