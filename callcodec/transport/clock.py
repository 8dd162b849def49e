"""Wall time: the host's, or a simulated one that jumps from event to event and is the same every time."""

from __future__ import annotations

import heapq
import itertools
import time
from collections.abc import Callable
from typing import Protocol


class Clock(Protocol):
    """Anything that tells the time."""

    def now(self) -> float:
        """Seconds since an arbitrary start; never goes back."""
        ...


class MonotonicClock:
    """The host's monotonic clock: its readings can be compared between the processes of one machine."""

    def now(self) -> float:
        """Seconds since the host's own start of counting."""
        return time.monotonic()


class Event:
    """Something that a SimulatedClock will do; it can be called off."""

    __slots__ = ("at_s", "callback", "cancelled")

    def __init__(self, at_s: float, callback: Callable[[], None]) -> None:
        self.at_s = at_s
        self.callback = callback
        self.cancelled = False

    def cancel(self) -> None:
        """Keeps the event from happening; does nothing once it has happened."""
        self.cancelled = True


class SimulatedClock:
    """Discrete-event time, jumping from event to event; at equal times, in the order of scheduling."""

    def __init__(self, start_s: float = 0.0) -> None:
        self._now_s = start_s
        self._order = itertools.count()
        self._queue: list[tuple[float, int, Event]] = []

    def now(self) -> float:
        """Simulated seconds."""
        return self._now_s

    @property
    def pending(self) -> int:
        """How many events are to come."""
        return len(self._queue)

    def schedule(self, at_s: float, callback: Callable[[], None]) -> Event:
        """Calls `callback` at `at_s`, or as soon as possible if that has passed."""
        event = Event(max(at_s, self._now_s), callback)
        heapq.heappush(self._queue, (event.at_s, next(self._order), event))
        return event

    def schedule_in(self, delay_s: float, callback: Callable[[], None]) -> Event:
        """Calls `callback` `delay_s` seconds from now."""
        return self.schedule(self._now_s + delay_s, callback)

    def run_until(self, until_s: float) -> None:
        """Lets everything up to and including `until_s` happen; the time is `until_s` afterwards.

        An exception of a callback leaves the clock at the time of that event, ready to go on.
        """
        while self._queue and self._queue[0][0] <= until_s:
            self._step()
        self._now_s = max(self._now_s, until_s)

    def run_until_idle(self, limit_s: float) -> None:
        """Lets everything happen until nothing is scheduled, or the next event lies after `limit_s`."""
        while self._queue and self._queue[0][0] <= limit_s:
            self._step()

    def _step(self) -> None:
        at_s, _, event = heapq.heappop(self._queue)
        if not event.cancelled:
            self._now_s = at_s
            event.callback()
