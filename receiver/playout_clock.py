"""The one clock of playout: which moment of the sender's timeline is heard and seen now.

Media time is local time minus a delay, and the delay follows what nearly every voice packet needs to be there
in time. It moves by a hair (0.5 %) for drift and by a tenth when jitter comes or goes. Only what is too far
off to be caught up with is skipped, and only a voice that has stopped anyway is waited for.
"""

from dataclasses import dataclass

from receiver.transit import TransitWindow

DEAD_BAND_S = 0.003
"""Nothing is done about a smaller error."""

FAST_S = 0.010
"""From this error on the clock moves by FAST_RATE, else by SLOW_RATE."""

WAIT_S = 0.050
STARVED_PACKETS = 3
"""After so many late packets in a row, with WAIT_S to go, the clock stands still until they are in time."""

SKIP_S = 0.300
"""A delay that is longer by this is cut at once; below, no sound is left out but by splices."""

RESTART_S = 4.0
"""Beyond this it is not the link: the sender slept, or its timeline began anew."""

SLOW_RATE = 0.005
FAST_RATE = 0.10
STANDSTILL_RATE = 1.0
REACHED_S = 1e-6


@dataclass(frozen=True)
class PlayoutSettings:
    """Playout's bounds, in seconds.

    `extra_delay_s`: what the picture needs beyond the voice (an interpolator's wait). `margin_s`: the length
    of one read of the loudspeaker and some air. `initial_jitter_s`: assumed for the first second of a call.
    `max_jitter_s`: packets later than this count as lost. `window_s`: how long a burst of jitter is
    remembered. `late_fraction`: share of packets that may come too late.
    """

    extra_delay_s: float = 0.0
    margin_s: float = 0.025
    initial_jitter_s: float = 0.040
    max_jitter_s: float = 0.4
    window_s: float = 6.0
    late_fraction: float = 0.01

    def __post_init__(self) -> None:
        if min(self.extra_delay_s, self.margin_s, self.initial_jitter_s) < 0:
            raise ValueError("extra_delay_s, margin_s and initial_jitter_s cannot be negative")
        if self.max_jitter_s <= 0 or self.window_s <= 0 or not 0 <= self.late_fraction < 1:
            raise ValueError("max_jitter_s and window_s must be above 0 and late_fraction in [0, 1)")


class PlayoutClock:
    """Learns from voice arrivals and answers for any later moment; nothing in it reads a real clock."""

    def __init__(self, settings: PlayoutSettings) -> None:
        self._settings = settings
        self._window = TransitWindow(settings.window_s, settings.max_jitter_s, settings.late_fraction)
        self._extra_delay_s = settings.extra_delay_s
        self._anchor_s: float | None = None
        self._delay_s = 0.0
        self._target_s = 0.0
        self._rate = 0.0
        self._late_in_a_row = 0

    def arrived(self, media_start_s: float, arrival_s: float) -> bool:
        """A voice packet has come whose first sample stands at `media_start_s`; called in order of arrival.

        True when the sender's timeline has leapt by more than RESTART_S: what is buffered is of another time.
        """
        first = self._anchor_s is None
        transit_s = arrival_s - media_start_s
        self._late_in_a_row = self._late_in_a_row + 1 if transit_s > self.delay_s(arrival_s) else 0
        self._window.add(arrival_s, transit_s)
        target_s = self._aim()
        restarted = not first and abs(target_s - self.delay_s(arrival_s)) > RESTART_S
        self._retarget(target_s, arrival_s, at_once=first or restarted)
        return restarted

    def set_extra_delay(self, extra_delay_s: float, now_s: float) -> None:
        """Changes what the picture needs beyond the voice; the delay glides there."""
        self._extra_delay_s = extra_delay_s
        if self._anchor_s is not None:
            self._retarget(self._aim(), now_s, at_once=False)

    def media_time(self, now_s: float) -> float | None:
        """The sender's moment that is due at `now_s`, in seconds; None before the first packet.

        It never decreases with `now_s` (except over a restart), if no packet arrives that is older than an
        answer already given; then it may by a tenth of that lead.
        """
        return None if self._anchor_s is None else now_s - self.delay_s(now_s)

    def delay_s(self, now_s: float) -> float:
        """Local time minus media time: from capture to playout, if both sides have the same clock."""
        if self._anchor_s is None:
            return 0.0
        step_s = self._rate * max(0.0, now_s - self._anchor_s)
        error_s = self._target_s - self._delay_s
        return self._delay_s + max(-step_s, min(step_s, error_s))

    def depth_s(self, now_s: float) -> float:
        """How long the quickest packets of the last seconds wait for playout; 0 before the first."""
        return 0.0 if self._anchor_s is None else self.delay_s(now_s) - self._window.shortest_s

    @property
    def quickest_s(self) -> float | None:
        """Arrival minus media time of the quickest packets of the last seconds; None before the first."""
        return None if self._anchor_s is None else self._window.shortest_s

    @property
    def voice_delay_s(self) -> float | None:
        """The delay that the voice alone needs; None before the first packet."""
        return None if self._anchor_s is None else self._aim() - self._extra_delay_s

    def _aim(self) -> float:
        window, settings = self._window, self._settings
        needed_s = window.most_s
        if window.span_s < 1.0:
            needed_s = max(needed_s, window.shortest_s + settings.initial_jitter_s)
        return needed_s + settings.margin_s + self._extra_delay_s

    def _retarget(self, target_s: float, now_s: float, at_once: bool) -> None:
        old_error_s = self._target_s - self.delay_s(now_s)
        self._delay_s = self.delay_s(now_s)
        self._anchor_s = now_s if self._anchor_s is None else max(now_s, self._anchor_s)
        self._target_s = target_s
        error_s = target_s - self._delay_s
        if at_once or error_s < -SKIP_S:
            self._delay_s, self._rate = target_s, 0.0
            return
        if error_s > WAIT_S and self._late_in_a_row >= STARVED_PACKETS:
            rate = STANDSTILL_RATE
        elif abs(error_s) > FAST_S:
            rate = FAST_RATE
        else:
            rate = SLOW_RATE if abs(error_s) > DEAD_BAND_S else 0.0
        # A correction once begun goes on at its pace to its end; a new one has to leave the dead band.
        continues = abs(old_error_s) > REACHED_S and old_error_s * error_s > 0
        self._rate = max(rate, self._rate) if continues else rate
