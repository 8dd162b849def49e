"""Mel-frequency cepstral coefficients: the cosine transform of the log-mel spectrum."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dct

from callcodec.speech.mel import MEL_BINS

COEFFICIENTS = 13


def mfcc(log_mel: NDArray[np.floating]) -> NDArray[np.float32]:
    """(13, n) of log-mel (80, n), 10 ms a column: orthonormal DCT-II over the bins, divided by √80.

    The first coefficient is so the mean of the column's bins; silence (log-mel −1) has −1 there and 0 elsewhere.
    ValueError for another number of bins.
    """
    if log_mel.ndim != 2 or len(log_mel) != MEL_BINS:
        raise ValueError(f"a log-mel spectrum is ({MEL_BINS}, n), not {log_mel.shape}")
    transformed = dct(log_mel.astype(np.float32), axis=0, norm="ortho")[:COEFFICIENTS]
    return np.asarray(transformed / np.sqrt(MEL_BINS), np.float32)
