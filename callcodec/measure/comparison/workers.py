"""Processes that work through jobs; one that dies costs its job, not the run."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from types import TracebackType
from typing import Generic, Self, TypeVar

JobT = TypeVar("JobT")
ResultT = TypeVar("ResultT")

Serve = Callable[[JobT], Iterable[ResultT]]
NICENESS = 5  # a measurement may wait for people at the keyboard
END_TIMEOUT_S = 5.0


@dataclass(frozen=True)
class Result(Generic[JobT, ResultT]):
    """One of a job's results."""

    job: JobT
    value: ResultT


@dataclass(frozen=True)
class Died(Generic[JobT]):
    """The worker that had the job is gone; what it gave before counts. ``why``: in words."""

    job: JobT
    why: str


@dataclass(frozen=True)
class Finished(Generic[JobT]):
    """All of the job's results have come."""

    job: JobT


@dataclass(frozen=True)
class _Done:
    """A worker has nothing to do."""


@dataclass
class _Worker(Generic[JobT]):
    process: BaseProcess
    pipe: Connection
    job: JobT | None = None


class WorkerPool(Generic[JobT, ResultT]):
    """``count`` processes; each makes its own server of jobs with ``open_server``, which must be picklable."""

    def __init__(self, count: int, open_server: Callable[[], Serve[JobT, ResultT]]) -> None:
        if count < 1:
            raise ValueError("there must be at least one worker")
        self._count = count
        self._open_server = open_server
        self._context = multiprocessing.get_context("spawn")
        self._workers: list[_Worker[JobT]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self._workers:
            worker.pipe.close()
            worker.process.terminate()
        for worker in self._workers:
            worker.process.join(END_TIMEOUT_S)

    def run(self, jobs: Sequence[JobT]) -> Iterator[Result[JobT, ResultT] | Died[JobT] | Finished[JobT]]:
        """Work through ``jobs``, in no certain order; a job whose worker died is not begun again."""
        waiting = deque(jobs)
        while waiting or any(worker.job is not None for worker in self._workers):
            self._hand_out(waiting)
            busy = {worker.pipe: worker for worker in self._workers if worker.job is not None}
            for pipe in wait(list(busy)):
                assert isinstance(pipe, Connection)
                yield from self._hear(busy[pipe])

    def _hand_out(self, waiting: deque[JobT]) -> None:
        while waiting:
            idle = next((worker for worker in self._workers if worker.job is None), None)
            if idle is None and len(self._workers) >= self._count:
                return
            worker = idle or self._start()
            worker.job = waiting.popleft()
            with contextlib.suppress(
                OSError
            ):  # it died in the meantime: that is heard when it is listened to
                worker.pipe.send(worker.job)

    def _start(self) -> _Worker[JobT]:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=_serve, args=(theirs, self._open_server), daemon=True)
        process.start()
        theirs.close()
        worker: _Worker[JobT] = _Worker(process, ours)
        self._workers.append(worker)
        return worker

    def _hear(self, worker: _Worker[JobT]) -> Iterator[Result[JobT, ResultT] | Died[JobT] | Finished[JobT]]:
        job = worker.job
        assert job is not None
        try:
            message = worker.pipe.recv()
        except (EOFError, OSError):
            worker.process.join(END_TIMEOUT_S)
            self._workers.remove(worker)
            yield Died(job, _cause_of_death(worker.process.exitcode))
            return
        if isinstance(message, _Done):
            worker.job = None
            yield Finished(job)
        else:
            yield Result(job, message)


def _serve(pipe: Connection, open_server: Callable[[], Serve[JobT, ResultT]]) -> None:
    """A worker's whole life."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent hears Ctrl-C and ends its workers
    os.nice(NICENESS)
    server = open_server()
    while True:
        try:
            job = pipe.recv()
        except EOFError:
            return
        for result in server(job):
            pipe.send(result)
        pipe.send(_Done())


def _cause_of_death(exit_code: int | None) -> str:
    if exit_code is not None and exit_code < 0:
        return f"the worker was killed by signal {signal.Signals(-exit_code).name}"
    return f"the worker ended with exit code {exit_code}"
