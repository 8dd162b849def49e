"""Signalling between two sides of one test, with whoever controls the path in between."""

import asyncio
from collections.abc import Callable, Mapping

Message = dict[str, object]


def _unchanged(message: Message) -> Message:
    return message


class PipeSignalling:
    """One side of a path inside this process. ``meddle`` sees what this side sends, and may change it."""

    def __init__(self, outgoing: asyncio.Queue[Message], incoming: asyncio.Queue[Message]) -> None:
        self._outgoing = outgoing
        self._incoming = incoming
        self.meddle: Callable[[Message], Message] = _unchanged
        self.sent: list[Message] = []

    async def send(self, message: Mapping[str, object]) -> None:
        """See Signalling."""
        self.sent.append(dict(message))
        self._outgoing.put_nowait(self.meddle(dict(message)))

    async def receive(self, timeout_s: float) -> Message:
        """See Signalling."""
        try:
            return await asyncio.wait_for(self._incoming.get(), timeout_s)
        except TimeoutError:
            raise ConnectionError("nothing came") from None

    async def close(self) -> None:
        """See Signalling."""


def signalling_pair() -> tuple[PipeSignalling, PipeSignalling]:
    """The caller's and the listener's side."""
    there: asyncio.Queue[Message] = asyncio.Queue()
    back: asyncio.Queue[Message] = asyncio.Queue()
    return PipeSignalling(there, back), PipeSignalling(back, there)
