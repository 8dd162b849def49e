"""How good a network is on people it never saw, beside bicubic enlargement and the identity repeated."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.compact import Compact
from models.consistency import correct, upsample
from models.training.cache import ClipCache
from models.training.data import LOW_RESOLUTION, WINDOW, voice_window
from models.training.wire_simulation import KEY_EVERY_FRAMES, coded_pictures, interpolate, key_frames_around

IDENTITY_FRAME = 10  # within the first second, which is not scored
FIRST_SCORED_FRAME = 25
METHODS = ("ours", "ours_raw", "bicubic", "identity_copy")
LUMA_STEP, CHROMA_STEP = 16.0, 20.0


@dataclass(frozen=True)
class Score:
    """PSNR (dB, RGB, error pooled over a clip) and SSIM (mean over pictures) of one method."""

    psnr_db: float
    ssim: float


@dataclass(frozen=True)
class Evaluation:
    """Scores by method, per clip and their mean over clips."""

    mean: dict[str, Score]
    clips: dict[str, dict[str, Score]]


def evaluate(network: Compact, cache: ClipCache, every: int, weight: float, iterations: int) -> Evaluation:
    """Score each ``every``-th picture of each clip. weight, iterations: of the consistency step after it."""
    clips: dict[str, dict[str, Score]] = {}
    for index, clip in enumerate(cache.clips):
        errors: dict[str, list[float]] = {method: [] for method in METHODS}
        similarities: dict[str, list[float]] = {method: [] for method in METHODS}
        for target, pictures in _pictures(
            network, cache, index, every=every, weight=weight, iterations=iterations
        ):
            for method, picture in pictures.items():
                errors[method].append(float(np.mean((picture - target) ** 2)))
                similarities[method].append(ssim(picture, target))
        if errors["ours"]:
            clips[clip.name] = {
                m: Score(-10 * float(np.log10(fmean(errors[m]))), fmean(similarities[m])) for m in METHODS
            }
    mean = {
        m: Score(fmean(c[m].psnr_db for c in clips.values()), fmean(c[m].ssim for c in clips.values()))
        for m in METHODS
    }
    return Evaluation(mean, clips)


def wire_window(cache: ClipCache, index: int, coded: dict[int, NDArray[np.float64]], time: int) -> Tensor:
    """(1, 5, 3, 8, 8) in 0..1: what a receiver at 5 FPS has for picture ``time``."""
    first = time - WINDOW + 1
    keys = np.stack([coded[k] for k in key_frames_around(first, time, 0, cache.clips[index].frames)])
    window = interpolate(keys, first, time, 0) / 255.0
    return torch.from_numpy(window.astype(np.float32).transpose(0, 3, 1, 2).copy())[None]


def coded_clip(cache: ClipCache, index: int) -> dict[int, NDArray[np.float64]]:
    """Every key picture of a clip as decoded, 0..255, by its number."""
    clip = cache.clips[index]
    numbers = sorted({*range(0, clip.frames, KEY_EVERY_FRAMES), clip.frames - 1})
    exact = np.stack([_area_average(cache.frame(clip.first_frame + n)) for n in numbers])
    coded = coded_pictures(exact, LUMA_STEP, CHROMA_STEP, np.random.default_rng(index))
    return dict(zip(numbers, coded, strict=True))


def _pictures(
    network: Compact, cache: ClipCache, index: int, *, every: int, weight: float, iterations: int
) -> list[tuple[NDArray[np.float32], dict[str, NDArray[np.float32]]]]:
    """(target, picture by method) for every scored time of a clip; pictures are (256, 256, 3) in 0..1."""
    clip, mel, coded = cache.clips[index], cache.mel(index), coded_clip(cache, index)
    still = torch.from_numpy(cache.still(clip.first_frame + IDENTITY_FRAME)).permute(2, 0, 1)[None] / 255.0
    out = []
    with torch.inference_mode():
        identity = network.encode_identity(still.contiguous(memory_format=torch.channels_last))
        for time in range(FIRST_SCORED_FRAME, clip.frames, every):
            window = wire_window(cache, index, coded, time)
            raw = network(window, torch.from_numpy(voice_window(mel, time))[None], identity)
            bicubic = upsample(window[:, -1], raw.shape[-1])
            ours = correct(raw, window[:, -1], weight, iterations)
            named = zip(METHODS, (ours, raw, bicubic, still), strict=True)
            pictures = {method: picture[0].clamp(0, 1).permute(1, 2, 0).numpy() for method, picture in named}
            out.append((cache.frame(clip.first_frame + time).astype(np.float32) / 255.0, pictures))
    return out


def _area_average(rgb: NDArray[np.uint8]) -> NDArray[np.float64]:
    size = rgb.shape[0] // LOW_RESOLUTION
    mean = rgb.reshape(LOW_RESOLUTION, size, LOW_RESOLUTION, size, 3).astype(np.float64).mean((1, 3))
    return np.asarray(mean.round())


def ssim(x: NDArray[np.float32], y: NDArray[np.float32]) -> float:
    """Structural similarity (Wang et al. 2004): 11-pixel Gaussian window, σ = 1.5; mean over RGB in 0..1."""

    def blur(a: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(cv2.GaussianBlur(a, (11, 11), 1.5), np.float32)

    mean_x, mean_y = blur(x), blur(y)
    variance_x, variance_y = blur(x * x) - mean_x**2, blur(y * y) - mean_y**2
    covariance = blur(x * y) - mean_x * mean_y
    c1, c2 = 0.01**2, 0.03**2
    likeness = (2 * mean_x * mean_y + c1) * (2 * covariance + c2)
    return float(np.mean(likeness / ((mean_x**2 + mean_y**2 + c1) * (variance_x + variance_y + c2))))
