"""What a library may do to the priority of the whole program, undone."""

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def kept_scheduling() -> Iterator[None]:
    """Whatever happens inside, the process's main thread is scheduled afterwards as it was before.

    SVT-AV1 that is run by root makes it SCHED_FIFO with the highest priority, for good: on few cores nothing else runs
    any more while it has work. Nothing happens on systems without these calls.
    """
    if not hasattr(os, "sched_getscheduler"):
        yield
        return
    process = os.getpid()
    policy, parameters = os.sched_getscheduler(process), os.sched_getparam(process)
    try:
        yield
    finally:
        if os.sched_getscheduler(process) != policy:
            os.sched_setscheduler(process, policy, parameters)
