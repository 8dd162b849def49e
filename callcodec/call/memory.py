"""How the C library keeps memory: a picture's tensors are made and freed 25 times a second."""

import ctypes
import sys

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # mallopt(3)
KEPT_BYTES = 1 << 30


def keep_freed_memory() -> bool:
    """Keep what is freed instead of giving it back to the system; False where the C library is not glibc.

    By default glibc returns every block above 128 KB, and the system fills it with zeros again when it is asked for
    the next time: 800 to 1,200 page faults a picture, 2-3 ms of system time, more when the machine is busy.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return False
    return bool(mallopt(M_MMAP_THRESHOLD, KEPT_BYTES) and mallopt(M_TRIM_THRESHOLD, KEPT_BYTES))
