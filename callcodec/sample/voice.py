"""The sample's voice, spoken by eSpeak NG, and what a mouth does while it says that."""

from __future__ import annotations

import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from callcodec.media.container import DecodeTally, open_container, sound_stream
from callcodec.media.sound import VOICE_RATE_HZ, decode_voice

TEXT = (
    "Hello! I am a face on a telephone line. My picture takes twenty bytes, five times a second, "
    "inside this voice."
)
_VOICE, _WORDS_PER_MINUTE, _PITCH = "en-us+f3", 158, 48
_LEAD_S = 0.5
_WINDOW_S = 0.04


@dataclass(frozen=True)
class MouthTrack:
    """One value a picture: loudness 0..1, and spread -1 (rounded, "oo") .. 1 (spread, "ee")."""

    loudness: NDArray[np.float64]
    spread: NDArray[np.float64]


def speak(duration_s: float) -> NDArray[np.int16]:
    """int16 (samples,) mono at 16 kHz: half a second of silence, `TEXT`, silence up to `duration_s`.

    Raises:
        FileNotFoundError: espeak-ng is not installed.
        ValueError: the text takes longer than that, or was not spoken.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "voice.wav"
        command = [
            "espeak-ng",
            "-v",
            _VOICE,
            "-s",
            str(_WORDS_PER_MINUTE),
            "-p",
            str(_PITCH),
            "-w",
            str(path),
        ]
        subprocess.run([*command, TEXT], check=True)
        with open_container(path) as container:
            stream = sound_stream(container)
            spoken = None if stream is None else decode_voice(container, stream, 0.0, DecodeTally())
    if spoken is None or not spoken.any():
        raise ValueError("espeak-ng said nothing")
    voice = spoken.astype(np.float64)
    start, length = int(_LEAD_S * VOICE_RATE_HZ), int(duration_s * VOICE_RATE_HZ)
    if start + voice.size > length:
        raise ValueError(
            f"the text takes {voice.size / VOICE_RATE_HZ:.1f} s; {duration_s} s are too short for it"
        )
    padded = np.zeros(length)
    padded[start : start + voice.size] = voice * (0.5 * 32767 / np.abs(voice).max())
    return np.rint(padded).astype(np.int16)


def mouth_track(pcm: NDArray[np.int16], pictures: int, fps: int) -> MouthTrack:
    """Measures the voice around the time of each picture.

    Loudness is the level below 3 kHz, since hisses are made with the teeth together. Spread compares the
    second formant's range (1.5 to 2.8 kHz, high in "ee") with the first one's upper range (0.5 to 1.2 kHz).
    """
    window = np.hanning(int(_WINDOW_S * VOICE_RATE_HZ))
    frequencies = np.fft.rfftfreq(window.size, 1 / VOICE_RATE_HZ)
    padded = np.pad(pcm.astype(np.float64) / 32768, window.size)
    levels, spreads = np.zeros(pictures * 4), np.zeros(pictures * 4)
    for i in range(levels.size):
        centre = int(i / (4 * fps) * VOICE_RATE_HZ) + window.size
        part = padded[centre - window.size // 2 :][: window.size] * window
        power = np.abs(np.fft.rfft(part)) ** 2

        def band(low: float, high: float, power: NDArray[np.float64] = power) -> float:
            return float(power[(frequencies >= low) & (frequencies < high)].sum()) + 1e-3

        levels[i] = np.sqrt(band(150, 3000))
        spreads[i] = np.log10(band(1500, 2800) / band(500, 1200))
    loudness = np.clip(levels / np.percentile(levels, 95), 0, 1.1)
    spread = np.clip(spreads + 0.6, -1, 1) * np.clip(loudness * 4, 0, 1)
    # Four values a picture, smoothed as slowly as lips move (about 30 ms) before one in four is kept.
    return MouthTrack(_smoothed(loudness, 2.4)[::4], _smoothed(spread, 4.0)[::4])


def _smoothed(values: NDArray[np.float64], sigma: float) -> NDArray[np.float64]:
    """Gaussian low-pass; `sigma` in values."""
    reach = round(4 * sigma)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    return np.convolve(np.pad(values, reach, "edge"), kernel / kernel.sum(), "valid")
