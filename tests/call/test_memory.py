"""Memory that was freed is used again, without asking the system for it."""

import subprocess
import sys

import pytest

PROGRAM = """
import resource, sys
import numpy as np
from callcodec.call.memory import keep_freed_memory
if {keep} and not keep_freed_memory():
    sys.exit(77)
def work():
    for _ in range(5):
        pictures = [np.ones((3, 256, 256), np.float32) for _ in range(10)]
        del pictures
work()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
work()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(keep: bool) -> int:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(keep=keep)], capture_output=True, text=True, check=False
    )
    if done.returncode == 77:
        pytest.skip("this C library has no mallopt")
    return int(done.stdout)


def test_pictures_made_and_dropped_again_and_again_cause_hardly_any_page_fault() -> None:
    assert faults(keep=True) < faults(keep=False) / 10
