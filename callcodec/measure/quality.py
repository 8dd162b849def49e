"""Picture quality: error and similarity against the original, summed over the pictures of a clip."""

import numpy as np
import torch
from numpy.typing import NDArray
from torchmetrics.functional.image import structural_similarity_index_measure


def psnr_db(mean_squared_error: float) -> float:
    """Peak signal-to-noise ratio of 8-bit samples; infinite for equal pictures."""
    return float("inf") if mean_squared_error == 0 else float(10 * np.log10(255**2 / mean_squared_error))


def ssim(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> float:
    """Structural similarity of two (H, W, 3) pictures (Wang et al. 2004; Gaussian window, σ 1.5, mean of RGB)."""
    value = structural_similarity_index_measure(_tensor(first), _tensor(second), data_range=255.0)
    return float(value if isinstance(value, torch.Tensor) else value[0])


def _tensor(picture: NDArray[np.uint8]) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(picture)).permute(2, 0, 1)[None].float()


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
