"""Where work that takes longer than a packet may wait is done: at once on simulated time, else in a thread."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Protocol, TypeVar

T = TypeVar("T")


class Worker(Protocol):
    """Runs ``work`` and hands its result to ``done`` on the thread that owns the call."""

    def submit(self, work: Callable[[], T], done: Callable[[T], None]) -> None:
        """Begin ``work``. An exception in it ends the call; it is never swallowed."""


class InlineWorker:
    """Takes no time at all: for the simulated clock."""

    def submit(self, work: Callable[[], T], done: Callable[[T], None]) -> None:
        """Do it now."""
        done(work())


class ThreadWorker:
    """Runs work in an executor and its completion on the event loop."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, executor: Executor, failed: Callable[[BaseException], None]
    ) -> None:
        self._loop = loop
        self._executor = executor
        self._failed = failed
        self._closed = False

    def close(self) -> None:
        """The call is over: what is under way ends, and nothing more is begun."""
        self._closed = True

    def submit(self, work: Callable[[], T], done: Callable[[T], None]) -> None:
        """Queue ``work``; ``done`` runs on the event loop, or ``failed`` with the exception."""
        if self._closed:
            return
        future: asyncio.Future[T] = self._loop.run_in_executor(self._executor, work)

        def finish(finished: "asyncio.Future[T]") -> None:
            if finished.cancelled():
                return
            error = finished.exception()
            if error is not None:
                self._failed(error)
            else:
                done(finished.result())

        future.add_done_callback(finish)
