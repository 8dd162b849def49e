"""Picture quality: error and similarity against the original, summed over the pictures of a clip."""

import numpy as np
from numpy.typing import NDArray

from callcodec.measure.metrics.structure import ssim


def psnr_db(mean_squared_error: float) -> float:
    """Peak signal-to-noise ratio of 8-bit samples; infinite for equal pictures."""
    return float("inf") if mean_squared_error == 0 else float(10 * np.log10(255**2 / mean_squared_error))


class QualityMeter:
    """Adds up RGB error (pooled over the clip) and SSIM (mean of pictures)."""

    def __init__(self) -> None:
        self.pictures = 0
        self._squared_error = 0.0
        self._ssim = 0.0

    def add(self, shown: NDArray[np.uint8], original: NDArray[np.uint8]) -> None:
        """Compare one (H, W, 3) picture with its original."""
        difference = shown.astype(np.float32) - original
        self._squared_error += float(np.mean(difference * difference))
        self._ssim += ssim(shown, original)
        self.pictures += 1

    @property
    def psnr_db(self) -> float | None:
        """PSNR of the pooled error; None before the first picture."""
        return psnr_db(self._squared_error / self.pictures) if self.pictures else None

    @property
    def ssim(self) -> float | None:
        """Mean SSIM; None before the first picture."""
        return self._ssim / self.pictures if self.pictures else None
