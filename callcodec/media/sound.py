"""Decoding a clip's sound to the voice format used in the app, placed by presentation time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer
from numpy.typing import NDArray

from callcodec.media.container import DecodeTally, decoded, frame_time_s

VOICE_RATE_HZ = 16_000
"""Rate of voice inside the app: callcodec.speech.SAMPLE_RATE_HZ, a room that media may not import."""

_MAX_DRIFT_S = 0.05
"""Sound whose time differs by more than this from where it would fall starts a new stretch."""
_MAX_GAP_S = 60.0
"""A silence longer than this is taken for a broken timestamp and left out."""


def decode_voice(
    container: InputContainer, stream: AudioStream, start_s: float, tally: DecodeTally
) -> NDArray[np.int16] | None:
    """The whole sound track, int16 (samples,) mono at 16 kHz, sample 0 at `start_s` of the container's clock.

    What lies before `start_s` is cut off, gaps are silent. None where nothing could be decoded.
    """
    pieces: list[NDArray[np.int16]] = []
    length = 0
    for begins_s, pcm in _stretches(container, stream, tally):
        voice = pcm
        position = round((begins_s - start_s) * VOICE_RATE_HZ)
        if position > length:
            gap = position - length if position - length <= _MAX_GAP_S * VOICE_RATE_HZ else 0
            pieces.append(np.zeros(gap, np.int16))
            length += gap
        elif position < length:
            # Before the first picture, or over the stretch before: that part has had its time.
            voice = voice[length - position :]
        pieces.append(voice)
        length += voice.size
    pcm = _joined(pieces)
    return pcm if pcm.size else None


def _stretches(
    container: InputContainer, stream: AudioStream, tally: DecodeTally
) -> Iterator[tuple[float, NDArray[np.int16]]]:
    """(start in seconds, voice) for each stretch of one kind of sound whose times run on without a gap."""
    resampler: AudioResampler | None = None
    kind: tuple[str, str, int] | None = None
    begins_s = follows_s = 0.0
    pieces: list[NDArray[np.int16]] = []
    for frame in decoded(container, stream, tally):
        if not isinstance(frame, AudioFrame) or frame.samples == 0 or frame.sample_rate <= 0:
            continue
        time_s = frame_time_s(frame)
        elsewhere = time_s is not None and abs(time_s - follows_s) > _MAX_DRIFT_S
        former_kind, kind = kind, (frame.format.name, frame.layout.name, frame.sample_rate)
        if resampler is not None and (elsewhere or kind != former_kind):
            pieces.extend(_resampled(resampler, None))
            yield begins_s, _joined(pieces)
            resampler, pieces = None, []
        if resampler is None:
            resampler = AudioResampler("s16", "mono", VOICE_RATE_HZ)
            begins_s = follows_s = follows_s if time_s is None else time_s
        follows_s += frame.samples / frame.sample_rate
        frame.pts = None
        pieces.extend(_resampled(resampler, frame))
    if resampler is not None:
        pieces.extend(_resampled(resampler, None))
        yield begins_s, _joined(pieces)


def _joined(pieces: list[NDArray[np.int16]]) -> NDArray[np.int16]:
    return np.concatenate([np.zeros(0, np.int16), *pieces])


def _resampled(resampler: AudioResampler, frame: AudioFrame | None) -> list[NDArray[np.int16]]:
    return [np.asarray(part.to_ndarray(), np.int16).reshape(-1) for part in resampler.resample(frame)]
