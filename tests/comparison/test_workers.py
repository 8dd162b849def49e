"""Workers: a dead one costs its job and nothing else."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from callcodec.measure.comparison.workers import Died, Finished, Result, Serve, WorkerPool

DEADLY, QUITTING = 13, 14


def serve(job: int) -> Iterator[int]:
    """Twice the job, then three times; some jobs are the worker's last."""
    yield 2 * job
    if job == DEADLY:
        os.kill(os.getpid(), signal.SIGKILL)
    if job == QUITTING:
        os._exit(3)
    yield 3 * job


def open_server() -> Serve[int, int]:
    return serve


def test_a_worker_that_dies_costs_its_job_alone_and_says_how() -> None:
    with WorkerPool(1, open_server) as pool:
        events = list(pool.run([1, DEADLY, QUITTING, 2]))
    results = [(event.job, event.value) for event in events if isinstance(event, Result)]
    assert results == [(1, 2), (1, 3), (13, 26), (14, 28), (2, 4), (2, 6)]
    assert [event.why for event in events if isinstance(event, Died)] == [
        "the worker was killed by signal SIGKILL",
        "the worker ended with exit code 3",
    ]
    assert [event.job for event in events if isinstance(event, Finished)] == [1, 2]


def test_no_workers_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        WorkerPool(0, open_server)
