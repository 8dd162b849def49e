"""From five low-resolution frames a second to twenty-five: what the 8×8 picture was at any moment in between."""

from bisect import bisect_right
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

HISTORY_S = 2.0
CURVED_MOTION = 0.33  # RMS error half way between two frames, per RMS change between them (train)


@dataclass(frozen=True)
class Interpolated:
    """``picture``: (3, S, S) float32 in 0..1. ``expected_error``: RMS of what interpolation adds, same scale.
    ``step``: quantiser step of the frames that it rests on, in grey levels. ``age_s``: time since the newest of them, 0
    when it lies between two."""

    picture: NDArray[np.float32]
    expected_error: float
    step: float
    age_s: float


class Interpolator(Protocol):
    """Gives the low-resolution picture at any media time. ``wait_s``: how long after its capture it is final."""

    @property
    def wait_s(self) -> float:
        """Seconds that playout must wait for the frame on the far side."""
        ...

    def add(self, media_time_s: float, picture: NDArray[np.uint8], step: float) -> None:
        """Take one decoded frame, (S, S, 3) uint8 RGB, coded with quantiser ``step``; in any order."""
        ...

    def at(self, media_time_s: float) -> Interpolated | None:
        """The picture at a media time; None before the first frame."""
        ...


class MotionAdaptiveInterpolator:
    """Linear between neighbours, bent where a pixel moves steadily; holds the last frame when the next is missing."""

    def __init__(self, frame_interval_s: float) -> None:
        self._interval_s = frame_interval_s
        self._times: list[float] = []
        self._pictures: list[NDArray[np.float32]] = []
        self._step = 0.0

    @property
    def wait_s(self) -> float:
        """One frame interval: the next frame must have been captured."""
        return self._interval_s

    def add(self, media_time_s: float, picture: NDArray[np.uint8], step: float) -> None:
        """Take one decoded frame; frames older than two seconds are forgotten, another rung starts anew."""
        values = np.asarray(picture.transpose(2, 0, 1) / 255, np.float32)
        if self._pictures and self._pictures[-1].shape != values.shape:
            self._times.clear()
            self._pictures.clear()
        self._step = step
        index = bisect_right(self._times, media_time_s)
        self._times.insert(index, media_time_s)
        self._pictures.insert(index, values)
        while self._times[-1] - self._times[0] > HISTORY_S:
            del self._times[0], self._pictures[0]

    def at(self, media_time_s: float) -> Interpolated | None:
        """The picture at a media time; None before the first frame."""
        after = bisect_right(self._times, media_time_s)
        if after == 0:
            return None
        if after == len(self._times):
            return self._hold(media_time_s)
        return self._between(after - 1, media_time_s)

    def _hold(self, media_time_s: float) -> Interpolated:
        age_s = media_time_s - self._times[-1]
        drift = self._change(len(self._times) - 1) * age_s / self._interval_s
        return Interpolated(self._pictures[-1], drift, self._step, age_s)

    def _between(self, before: int, media_time_s: float) -> Interpolated:
        first, second = self._pictures[before], self._pictures[before + 1]
        span_s = self._times[before + 1] - self._times[before]
        phase = (media_time_s - self._times[before]) / span_s
        change = second - first
        picture = first + phase * change + self._bend(before, change, phase)
        off_frame = 4 * phase * (1 - phase)
        unknown = CURVED_MOTION * _rms(change) * off_frame
        return Interpolated(np.clip(picture, 0, 1), unknown, self._step, 0.0)

    def _bend(self, before: int, change: NDArray[np.float32], phase: float) -> NDArray[np.float32] | float:
        """The cubic (Hermite) part: only where a pixel went the same way in the interval before."""
        if before == 0 or self._times[before] - self._times[before - 1] > 1.5 * self._interval_s:
            return 0.0
        previous = self._pictures[before] - self._pictures[before - 1]
        steady = previous * change > 0
        tangent = np.where(steady, (previous - change) / 2, 0)
        return np.asarray(tangent * (phase * (1 - phase) ** 2), dtype=np.float32)

    def _change(self, index: int) -> float:
        return _rms(self._pictures[index] - self._pictures[index - 1]) if index > 0 else 0.0


def _rms(values: NDArray[np.float32]) -> float:
    return float(np.sqrt(np.mean(values * values)))
