"""How good `paper` is on people it never saw, and what it shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.consistency import correct, downsample, upsample
from models.paper.dimensions import PaperDimensions
from models.training.cache import ClipCache
from models.training.data import LOW_RESOLUTION, voice_window
from models.training.emotion_labels import emotion_state
from models.training.evaluate import FIRST_SCORED_FRAME, IDENTITY_FRAME, Conditions, receive, ssim
from models.training.wire_simulation import KEY_EVERY_FRAMES, interpolate, key_frames_around

WINDOWS_AT_ONCE = 4


class Windows(NamedTuple):
    """What a receiver has to show some pictures of a clip."""

    lowres: Tensor  # (N, T, 3, S, S) float32 in 0..1
    mel: Tensor  # (N, 80, 4T) float32
    identity: Tensor  # (N, 3, 256, 256) float32 in 0..1
    emotion: Tensor  # (N,) int64, −1 where unknown


class Shown(NamedTuple):
    """Newest pictures (N, 3, 256, 256): the network's, and the driving video's that they were made from."""

    picture: Tensor
    intermediate: Tensor


Show = Callable[[Windows], Shown]


@dataclass(frozen=True)
class Judge:
    """Shows a network the validation clips as the wire delivers them at 5 FPS.

    8×8 pictures go through the low-resolution codec; those of the other scales are exact.
    """

    cache: ClipCache
    dimensions: PaperDimensions
    conditions: Conditions

    def figures(self, show: Show) -> dict[str, float]:
        """PSNR (dB, error pooled over a clip) and SSIM, mean over clips, of the picture as it is, after the
        consistency step, of the driving video and of bicubic enlargement."""
        errors: dict[str, list[float]] = {}
        similarities: dict[str, list[float]] = {}
        for index in range(len(self.cache.clips)):
            of_clip: dict[str, list[tuple[float, float]]] = {}
            for truth, pictures in self._pictures(show, index):
                for name, picture in pictures.items():
                    score = (float(np.mean((picture - truth) ** 2)), ssim(picture, truth))
                    of_clip.setdefault(name, []).append(score)
            for name, scores in of_clip.items():
                errors.setdefault(name, []).append(-10 * float(np.log10(fmean(s[0] for s in scores))))
                similarities.setdefault(name, []).append(fmean(s[1] for s in scores))
        return {f"psnr_db{name}": fmean(values) for name, values in errors.items()} | {
            f"ssim{name}": fmean(values) for name, values in similarities.items()
        }

    def draw(self, show: Show, path: Path) -> None:
        """PNG, a row for every second clip, 3/4 through it: original | bicubic | F_int | picture | identity image."""
        rows = []
        for index in range(0, len(self.cache.clips), 2):
            clip = self.cache.clips[index]
            time = clip.frames * 3 // 4
            windows = self._windows(index, self._key_pictures(index), [time])
            shown = show(windows)
            small = windows.lowres[:, -1]
            pictures = (upsample(small, self.dimensions.picture), shown.intermediate, shown.picture)
            drawn = [_pixels(picture)[0] for picture in (*pictures, windows.identity)]
            rows.append(np.hstack([self.cache.frame(clip.first_frame + time) / 255.0, *drawn]))
        grid = (np.vstack(rows).clip(0, 1) * 255).astype(np.uint8)
        cv2.imwrite(str(path), cv2.cvtColor(grid, cv2.COLOR_RGB2BGR))

    def _pictures(
        self, show: Show, index: int
    ) -> Iterator[tuple[NDArray[np.float32], dict[str, NDArray[np.float32]]]]:
        """(truth, picture by suffix of its figures) for every scored time of a clip; (256, 256, 3) in 0..1."""
        clip = self.cache.clips[index]
        times = list(range(FIRST_SCORED_FRAME, clip.frames, self.conditions.every_frames))
        keys = self._key_pictures(index) if times else {}
        for start in range(0, len(times), WINDOWS_AT_ONCE):
            chunk = times[start : start + WINDOWS_AT_ONCE]
            windows = self._windows(index, keys, chunk)
            shown = show(windows)
            small, raw = windows.lowres[:, -1], shown.picture.float().cpu()
            weight, iterations = self.conditions.consistency_weight, self.conditions.consistency_iterations
            named = {
                "": raw,
                "_corrected": correct(raw, small, weight, iterations),
                "_intermediate": shown.intermediate,
                "_bicubic": upsample(small, self.dimensions.picture),
            }
            pictures = {name: _pixels(picture) for name, picture in named.items()}
            for i, time in enumerate(chunk):
                truth = np.asarray(self.cache.frame(clip.first_frame + time) / 255.0, np.float32)
                yield truth, {name: picture[i] for name, picture in pictures.items()}

    def _key_pictures(self, index: int) -> dict[int, NDArray[np.float64]]:
        """(S, S, 3) in 0..255 by number: every fifth picture of a clip, and its last."""
        if self.dimensions.low_resolution == LOW_RESOLUTION:
            return receive(self.cache, index, self.conditions.quality).key_pictures
        clip = self.cache.clips[index]
        numbers = sorted({*range(0, clip.frames, KEY_EVERY_FRAMES), clip.frames - 1})
        return {number: self._exact(clip.first_frame + number) for number in numbers}

    def _exact(self, frame: int) -> NDArray[np.float64]:
        large = torch.from_numpy(self.cache.frame(frame)).permute(2, 0, 1).double()
        small: NDArray[np.float64] = (
            downsample(large, self.dimensions.low_resolution).permute(1, 2, 0).numpy()
        )
        return small.round()

    def _windows(self, index: int, keys: dict[int, NDArray[np.float64]], times: list[int]) -> Windows:
        clip, d = self.cache.clips[index], self.dimensions
        lowres = []
        for time in times:
            first = time - d.window + 1
            around = np.stack([keys[k] for k in key_frames_around(first, time, 0, clip.frames)])
            lowres.append(interpolate(around, first, time, 0).transpose(0, 3, 1, 2) / 255)
        mel = self.cache.mel(index)
        voices = np.stack([voice_window(mel, time, d.mel_start, d.mel_frames) for time in times])
        still = torch.from_numpy(self.cache.still(clip.first_frame + IDENTITY_FRAME)).permute(2, 0, 1) / 255
        return Windows(
            torch.from_numpy(np.stack(lowres).astype(np.float32)),
            torch.from_numpy(voices),
            still.expand(len(times), -1, -1, -1).contiguous(),
            torch.full((len(times),), emotion_state(clip.emotion)),
        )


def _pixels(picture: Tensor) -> NDArray[np.float32]:
    """(N, 3, S, S) → (N, S, S, 3), clipped to 0..1."""
    pixels: NDArray[np.float32] = picture.float().clamp(0, 1).permute(0, 2, 3, 1).cpu().numpy()
    return pixels
