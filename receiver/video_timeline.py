"""Where a picture of a video track stands on the voice's timeline."""

from callcodec.transport.endpoint import RTP_CLOCK_HZ
from callcodec.transport.video_line import VIDEO_CLOCK_HZ
from receiver.transit import TransitWindow
from receiver.unwrap import TIMESTAMP_BITS, Unwrapper

WRAPS_S = ((1 << TIMESTAMP_BITS) / VIDEO_CLOCK_HZ, (1 << TIMESTAMP_BITS) / RTP_CLOCK_HZ)
MOST_WRAPS = 2
SAME_ORIGIN_S = 1.5
"""Both tracks of one of our programs count from the same moment; origins drawn at random are hours apart."""
LATE_FRACTION = 0.02
WINDOW_S = 6.0
MAX_JITTER_S = 0.6


class VideoTimeline:
    """Media times of access units, and how long these are under way.

    Where the two tracks count from different moments they are laid beside each other by their arrival: what came
    quickest on either had left at the moment it was captured. As soon as the other side has said how its clocks belong
    together, that is believed instead.
    """

    def __init__(self) -> None:
        self._timestamps = Unwrapper(TIMESTAMP_BITS)
        self._shift_s = 0.0
        self._transits = TransitWindow(WINDOW_S, MAX_JITTER_S, LATE_FRACTION)
        self._heard = False
        self._aligned_by_s: float | None = None

    def align(self, offset_s: float) -> None:
        """What the other side says: see VideoLine.on_aligned."""
        self._aligned_by_s = offset_s

    def arrived(self, rtp_timestamp: int, arrival_s: float, voice_transit_s: float | None) -> float:
        """The media time of an access unit.

        voice_transit_s: arrival minus media time of the quickest voice packets; None before the first.
        """
        media_s = self._timestamps.unwrap(rtp_timestamp) / VIDEO_CLOCK_HZ + self._shift_s
        if voice_transit_s is not None and abs(arrival_s - media_s - voice_transit_s) > SAME_ORIGIN_S:
            shift_s = arrival_s - media_s - voice_transit_s
            media_s += self._move(shift_s)
        elif self._shift_s != 0.0 and self._aligned_by_s is not None:
            shift_s = _nearest(self._aligned_by_s - self._shift_s)
            self._aligned_by_s = None
            if abs(shift_s) < SAME_ORIGIN_S:
                media_s += self._move(shift_s)
        self._transits.add(arrival_s, arrival_s - media_s)
        self._heard = True
        return media_s

    def _move(self, shift_s: float) -> float:
        self._shift_s += shift_s
        self._transits = TransitWindow(WINDOW_S, MAX_JITTER_S, LATE_FRACTION)
        return shift_s

    @property
    def transit_s(self) -> float | None:
        """Arrival minus media time that nearly all access units keep; None before the first."""
        return self._transits.most_s if self._heard else None


def _nearest(shift_s: float) -> float:
    """The shortest of the shifts that are the same to counters that wrap."""
    wraps = range(-MOST_WRAPS, MOST_WRAPS + 1)
    return min((shift_s + i * WRAPS_S[0] + j * WRAPS_S[1] for i in wraps for j in wraps), key=abs)
