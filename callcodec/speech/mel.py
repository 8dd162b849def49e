"""Log-mel spectrograms of the voice: what every network hears.

80 bins, 25 ms Hann window, 10 ms hop at 16 kHz (Hegde et al., section 3.2). Frame ``j`` is centred on the
middle of its hop, (j + 0.5) · 10 ms: 20 frames around media time ``m`` cover [m − 100 ms, m + 100 ms) evenly.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

MEL_SAMPLE_RATE_HZ = 16_000
MEL_BINS = 80
WINDOW_SAMPLES = 400  # 25 ms
HOP_SAMPLES = 160  # 10 ms
FFT_SAMPLES = 512
MEL_WINDOW_FRAMES = 20  # 200 ms around a picture
MEL_LOW_HZ = 55.0
MEL_HIGH_HZ = 7_600.0
POWER_FLOOR = 1e-6
MARGIN_SAMPLES = (WINDOW_SAMPLES - HOP_SAMPLES) // 2  # a frame reaches this far beyond its hop on either side


def log_mel(pcm: NDArray[np.int16] | NDArray[np.floating]) -> NDArray[np.float32]:
    """Log-mel of a whole signal, silence assumed before and after it.

    pcm: (n,) int16, or float in −1..1, mono, 16 kHz. Returns (80, ceil(n / 160)), −1 (silence)
    to about 2 (full scale). Raises ValueError for anything but one channel.
    """
    signal = _as_float(pcm)
    frames = -(-len(signal) // HOP_SAMPLES)
    padded = np.zeros(frames * HOP_SAMPLES + 2 * MARGIN_SAMPLES)
    padded[MARGIN_SAMPLES : MARGIN_SAMPLES + len(signal)] = signal
    return _log_mel_of_frames(padded, frames)


def mel_window(
    pcm: NDArray[np.int16] | NDArray[np.floating], media_time_s: float, pcm_start_s: float = 0.0
) -> NDArray[np.float32]:
    """Log-mel of [media_time − 100 ms, media_time + 100 ms), as a picture shown at that time needs it.

    pcm: (n,) int16, or float in −1..1, mono, 16 kHz, whose first sample stands at media time ``pcm_start_s``;
    what it does not cover counts as silence. Returns (80, 20): on the 10 ms grid exactly the columns of
    ``log_mel``. Raises ValueError for anything but one channel.
    """
    signal = _as_float(pcm)
    first_hop = (
        round((media_time_s - pcm_start_s) * MEL_SAMPLE_RATE_HZ) - MEL_WINDOW_FRAMES // 2 * HOP_SAMPLES
    )
    start = first_hop - MARGIN_SAMPLES
    padded = np.zeros(MEL_WINDOW_FRAMES * HOP_SAMPLES + 2 * MARGIN_SAMPLES)
    low, high = max(start, 0), min(start + len(padded), len(signal))
    if low < high:
        padded[low - start : high - start] = signal[low:high]
    return _log_mel_of_frames(padded, MEL_WINDOW_FRAMES)


def _as_float(pcm: NDArray[np.int16] | NDArray[np.floating]) -> NDArray[np.float64]:
    if pcm.ndim != 1:
        raise ValueError(f"the voice must be one channel of samples, not an array of shape {pcm.shape}")
    if pcm.dtype == np.int16:
        return pcm.astype(np.float64) / 32768.0
    return pcm.astype(np.float64)


def _log_mel_of_frames(padded: NDArray[np.float64], frames: int) -> NDArray[np.float32]:
    """(80, frames) of a signal that already carries its margins."""
    if frames == 0:
        return np.zeros((MEL_BINS, 0), np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(padded, WINDOW_SAMPLES)[::HOP_SAMPLES][:frames]
    spectrum = np.fft.rfft(windows * _hann(), FFT_SAMPLES, axis=1)
    power = spectrum.real**2 + spectrum.imag**2
    # A sparse product sums in a fixed order: a column is the same to the bit whatever stands beside it.
    mel = _filters() @ power.T
    return np.asarray(np.log10(np.maximum(mel, POWER_FLOOR)) / 3.0 + 1.0, np.float32)


@lru_cache(maxsize=1)
def _hann() -> NDArray[np.float64]:
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW_SAMPLES) / WINDOW_SAMPLES)


@lru_cache(maxsize=1)
def _filters() -> csr_array:
    """(80, 257) triangular filters, equally spaced on the HTK mel scale, each with its maximum at 1."""

    def to_mel(hz: float) -> float:
        return float(2595.0 * np.log10(1.0 + hz / 700.0))

    edges_mel = np.linspace(to_mel(MEL_LOW_HZ), to_mel(MEL_HIGH_HZ), MEL_BINS + 2)
    edges_hz = 700.0 * (10.0 ** (edges_mel / 2595.0) - 1.0)
    # Triangles narrower than an FFT bin could fall between two bins: the lowest are widened to a bin.
    bin_hz = MEL_SAMPLE_RATE_HZ / FFT_SAMPLES
    bins_hz = np.arange(FFT_SAMPLES // 2 + 1) * bin_hz
    centre = edges_hz[1:-1, None]
    rising = (centre - edges_hz[:-2, None]).clip(min=bin_hz)
    falling = (edges_hz[2:, None] - centre).clip(min=bin_hz)
    distance = bins_hz[None, :] - centre
    weights = np.where(distance < 0, 1.0 + distance / rising, 1.0 - distance / falling)
    return csr_array(weights.clip(min=0.0))
