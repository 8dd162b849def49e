"""How good a network is on people it never saw, beside bicubic enlargement and the identity repeated."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import fmean

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from callcodec.wire.lowres import EncodedLowRes, encode
from models.compact import Compact
from models.consistency import correct, upsample
from models.training.cache import ClipCache
from models.training.data import LOW_RESOLUTION, WINDOW, voice_window
from models.training.hint_delivery import simulate_hints
from models.training.shapes import clip_shapes
from models.training.wire_simulation import KEY_EVERY_FRAMES, interpolate, key_frames_around

IDENTITY_FRAME = 10  # within the first second, which is not scored
FIRST_SCORED_FRAME = 25
METHODS = ("ours", "unhinted", "bicubic", "identity_copy")  # ours: with the hints of the sender
REFERENCE_AGE_FRAMES = 10  # what a receiver 200 ms away has acknowledged when the next key picture is coded


@dataclass(frozen=True)
class Conditions:
    """Under what the network is judged: the wire, and the consistency step that follows the network."""

    every_frames: int  # how densely pictures are scored; 1: all of them
    quality: int  # of the low-resolution codec
    consistency_weight: float
    consistency_iterations: int


@dataclass(frozen=True)
class Score:
    """PSNR (dB, RGB, error pooled over a clip) and SSIM (mean over pictures) of one method."""

    psnr_db: float
    ssim: float


@dataclass(frozen=True)
class Evaluation:
    """Scores by method, per clip and their mean over clips; mean bytes of a low-resolution picture."""

    payload_bytes: float
    mean: dict[str, Score]
    clips: dict[str, dict[str, Score]]


@dataclass(frozen=True)
class Received:
    """A clip as its receiver has it: key pictures (8, 8, 3) in 0..255 by number, mean payload bytes."""

    key_pictures: dict[int, NDArray[np.float64]]
    payload_bytes: float

    def window(self, time: int, frames: int) -> Tensor:
        """(1, 5, 3, 8, 8) in 0..1: what there is to show picture ``time`` of a clip of ``frames``."""
        first = time - WINDOW + 1
        keys = np.stack([self.key_pictures[k] for k in key_frames_around(first, time, 0, frames)])
        pictures = interpolate(keys, first, time, 0) / 255.0
        return torch.from_numpy(pictures.astype(np.float32).transpose(0, 3, 1, 2).copy())[None]


def evaluate(network: Compact, cache: ClipCache, conditions: Conditions) -> Evaluation:
    """Score the network on every clip of ``cache`` that lasts longer than the second that is not scored."""
    clips: dict[str, dict[str, Score]] = {}
    payload_bytes: list[float] = []
    shapes = clip_shapes(cache)
    for index, clip in enumerate(cache.clips):
        received = receive(cache, index, conditions.quality)
        payload_bytes.append(received.payload_bytes)
        errors: dict[str, list[float]] = {method: [] for method in METHODS}
        similarities: dict[str, list[float]] = {method: [] for method in METHODS}
        for target, pictures in _pictures(network, cache, index, received, shapes[index], conditions):
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
    return Evaluation(fmean(payload_bytes), mean, clips)


def receive(cache: ClipCache, index: int, quality: int, every_frames: int = KEY_EVERY_FRAMES) -> Received:
    """Send every ``every_frames``-th picture of a clip, and its last one, through the low-resolution codec.

    Each is predicted from the one 400 ms before, as in a call whose other side is 200 ms away.
    """
    clip = cache.clips[index]
    numbers = sorted({*range(0, clip.frames, every_frames), clip.frames - 1})
    distance = REFERENCE_AGE_FRAMES // every_frames
    sent: list[EncodedLowRes] = []
    for number in numbers:
        known = sent[-distance].reconstruction if len(sent) >= distance else None
        sent.append(encode(_area_average(cache.frame(clip.first_frame + number)), quality, known))
    pictures = {n: s.reconstruction.rgb().astype(np.float64) for n, s in zip(numbers, sent, strict=True)}
    return Received(pictures, fmean(len(s.payload) for s in sent))


@torch.inference_mode()
def _pictures(
    network: Compact,
    cache: ClipCache,
    index: int,
    received: Received,
    shapes: NDArray[np.float32],
    conditions: Conditions,
) -> Iterator[tuple[NDArray[np.float32], dict[str, NDArray[np.float32]]]]:
    """(target, picture by method) for every scored time of a clip; pictures are (256, 256, 3) in 0..1.

    shapes: (T, 70, 2), the clip's true ones.
    """
    clip, mel = cache.clips[index], cache.mel(index)
    still = torch.from_numpy(cache.still(clip.first_frame + IDENTITY_FRAME)).permute(2, 0, 1)[None] / 255.0
    told = simulate_hints(shapes, shapes[IDENTITY_FRAME]).shapes
    identity = network.encode_identity(
        still.contiguous(memory_format=torch.channels_last), torch.from_numpy(shapes[IDENTITY_FRAME])[None]
    )
    for time in range(FIRST_SCORED_FRAME, clip.frames, conditions.every_frames):
        window = received.window(time, clip.frames)
        newest, voice = window[:, -1], torch.from_numpy(voice_window(mel, time))[None]
        raw = [network(window, voice, identity, s) for s in (torch.from_numpy(told[time])[None], None)]
        shown = [
            correct(y, newest, conditions.consistency_weight, conditions.consistency_iterations) for y in raw
        ]
        named = zip(METHODS, (*shown, upsample(newest, still.shape[-1]), still), strict=True)
        pictures = {method: picture[0].clamp(0, 1).permute(1, 2, 0).numpy() for method, picture in named}
        yield cache.frame(clip.first_frame + time).astype(np.float32) / 255.0, pictures


def _area_average(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    size = rgb.shape[0] // LOW_RESOLUTION
    mean = rgb.reshape(LOW_RESOLUTION, size, LOW_RESOLUTION, size, 3).astype(np.float64).mean((1, 3))
    return np.asarray(mean.round(), np.uint8)


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
