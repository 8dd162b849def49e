"""From the voice's timeline to the loudspeaker: sound at the pace of the playout clock, without a click.

Up to half a per cent, sound is resampled, which nobody hears. What the clock moves further is done by
splices: a stretch about as long as the error is left out or said twice, where the waveform fits best and
under a cross-fade, as in WSOLA (Verhelst & Roelands, ICASSP 1993); pitch stays. The sound is never more than
16 ms from the clock.
"""

import math

import numpy as np
from numpy.typing import NDArray

from callcodec.speech import SAMPLE_RATE_HZ
from receiver.pcm_timeline import Pcm
from receiver.voice_buffer import VoiceBuffer

MAX_RESAMPLING = 0.005
DEAD_BAND = SAMPLE_RATE_HZ // 2000
"""0.5 ms beside the clock is left alone: sound comes out as it was decoded."""

CORRECTION_SAMPLES = SAMPLE_RATE_HZ // 2
"""The stretch over which an error is resampled away."""

SPLICE_ERROR = SAMPLE_RATE_HZ // 100
SEARCH = SAMPLE_RATE_HZ // 160
"""A splice may miss the clock by 6.25 ms either way to fit the waveform: a period of nearly every voice."""

FADE = SAMPLE_RATE_HZ // 100
CLOCK_WEIGHT = 0.05
"""So much likeness (a correlation) is given up to meet the clock rather than miss it by SEARCH."""

STANDSTILL = 0.25
"""Below this pace nothing is said twice; the sound fades out until the clock goes on."""

LOST_SAMPLES = 4 * SAMPLE_RATE_HZ


class VoiceReader:
    """Reads one `VoiceBuffer` from now on; each read continues the one before."""

    def __init__(self, buffer: VoiceBuffer) -> None:
        self._buffer = buffer
        self._position = 0.0
        self._running = False

    def restart(self) -> None:
        """The next read begins wherever the clock is."""
        self._running = False

    def read(self, count: int, media_from_s: float, media_to_s: float) -> Pcm:
        """`count` samples, (count,), while the clock goes from one media time to the other."""
        clock_from, clock_to = media_from_s * SAMPLE_RATE_HZ, media_to_s * SAMPLE_RATE_HZ
        if clock_to - clock_from < STANDSTILL * count:
            return self._fall_silent(count)
        fading: Pcm | None = None
        if not self._running or abs(clock_from - self._position) > LOST_SAMPLES:
            self._running = True
            self._position = float(round(clock_from))
            fading = np.zeros(min(FADE, count), np.int16)
        error = clock_to - (self._position + count)
        if abs(error) > SPLICE_ERROR:
            fading = self._sound(min(FADE, count))
            self._position += self._best_shift(error, count, fading)
            error = clock_to - (self._position + count)
        pace = _pace(error)
        out = self._sound(count, pace)
        self._position += pace * count
        if fading is not None:
            _blend(out, fading)
        return out

    def _fall_silent(self, count: int) -> Pcm:
        out = np.zeros(count, np.int16)
        if self._running:
            _blend(out, self._sound(min(FADE, count)))
        self._running = False
        return out

    def _best_shift(self, error: float, count: int, fading: Pcm) -> int:
        """The shift by `error` samples, give or take SEARCH, after which the sound goes on most alike."""
        target = round(self._position) + round(error)
        self._buffer.hear_until(target + count)
        # Only what is there anyway is searched: reaching further would conceal what may still come.
        reach = max(0, min(SEARCH, self._buffer.decoded_until - target - count - 3))
        stretch = self._buffer.read(target - SEARCH, SEARCH + reach + len(fading)).astype(np.float64)
        candidates = np.lib.stride_tricks.sliding_window_view(stretch, len(fading))
        sound = fading.astype(np.float64)
        energies = np.einsum("ij,ij->i", candidates, candidates)
        likeness = candidates @ sound / np.sqrt((energies + 1.0) * (sound @ sound + 1.0))
        # In silence everything is alike: then the clock is met.
        off_the_clock = np.abs(np.arange(len(likeness)) - SEARCH) / SEARCH
        return round(error) - SEARCH + int(np.argmax(likeness - CLOCK_WEIGHT * off_the_clock))

    def _sound(self, count: int, pace: float = 1.0) -> Pcm:
        """`count` samples from the position on at `pace`, by cubic interpolation between the decoded ones."""
        first = math.floor(self._position)
        fraction = self._position - first
        if pace == 1.0 and fraction == 0.0:
            self._buffer.hear_until(first + count)
            return self._buffer.read(first, count)
        where: NDArray[np.float64] = fraction + pace * np.arange(count, dtype=np.float64)
        last = int(where[-1]) + 3
        self._buffer.hear_until(first + last)
        sound = self._buffer.read(first - 1, last + 1).astype(np.float64)
        return np.clip(np.rint(_cubic(sound, where)), -32768, 32767).astype(np.int16)


def _pace(error: float) -> float:
    beyond = max(0.0, abs(error) - DEAD_BAND)
    return 1.0 + math.copysign(min(beyond / CORRECTION_SAMPLES, MAX_RESAMPLING), error)


def _cubic(sound: NDArray[np.float64], where: NDArray[np.float64]) -> NDArray[np.float64]:
    """Catmull-Rom interpolation at `where`, counted from sound[1]."""
    index = where.astype(np.intp)
    t = where - index
    before, here, after, beyond = (sound[index + offset] for offset in range(4))
    return here + 0.5 * t * (
        after
        - before
        + t * (2 * before - 5 * here + 4 * after - beyond + t * (3 * (here - after) + beyond - before))
    )


def _blend(out: Pcm, fading: Pcm) -> None:
    """`out` begins as `fading` and ends as itself, over the length of `fading`; in place."""
    count = len(fading)
    weight = 0.5 - 0.5 * np.cos(np.pi * (np.arange(count) + 0.5) / count)
    out[:count] = np.rint(fading * (1 - weight) + out[:count] * weight)
