"""How much of the processor other processes take while something is measured: it makes speeds look slower."""

from __future__ import annotations

import os
from pathlib import Path

STAT = Path("/proc/stat")


class Neighbours:
    """Counts from its making on."""

    def __init__(self) -> None:
        self._began = _processor_seconds()

    def share(self) -> float | None:
        """Processor time of everybody else, and of other machines on the same host, over all there is, 0..1.

        None where the system does not tell (anything but Linux).
        """
        now = _processor_seconds()
        if self._began is None or now is None:
            return None
        busy, own, total = (a - b for a, b in zip(now, self._began, strict=True))
        return min(max((busy - own) / total, 0.0), 1.0) if total > 0 else None


def _processor_seconds() -> tuple[float, float, float] | None:
    """(busy, our own, all) seconds of all processors since the system was started."""
    try:
        fields = STAT.read_text(encoding="ascii").split("\n", 1)[0].split()[1:9]
        user, nice, system, idle, waiting, interrupt, soft_interrupt, stolen = (int(f) for f in fields)
    except (OSError, ValueError):
        return None
    ticks = os.sysconf("SC_CLK_TCK")
    busy = user + nice + system + interrupt + soft_interrupt + stolen
    own = os.times()
    return busy / ticks, own.user + own.system, (busy + idle + waiting) / ticks
