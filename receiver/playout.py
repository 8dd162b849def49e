"""Playout: one buffer and one clock for voice and face, free of I/O and of any real time.

The owner hands over every voice packet as it arrives and asks, at moments of its own choosing, for the sound
of the next few milliseconds and for the media time whose picture is due. Both follow the same delay, so lips
and voice stay together.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from callcodec.speech import SAMPLE_RATE_HZ
from callcodec.speech.opus import RTP_CLOCK_HZ, OpusDecoder
from receiver.pcm_timeline import Pcm
from receiver.playout_clock import PlayoutClock, PlayoutSettings
from receiver.unwrap import SEQUENCE_BITS, TIMESTAMP_BITS, Unwrapper
from receiver.voice_buffer import VoiceBuffer, VoiceDecoder
from receiver.voice_reader import VoiceReader

MAX_UNHEARD_SAMPLES = SAMPLE_RATE_HZ // 5
"""A call without a loudspeaker reads no sound; then the clock itself moves the buffer on, this far behind."""

READ_RESYNC_S = 0.060
READ_SMOOTHING = 0.02


@dataclass(frozen=True)
class PlayoutStatistics:
    """Voice packets since the start by what became of them, and the delay of this moment.

    `received`: different Opus packets that came; of these `late` ones came after their time and `ahead` ones
    stand too far in the future. `played` and `concealed`: packets of the timeline that were heard as sent, or
    had to be made up; pauses of DTX are neither. `damaged`: could not be decoded. `restarts`: leaps of the
    sender's timeline. `depth_ms`: how long the quickest packets wait. `delay_ms`: local clock minus media
    time.
    """

    received: int
    played: int
    concealed: int
    late: int
    duplicate: int
    ahead: int
    damaged: int
    restarts: int
    depth_ms: float
    delay_ms: float


class Playout:
    """One sender's voice and the clock of its face. `now_s` and `arrival_s` are seconds of one clock, any.

    Everything is called on one thread.
    """

    def __init__(
        self, settings: PlayoutSettings, create_decoder: Callable[[], VoiceDecoder] = OpusDecoder
    ) -> None:
        self._clock = PlayoutClock(settings)
        self._buffer = VoiceBuffer(create_decoder)
        self._reader = VoiceReader(self._buffer)
        self._sequence = Unwrapper(SEQUENCE_BITS)
        self._timestamp = Unwrapper(TIMESTAMP_BITS)
        self._read_s: float | None = None
        self._restarts = 0

    def push(self, sequence: int, rtp_timestamp: int, payload: bytes, arrival_s: float) -> float:
        """One voice packet, in any order, without what travelled in its padding; any bytes may be given.

        Returns the media time of its first sample, to which capture offsets of face packets refer.
        """
        number = self._sequence.unwrap(sequence)
        timestamp = self._timestamp.unwrap(rtp_timestamp)
        media_s = timestamp / RTP_CLOCK_HZ
        duration = self._buffer.admit(number, payload)
        if duration is None:
            return media_s
        if self._clock.arrived(media_s, arrival_s):
            self._restarts += 1
            self._buffer.restart()
            self._reader.restart()
        due_s = self._clock.media_time(arrival_s)
        if (
            due_s is not None
            and (due := int(due_s * SAMPLE_RATE_HZ)) > self._buffer.heard_until + MAX_UNHEARD_SAMPLES
        ):
            self._buffer.hear_until(due)
        self._buffer.push(number, timestamp, payload, duration)
        return media_s

    def set_extra_delay(self, extra_delay_s: float, now_s: float) -> None:
        """What the picture needs beyond the voice has changed; playout glides there."""
        self._clock.set_extra_delay(extra_delay_s, now_s)

    def media_time(self, now_s: float) -> float | None:
        """The sender's moment that is due now; None before the first voice packet."""
        return self._clock.media_time(now_s)

    def read(self, count: int, now_s: float) -> Pcm:
        """The next `count` samples for the loudspeaker, int16 at 16 kHz, (count,), due from `now_s` on.

        Meant to be called once for every `count` samples that the device takes; the jitter of its calls and
        the drift of its clock are smoothed away.
        """
        if self._read_s is None or abs(now_s - self._read_s) > READ_RESYNC_S:
            self._read_s = now_s
        begin_s = self._read_s + READ_SMOOTHING * (now_s - self._read_s)
        self._read_s = begin_s + count / SAMPLE_RATE_HZ
        media_from_s = self._clock.media_time(begin_s)
        media_to_s = self._clock.media_time(self._read_s)
        if media_from_s is None or media_to_s is None:
            return np.zeros(count, np.int16)
        return self._reader.read(count, media_from_s, media_to_s)

    def pcm_around(self, media_time_s: float, before_s: float, after_s: float) -> Pcm:
        """The voice around a media time, int16 at 16 kHz; zeros where none is decoded.

        At least the last second heard is there, and what has come without a gap ahead of playout.
        """
        first = round((media_time_s - before_s) * SAMPLE_RATE_HZ)
        return self._buffer.read(first, round((before_s + after_s) * SAMPLE_RATE_HZ))

    @property
    def voice_transit_s(self) -> float | None:
        """Arrival minus media time of the quickest voice packets of the last seconds; None before the first."""
        return self._clock.quickest_s

    @property
    def voice_delay_s(self) -> float | None:
        """Local clock minus media time as the voice alone needs it; None before the first packet."""
        return self._clock.voice_delay_s

    @property
    def voice_until_s(self) -> float:
        """Up to which media time voice has come without a gap."""
        return self._buffer.decoded_until / SAMPLE_RATE_HZ

    def statistics(self, now_s: float) -> PlayoutStatistics:
        """Everything counted so far."""
        counts = self._buffer.counts
        return PlayoutStatistics(
            received=counts.received,
            played=counts.played,
            concealed=counts.concealed,
            late=counts.late,
            duplicate=counts.duplicate,
            ahead=counts.ahead,
            damaged=counts.damaged,
            restarts=self._restarts,
            depth_ms=1000 * self._clock.depth_s(now_s),
            delay_ms=1000 * self._clock.delay_s(now_s),
        )
