"""Where a picture of a video track stands on the voice's timeline."""

from callcodec.transport.video_line import VIDEO_CLOCK_HZ
from receiver.transit import TransitWindow
from receiver.unwrap import TIMESTAMP_BITS, Unwrapper

SAME_ORIGIN_S = 1.5
"""Both tracks of one of our programs count from the same moment; origins drawn at random are hours apart."""
LATE_FRACTION = 0.02
WINDOW_S = 6.0
MAX_JITTER_S = 0.6


class VideoTimeline:
    """Media times of access units, and how long these are under way.

    Where the two tracks count from different moments they are laid beside each other by their arrival: what came
    quickest on either had left at the moment it was captured.
    """

    def __init__(self) -> None:
        self._timestamps = Unwrapper(TIMESTAMP_BITS)
        self._shift_s = 0.0
        self._transits = TransitWindow(WINDOW_S, MAX_JITTER_S, LATE_FRACTION)
        self._heard = False

    def arrived(self, rtp_timestamp: int, arrival_s: float, voice_transit_s: float | None) -> float:
        """The media time of an access unit.

        voice_transit_s: arrival minus media time of the quickest voice packets; None before the first.
        """
        media_s = self._timestamps.unwrap(rtp_timestamp) / VIDEO_CLOCK_HZ + self._shift_s
        if voice_transit_s is not None and abs(arrival_s - media_s - voice_transit_s) > SAME_ORIGIN_S:
            shift_s = arrival_s - media_s - voice_transit_s
            self._shift_s += shift_s
            media_s += shift_s
            self._transits = TransitWindow(WINDOW_S, MAX_JITTER_S, LATE_FRACTION)
        self._transits.add(arrival_s, arrival_s - media_s)
        self._heard = True
        return media_s

    @property
    def transit_s(self) -> float | None:
        """Arrival minus media time that nearly all access units keep; None before the first."""
        return self._transits.most_s if self._heard else None
