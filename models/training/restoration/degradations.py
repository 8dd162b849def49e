"""What GAVN restores from: compression, blur and low resolution, of stretches of I420 pictures."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from callcodec.media.compression import decode_i420, encode_i420
from callcodec.media.stored_video import through_file

Pictures = NDArray[np.uint8]
KINDS = ("compression", "blur", "low_resolution")
SHARES = (0.46, 0.24, 0.30)  # of the kinds among training stretches
CRF, KERNELS, FACTORS = (35, 40, 45), tuple(range(15, 26, 2)), (2.0, 8.0)


@dataclass(frozen=True)
class Degradation:
    """One of a kind. ``value``: CRF, side of the Gaussian kernel in pixels, factor of reduction."""

    kind: str
    value: float
    how: str = ""  # compression: codec:preset, call: the call's encoder; low_resolution: area or bicubic

    def __call__(self, pictures: Pictures) -> Pictures:
        """I420 pictures (n, 3S/2, S) → the same, degraded; low resolution enlarged again, bicubically."""
        if self.kind == "compression":
            return compressed(pictures, int(self.value), self.how or "h264:medium")
        return np.stack([self._picture(picture) for picture in pictures])

    def _picture(self, i420: Pictures) -> Pictures:
        rgb = np.asarray(cv2.cvtColor(i420, cv2.COLOR_YUV2RGB_I420), np.uint8)
        if self.kind == "blur":
            shown = blurred(rgb, int(self.value))
        else:
            shown = reduced(rgb, self.value, self.how or "bicubic")
        return np.asarray(cv2.cvtColor(shown, cv2.COLOR_RGB2YUV_I420), np.uint8)


def random_degradation(random: np.random.Generator) -> Degradation:
    """One of the three kinds, over the paper's ranges and a little beyond."""
    kind = KINDS[int(random.choice(3, p=SHARES))]
    if kind == "blur":
        return Degradation(kind, float(random.choice(KERNELS)))
    if kind == "low_resolution":
        # Little was lost at small factors: there it is learned to leave pictures alone.
        bounds = ((4.0, 4.0), (2.0, 3.0), FACTORS)[int(random.choice(3, p=(0.35, 0.3, 0.35)))]
        how = str(random.choice(["area", "bicubic"]))
        return Degradation(kind, float(random.uniform(*bounds)), how)
    crf = int(random.choice(CRF, p=(0.25, 0.3, 0.45))) + int(random.integers(-2, 3))
    how = str(
        random.choice(
            ["h264:medium", "h264:veryfast", "call", "hevc:ultrafast", "av1:10"],
            p=(0.5, 0.15, 0.25, 0.06, 0.04),
        )
    )
    return Degradation(kind, crf, how)


def compressed(pictures: Pictures, crf: int, how: str) -> Pictures:
    """At constant quality: as a file by ``codec:preset``, or by the ``call``'s encoder. CRF is x264's."""
    if how == "call":
        return np.stack(list(decode_i420(encode_i420(list(pictures), crf=crf))))
    codec, preset = how.split(":")
    # The same number is another quality: x265 has fewer artefacts at it, SVT-AV1 counts to 63.
    crf += {"h264": 0, "hevc": 0, "av1": 12}[codec]
    return np.stack(through_file(list(pictures), codec, min(crf, 63 if codec == "av1" else 51), preset))


def blurred(rgb: Pictures, kernel: int) -> Pictures:
    """Gaussian, ``kernel`` pixels wide; the deviation is OpenCV's for that width: 2.6 (15) to 4.1 (25)."""
    return np.asarray(cv2.GaussianBlur(rgb, (kernel, kernel), 0), np.uint8)


def reduced(rgb: Pictures, factor: float, how: str) -> Pictures:
    """To 1/factor of the side by area averages or (antialiased) bicubic interpolation, and back, bicubically."""
    side = rgb.shape[0]
    small = max(round(side / factor), 1)
    if how == "area":
        few = cv2.resize(rgb, (small, small), interpolation=cv2.INTER_AREA)
    else:
        tensor = torch.from_numpy(rgb).permute(2, 0, 1)[None]
        fewer = F.interpolate(tensor, (small, small), mode="bicubic", antialias=True)
        few = np.ascontiguousarray(fewer[0].permute(1, 2, 0).numpy())
    return np.asarray(cv2.resize(few, (side, side), interpolation=cv2.INTER_CUBIC), np.uint8)
