"""The voice around a picture, as restorers hear it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from callcodec.speech.mel import HOP_SAMPLES, MEL_SAMPLE_RATE_HZ, log_mel
from callcodec.speech.mfcc import mfcc
from models.restoration.restorer import VOICE_STEPS

Voice = Callable[[float, float], NDArray[np.int16]]
"""PCM at 16 kHz between two media times; zeros where nothing was heard, or not yet."""

HOP_S = HOP_SAMPLES / MEL_SAMPLE_RATE_HZ
MARGIN_STEPS = 1  # filters of a column reach half a window beyond its hop


def voice_around(voice: Voice, time_s: float) -> NDArray[np.float32]:
    """(21, 13): MFCC of the columns whose hops lie around ``time_s``, on the grid of 10 ms that begins at 0."""
    middle = round(time_s / HOP_S)
    first = middle - VOICE_STEPS // 2 - MARGIN_STEPS
    steps = VOICE_STEPS + 2 * MARGIN_STEPS
    wanted = steps * HOP_SAMPLES
    pcm = voice(first * HOP_S, (first + steps) * HOP_S)[:wanted]
    heard = np.zeros(wanted, np.int16)
    heard[: len(pcm)] = pcm
    columns = mfcc(log_mel(heard))[:, MARGIN_STEPS : MARGIN_STEPS + VOICE_STEPS]
    return np.ascontiguousarray(columns.T)


def recorded(pcm: NDArray[np.int16]) -> Voice:
    """The voice of a recording, int16 (samples,) at 16 kHz, whose first sample stands at 0."""

    def between(start_s: float, end_s: float) -> NDArray[np.int16]:
        first, last = (round(moment_s * MEL_SAMPLE_RATE_HZ) for moment_s in (start_s, end_s))
        heard = np.zeros(max(last - first, 0), np.int16)
        low, high = max(first, 0), min(last, len(pcm))
        if low < high:
            heard[low - first : high - first] = pcm[low:high]
        return heard

    return between
