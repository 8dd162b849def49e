"""How long packets are under way: the shortest transit of the last seconds, and what nearly all of them keep.

A transit is the arrival by the receiver's clock minus the media time of the packet's first sample by the
sender's. The two clocks have nothing in common, so a single transit says nothing; differences do. The window
is short against any drift of sound cards (200 ppm is 1 ms in 6 s), so it follows drift without a model of it.
"""

from bisect import bisect_right, insort
from collections import deque

MIN_SAMPLES = 16
"""So many are kept however old: the first packet after a long silence must not be the only witness."""

MAX_SAMPLES = 2400
"""6 s of the shortest packets that Opus has (2.5 ms): whoever sends more does not fill the memory."""

MAX_LEAD_S = 1.0
STRAY_S = 0.5
MIN_STRAYS = 3


class TransitWindow:
    """The transits of the last `window_s` seconds.

    What took `max_jitter_s` longer than the shortest, or MAX_LEAD_S less, is a stray and does not count,
    unless nothing but strays has come for STRAY_S: then link or sender have changed and the window begins
    anew with them. `late_fraction`: share of the packets that `most_s` may leave out.
    """

    def __init__(self, window_s: float, max_jitter_s: float, late_fraction: float) -> None:
        self._window_s = window_s
        self._max_jitter_s = max_jitter_s
        self._late_fraction = late_fraction
        self._samples: deque[tuple[float, float]] = deque()
        self._sorted: list[float] = []
        self._strays: list[tuple[float, float]] = []

    def add(self, arrival_s: float, transit_s: float) -> None:
        """One more packet; `arrival_s` does not decrease."""
        if self._sorted and not self._fits(transit_s):
            self._strays.append((arrival_s, transit_s))
            if len(self._strays) < MIN_STRAYS or arrival_s - self._strays[0][0] < STRAY_S:
                return
            self._samples = deque(self._strays)
            self._sorted = sorted(transit for _, transit in self._strays)
        else:
            self._samples.append((arrival_s, transit_s))
            insort(self._sorted, transit_s)
        self._strays.clear()
        oldest_s = arrival_s - self._window_s
        while len(self._samples) > MIN_SAMPLES and (
            self._samples[0][0] < oldest_s or len(self._samples) > MAX_SAMPLES
        ):
            _, transit_s = self._samples.popleft()
            del self._sorted[bisect_right(self._sorted, transit_s) - 1]

    @property
    def shortest_s(self) -> float:
        """The shortest transit of the window; there must have been a packet."""
        return self._sorted[0]

    @property
    def most_s(self) -> float:
        """The transit that all but `late_fraction` of the packets kept, strays apart."""
        count = bisect_right(self._sorted, self.shortest_s + self._max_jitter_s)
        return self._sorted[count - 1 - round(count * self._late_fraction)]

    @property
    def span_s(self) -> float:
        """Time between the first and the last packet of the window."""
        return self._samples[-1][0] - self._samples[0][0]

    def _fits(self, transit_s: float) -> bool:
        return -MAX_LEAD_S <= transit_s - self.shortest_s <= self._max_jitter_s
