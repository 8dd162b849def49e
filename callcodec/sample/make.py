"""Makes the bundled sample: `python -m callcodec.sample.make`.

It needs scikit-image (for its portrait of Eileen Collins, taken by NASA, public domain) and the program
espeak-ng. Nothing in it is random, so the same versions give the same clip.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from callcodec.media.movie import write_movie
from callcodec.media.timeline import FRAMES_PER_SECOND
from callcodec.sample import sample_clip
from callcodec.sample.portrait import Expression, Pose, render
from callcodec.sample.voice import MouthTrack, mouth_track, speak

DURATION_S = 9.0
_BLINKS_S = (0.2, 2.55, 4.85, 6.1, 8.66)
_SHUT_MS, _HOLD_MS, _OPEN_MS = 100.0, 40.0, 160.0
_CRF = 19


def main(argv: list[str]) -> int:
    """Writes the clip to the path given, by default into the package."""
    from skimage.data import astronaut  # noqa: PLC0415 - needed for nothing else

    path = Path(argv[0]) if argv else sample_clip()
    pcm = speak(DURATION_S)
    portrait = np.asarray(astronaut(), np.uint8)  # type: ignore[no-untyped-call]
    frames = _frames(portrait, pcm)
    notice = "Made from scikit-image's astronaut portrait (NASA, public domain); voice: eSpeak NG"
    write_movie(path, frames, pcm, crf=_CRF, metadata={"title": "callcodec sample", "comment": notice})
    print(f"{path}: {path.stat().st_size} bytes")
    return 0


def _frames(portrait: NDArray[np.uint8], pcm: NDArray[np.int16]) -> Iterator[NDArray[np.uint8]]:
    count = int(DURATION_S * FRAMES_PER_SECOND)
    track = mouth_track(pcm, count, FRAMES_PER_SECOND)
    for number in range(count):
        yield render(portrait, pose_at(number, track), expression_at(number, track))


def pose_at(number: int, track: MouthTrack) -> Pose:
    """A head that is never quite still: slow waves that do not repeat, and nods on loud words."""
    time_s = number / FRAMES_PER_SECOND
    # Emphasis lasts longer than a syllable and comes a little after it.
    recent = track.loudness[max(0, number - 9) : number + 1]
    emphasis = float(recent.mean()) if recent.size else 0.0
    return Pose(
        right=_wave(time_s, 4.8, (0.17, 0.31, 0.53), 0.3),
        down=_wave(time_s, 1.4, (0.23, 0.41, 0.71), 1.9) + 1.3 * emphasis,
        roll_deg=_wave(time_s, 4.2, (0.13, 0.29, 0.47), 4.1),
        yaw=_wave(time_s, 6.5, (0.19, 0.37, 0.61), 2.6),
        pitch=_wave(time_s, 2.6, (0.21, 0.43, 0.83), 5.2) + 1.6 * emphasis,
        chest=0.8 * float(np.sin(2 * np.pi * 0.27 * time_s)),
    )


def expression_at(number: int, track: MouthTrack) -> Expression:
    """Lips follow the voice; between sentences they close to a smile."""
    loudness, spread = float(track.loudness[number]), float(track.spread[number])
    opened = -1.0 + 2.0 * loudness**0.7
    before = track.loudness[max(0, number - 12) : number + 1]
    return Expression(
        mouth=min(0.75, 0.8 * opened if opened > 0 else opened),
        width=0.945 - 0.03 * max(opened, 0.0) + 0.035 * spread,
        lids=_lids(number / FRAMES_PER_SECOND * 1000),
        brows=1.4 * float(np.clip(before.max() - 0.5, 0, 0.5))
        + _wave(number / FRAMES_PER_SECOND, 0.3, (0.4,), 0.7),
    )


def _lids(time_ms: float) -> float:
    """0 open to 1 shut. They fall faster than they rise."""
    shut = 0.0
    for blink_s in _BLINKS_S:
        since_ms = time_ms - blink_s * 1000
        if 0 <= since_ms < _SHUT_MS:
            shut = max(shut, since_ms / _SHUT_MS)
        elif _SHUT_MS <= since_ms < _SHUT_MS + _HOLD_MS:
            shut = 1.0
        elif since_ms >= _SHUT_MS + _HOLD_MS:
            shut = max(shut, 1 - (since_ms - _SHUT_MS - _HOLD_MS) / _OPEN_MS)
    return float(np.sin(shut * np.pi / 2) ** 2)


def _wave(time_s: float, size: float, frequencies_hz: tuple[float, ...], phase: float) -> float:
    """A sum of sines within -`size`..`size`, the slower the larger."""
    weights = [1 / (1 + i) for i in range(len(frequencies_hz))]
    waves = [
        weight * np.sin(2 * np.pi * frequency * time_s + phase * (i + 1))
        for i, (weight, frequency) in enumerate(zip(weights, frequencies_hz, strict=True))
    ]
    return float(size * sum(waves) / sum(weights))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
