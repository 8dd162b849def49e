"""From five low-resolution frames a second to twenty-five: what the 8×8 picture was at any moment in between."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from receiver.key_pictures import KeyPictures, Picture

CURVED_MOTION = 0.33  # RMS error half way between two frames, per RMS change between them (train)
# RMS errors of the wire on val, in units of full scale, for a quantiser step of one grey level.
LUMA_ERROR_PER_STEP, CHROMA_ERROR_PER_STEP = 0.0015, 0.0038


@dataclass(frozen=True)
class Interpolated:
    """``picture``: (3, S, S) float32 in 0..1. ``luma_error``, ``chroma_error``: RMS that is to be expected of it, the
    wire's and the interpolation's together, same scale. ``age_s``: time since the newest frame that it rests on, 0
    when it lies between two."""

    picture: Picture
    luma_error: float
    chroma_error: float
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

    def use_interval(self, frame_interval_s: float) -> None:
        """Frames come at another rate from now on."""
        ...


class MotionAdaptiveInterpolator:
    """Linear between neighbours, bent where a pixel moves steadily; holds the last frame when the next is missing."""

    def __init__(self, frame_interval_s: float, keys: KeyPictures | None = None) -> None:
        """``keys``: frames that somebody else adds."""
        self._interval_s = frame_interval_s
        self._keys = KeyPictures() if keys is None else keys

    @property
    def wait_s(self) -> float:
        """One frame interval: the next frame must have been captured."""
        return self._interval_s

    def add(self, media_time_s: float, picture: NDArray[np.uint8], step: float) -> None:
        """Take one decoded frame; frames older than two seconds are forgotten, another rung starts anew."""
        self._keys.add(media_time_s, picture, step)

    def use_interval(self, frame_interval_s: float) -> None:
        """Frames come at another rate from now on."""
        self._interval_s = frame_interval_s

    def at(self, media_time_s: float) -> Interpolated | None:
        """The picture at a media time; None before the first frame."""
        before = self._keys.before(media_time_s)
        if before < 0:
            return None
        if before == len(self._keys.times_s) - 1:
            return self._hold(media_time_s)
        return self._between(before, media_time_s)

    def _hold(self, media_time_s: float) -> Interpolated:
        age_s = media_time_s - self._keys.times_s[-1]
        drift = self._change(len(self._keys.times_s) - 1) * age_s / self._interval_s
        return self._expected(self._keys.pictures[-1], drift, age_s)

    def _between(self, before: int, media_time_s: float) -> Interpolated:
        times_s, pictures = self._keys.times_s, self._keys.pictures
        first, second = pictures[before], pictures[before + 1]
        phase = (media_time_s - times_s[before]) / (times_s[before + 1] - times_s[before])
        change = second - first
        picture = first + phase * change + self._bend(before, change, phase)
        off_frame = 4 * phase * (1 - phase)
        unknown = CURVED_MOTION * root_mean_square(change) * off_frame
        return self._expected(np.clip(picture, 0, 1), unknown, 0.0)

    def _expected(self, picture: Picture, interpolation_error: float, age_s: float) -> Interpolated:
        luma, chroma = (
            float(np.hypot(per_step * self._keys.step, interpolation_error))
            for per_step in (LUMA_ERROR_PER_STEP, CHROMA_ERROR_PER_STEP)
        )
        return Interpolated(picture, luma, chroma, age_s)

    def _bend(self, before: int, change: Picture, phase: float) -> Picture | float:
        """The cubic (Hermite) part: only where a pixel went the same way in the interval before."""
        times_s, pictures = self._keys.times_s, self._keys.pictures
        if before == 0 or times_s[before] - times_s[before - 1] > 1.5 * self._interval_s:
            return 0.0
        previous = pictures[before] - pictures[before - 1]
        steady = previous * change > 0
        tangent = np.where(steady, (previous - change) / 2, 0)
        return np.asarray(tangent * (phase * (1 - phase) ** 2), dtype=np.float32)

    def _change(self, index: int) -> float:
        pictures = self._keys.pictures
        return root_mean_square(pictures[index] - pictures[index - 1]) if index > 0 else 0.0


def root_mean_square(values: Picture) -> float:
    """Over all pixels and colours."""
    return float(np.sqrt(np.mean(values * values)))
