"""Two people of a test who call each other inside this process, with clips as cameras."""

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from callcodec.call.config import CallConfig
from callcodec.call.equipment import Equipment
from callcodec.call.session import hold_call
from callcodec.call.session_options import SessionOptions
from callcodec.call.terminal import Terminal
from callcodec.config import load_config
from callcodec.transport.authentication import Role
from callcodec.transport.rendezvous import Rendezvous

SECRET = bytes(range(32))


class Script(Terminal):
    """A terminal that remembers what was said, and answers from what a test puts into ``answers``."""

    def __init__(self) -> None:
        super().__init__(Console(file=io.StringIO()))
        self.said: list[str] = []
        self.answers: asyncio.Queue[str] = asyncio.Queue()

    def say(self, sentence: str) -> None:
        self.said.append(sentence)

    async def ask(self, question: str) -> str:
        self.said.append(question)
        return await self.answers.get()

    def words(self) -> str:
        """The four words that this person saw."""
        (line,) = (sentence for sentence in self.said if "four words" in sentence)
        return line.rpartition(": ")[2]


def person(
    signal: str,
    video: Path | None = None,
    record: Path | None = None,
    secret: bytes | None = SECRET,
    yes: bool = True,
    seconds: float | None = None,
    code: str | None = None,
) -> SessionOptions:
    """What one of them calls with; no device is touched."""
    config = load_config("calls/phone", CallConfig)
    return SessionOptions(
        room="r",
        secret=secret,
        signal=signal,
        equipment=Equipment(
            "none" if video is None else str(video),
            "none" if video is None else None,
            record,
            window=False,
            speaker=False,
        ),
        config=replace(config, receiver=replace(config.receiver, reconstructor="bicubic")),
        device="cpu",
        yes=yes,
        seconds=seconds,
        code=code,
    )


@asynccontextmanager
async def rendezvous() -> AsyncIterator[str]:
    """The address of a server of this process."""
    server = Rendezvous()
    port = await server.start("127.0.0.1", 0)
    try:
        yield f"ws://127.0.0.1:{port}"
    finally:
        await server.close()


async def meet(
    caller: SessionOptions, listener: SessionOptions, at_caller: Script, at_listener: Script
) -> list[BaseException | None]:
    """Let them call each other; what each ended with, None if all was well."""
    outcomes = await asyncio.gather(
        hold_call(listener, Role.LISTEN, at_listener),
        hold_call(caller, Role.CALL, at_caller),
        return_exceptions=True,
    )
    return [outcomes[1], outcomes[0]]
