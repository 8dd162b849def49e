"""What a bad link does to packets, decided packet by packet and the same every time for the same seed.

One `LinkModel` decides; `SimulatedLink` applies it to a simulated clock, `relay.UdpRelay` to real datagrams.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, fields

from callcodec.transport.clock import SimulatedClock


@dataclass(frozen=True)
class LinkProfile:
    """One direction of a link. The default is a perfect one. ValueError for impossible values."""

    rate_kbps: float | None = None
    """Capacity for whole IP packets, in 1000 bits per second; None is unlimited."""
    queue_ms: float = 500.0
    """How long a packet may wait for the line when `rate_kbps` is set; what would wait longer is dropped."""
    delay_ms: float = 0.0
    """Propagation delay, one way."""
    jitter_ms: float = 0.0
    """Further delay, uniform in [0, jitter_ms]. Packets keep their order, unless `reorder` says otherwise."""
    loss: float = 0.0
    """Fraction of packets lost, 0..1, in the long run."""
    burst_packets: float | None = None
    """Mean length of a loss burst (Gilbert: two states, in the bad one all is lost); None: independent."""
    reorder: float = 0.0
    """Fraction of packets that are held back by `reorder_ms`, so that later ones overtake them."""
    reorder_ms: float = 150.0
    duplicate: float = 0.0
    """Fraction of packets that arrive twice."""
    outages_s: tuple[tuple[float, float], ...] = ()
    """Stretches (from, to) in which everything is lost, in seconds after the link's start."""
    seed: int = 0

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name in ("loss", "reorder", "duplicate") and not 0 <= value <= 1:
                raise ValueError(f"A link's {field.name} is a fraction between 0 and 1, not {value}.")
            if field.name in ("queue_ms", "delay_ms", "jitter_ms", "reorder_ms") and not value >= 0:
                raise ValueError(f"A link's {field.name} cannot be {value}: it is a time of at least 0 ms.")
        if self.rate_kbps is not None and not self.rate_kbps > 0:
            raise ValueError(f"A link's rate_kbps must be above 0, not {self.rate_kbps}.")
        if self.burst_packets is not None:
            if not self.burst_packets >= 1:
                raise ValueError(f"A link's burst_packets must be at least 1, not {self.burst_packets}.")
            if self.loss == 1 or self.loss / (1 - self.loss) > self.burst_packets:
                raise ValueError(
                    f"A loss of {self.loss} cannot be made of bursts of {self.burst_packets} packets: "
                    "at least one packet arrives between two of them."
                )
        if any(not 0 <= start <= end for start, end in self.outages_s):
            raise ValueError("Each outage of a link is a pair (from, to) of seconds in ascending order.")


class LinkModel:
    """One direction of a link: fed with packets in the order of sending, tells when each arrives.

    Every effect draws from its own random stream, so that adding jitter leaves the lost packets the same.
    """

    def __init__(self, profile: LinkProfile, start_s: float = 0.0) -> None:
        self.profile = profile
        """May be exchanged at any time; the random streams go on."""
        self._start_s = start_s
        self._loss, self._jitter, self._reorder, self._duplicate = (
            random.Random(f"{profile.seed}/{effect}") for effect in ("loss", "jitter", "reorder", "duplicate")
        )
        self._in_burst = False
        self._line_free_s = start_s
        self._last_arrival_s = start_s

    def deliveries(self, size_bytes: int, now_s: float) -> list[float]:
        """When a whole IP packet of `size_bytes` sent at `now_s` arrives: [] when lost, two if doubled."""
        profile = self.profile
        lost = self._draw_loss()
        jitter_s = self._jitter.random() * profile.jitter_ms / 1000
        held_back = self._reorder.random() < profile.reorder
        doubled = self._duplicate.random() < profile.duplicate
        if any(start <= now_s - self._start_s < end for start, end in profile.outages_s):
            return []
        sent_s = now_s
        if profile.rate_kbps is not None:
            begin_s = max(now_s, self._line_free_s)
            if begin_s - now_s > profile.queue_ms / 1000 + 1e-9:
                return []
            sent_s = self._line_free_s = begin_s + size_bytes * 8 / (profile.rate_kbps * 1000)
        if lost:
            # A packet lost on the way has used the line.
            return []
        arrival_s = sent_s + profile.delay_ms / 1000 + jitter_s
        if held_back:
            arrival_s += profile.reorder_ms / 1000
        else:
            arrival_s = self._last_arrival_s = max(arrival_s, self._last_arrival_s)
        return [arrival_s, arrival_s] if doubled else [arrival_s]

    def _draw_loss(self) -> bool:
        draw, loss, burst = self._loss.random(), self.profile.loss, self.profile.burst_packets
        if burst is None:
            return draw < loss
        # Gilbert: leaving the bad state with probability 1/burst makes bursts of that mean length; entering
        # it with loss / (burst * (1 - loss)) makes the bad state's share equal to the loss.
        if self._in_burst:
            self._in_burst = draw >= 1 / burst
        else:
            self._in_burst = draw < loss / (burst * (1 - loss))
        return self._in_burst


class SimulatedLink:
    """One direction of a link in simulated time, counting what it did."""

    def __init__(self, clock: SimulatedClock, profile: LinkProfile) -> None:
        self.model = LinkModel(profile, clock.now())
        self.delivered_packets = 0
        self.dropped_packets = 0
        self._clock = clock

    def send(self, size_bytes: int, deliver: Callable[[], None]) -> None:
        """Sends a packet of `size_bytes` (whole IP packet): `deliver` is called at each time it arrives."""
        times = self.model.deliveries(size_bytes, self._clock.now())
        if times:
            self.delivered_packets += 1
        else:
            self.dropped_packets += 1
        for time_s in times:
            self._clock.schedule(time_s, deliver)
