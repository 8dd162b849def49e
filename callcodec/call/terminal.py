"""Talking with the person at the terminal without holding up the call."""

import asyncio
import sys
import threading

from rich.console import Console


class Terminal:
    """Prints sentences, reads lines. Nothing that a stranger sent is taken for markup."""

    def __init__(self, console: Console) -> None:
        self.console = console

    def say(self, sentence: str) -> None:
        """Print one sentence."""
        self.console.print(sentence, markup=False, highlight=False, soft_wrap=True)

    async def ask(self, question: str) -> str:
        """The next line of input. ConnectionError at the end of input."""
        self.say(question)
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[str] = loop.create_future()

        def arrived(line: str) -> None:
            if not answer.done():
                answer.set_result(line)

        # A thread that nobody waits for: an executor's would keep the program from ending at Ctrl-C.
        threading.Thread(
            target=lambda: loop.call_soon_threadsafe(arrived, sys.stdin.readline()), daemon=True
        ).start()
        line = await answer
        if not line:
            raise ConnectionError("There is nobody at the terminal to answer.")
        return line.strip()
