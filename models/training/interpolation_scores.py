"""How good interpolated 8×8 pictures are on clips sent through the real low-resolution codec."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import fmean

import numpy as np
import torch
from torch import Tensor

from callcodec.wire.colour import FRACTION
from callcodec.wire.lowres import QUALITIES
from models.consistency import luma
from models.interpolation import CausalPrediction, FrameInterpolation, linear
from models.training.cache import ClipCache
from models.training.data import LOW_RESOLUTION, SILENCE
from models.training.evaluate import FIRST_SCORED_FRAME, receive
from models.training.interpolation_data import voice_until
from models.training.stretches import KEYS, Array, voice_from
from models.training.wire_simulation import KEY_EVERY_FRAMES

FIRST_SCORED_KEY = FIRST_SCORED_FRAME // KEY_EVERY_FRAMES
NEWEST = (KEYS - 1) * KEY_EVERY_FRAMES  # the output that stands at the newest key


@dataclass(frozen=True)
class ReceivedClip:
    """``keys``: (K, 3, 8, 8) as decoded, ``exact``: (n, 3, 8, 8) at 25 FPS, in 0..1; ``voice``: as of a Stretch."""

    keys: Tensor
    exact: Tensor
    voice: Array
    step: float


def received_clips(cache: ClipCache, quality: int) -> Iterator[ReceivedClip]:
    """Every clip of a cache that has something to score, sent with references two keys back."""
    for index, clip in enumerate(cache.clips):
        if clip.frames <= FIRST_SCORED_FRAME + KEY_EVERY_FRAMES:
            continue
        received = receive(cache, index, quality)
        keys = np.stack([received.key_pictures[n] for n in range(0, clip.frames, KEY_EVERY_FRAMES)])
        block = 256 // LOW_RESOLUTION
        shape = (LOW_RESOLUTION, block, LOW_RESOLUTION, block, 3)
        frames = (cache.frame(clip.first_frame + n).reshape(shape) for n in range(clip.frames))
        exact = np.stack([frame.astype(np.float32).mean((1, 3)) for frame in frames])
        mel = cache.mel(index) if clip.lip_sync != "no" else cache.mel(index)[:, :0]
        yield ReceivedClip(
            _planes(keys), _planes(exact), voice_from(mel, 0, clip.frames), QUALITIES[quality].step / FRACTION
        )


def _planes(pictures: np.ndarray[tuple[int, ...], np.dtype[np.floating]]) -> Tensor:
    return torch.from_numpy((pictures.transpose(0, 3, 1, 2) / 255.0).astype(np.float32))


class Meter:
    """Errors by method, pooled over a clip; dB averaged over clips."""

    def __init__(self) -> None:
        self._clips: list[dict[str, list[Tensor]]] = []

    def next_clip(self) -> None:
        """What follows belongs to another clip."""
        self._clips.append({})

    def add(self, method: str, shown: Tensor, exact: Tensor) -> None:
        """(..., 3, 8, 8) as shown and as it was, in 0..1; any number in a clip."""
        self._clips[-1].setdefault(method, []).append((shown.clamp(0, 1) - exact).reshape(-1, 3, 8, 8))

    def figures(self) -> dict[str, float]:
        """PSNR of RGB and of luma in dB by method: ``METHOD_psnr_db`` and ``METHOD_luma_db``."""
        figures = {}
        for method in self._clips[0]:
            errors = [torch.cat(clip[method]) for clip in self._clips]
            figures[f"{method}_psnr_db"] = fmean(_psnr(error) for error in errors)
            figures[f"{method}_luma_db"] = fmean(_psnr(luma(error)) for error in errors)
        return figures


def _psnr(error: Tensor) -> float:
    return -10 * float(torch.log10(torch.mean(error**2)))


@torch.no_grad()
def score_interpolation(network: FrameInterpolation, clips: list[ReceivedClip]) -> dict[str, float]:
    """The network with one key ahead of what is shown, as in a call, with two, and straight lines, in dB."""
    meter = Meter()
    for clip in clips:
        meter.next_clip()
        windows = clip.keys.unfold(0, KEYS, 1).movedim(-1, 1)
        shown = network(windows, torch.full((len(windows),), clip.step))
        straight = linear(windows)
        for key in range(FIRST_SCORED_KEY, len(clip.keys) - 1):
            exact = clip.exact[key * KEY_EVERY_FRAMES : (key + 1) * KEY_EVERY_FRAMES]
            window = key + 1 - (KEYS - 1)  # the one whose newest key is the next
            interval = slice(NEWEST - KEY_EVERY_FRAMES, NEWEST)
            meter.add("network", shown[window, interval], exact)
            meter.add("linear", straight[window, interval], exact)
            meter.add("network_at_keys", shown[window, interval][:1], exact[:1])
            meter.add("linear_at_keys", straight[window, interval][:1], exact[:1])
            later = slice(NEWEST - 2 * KEY_EVERY_FRAMES, NEWEST - KEY_EVERY_FRAMES)
            two_ahead = shown[window + 1, later] if window + 1 < len(windows) else shown[window, interval]
            meter.add("network_two_ahead", two_ahead, exact)
    return meter.figures()


@torch.no_grad()
def score_prediction(network: CausalPrediction, clips: list[ReceivedClip]) -> dict[str, float]:
    """The network with and without the voice beside holding and linear extrapolation, all from past keys, in dB."""
    meter = Meter()
    for clip in clips:
        meter.next_clip()
        last = len(clip.exact) - 1
        for key in range(FIRST_SCORED_KEY, len(clip.keys)):
            first = key * KEY_EVERY_FRAMES
            moments = list(range(first, min(first + KEY_EVERY_FRAMES, last + 1)))
            ages = torch.tensor([(m - first) / KEY_EVERY_FRAMES for m in moments])
            keys = clip.keys[key - KEYS + 1 : key + 1]
            exact = clip.exact[first : moments[-1] + 1]
            mel = torch.from_numpy(np.stack([voice_until(clip.voice, m) for m in moments]))
            predict = _predictor(network, keys, clip.step, ages)
            meter.add("network", predict(mel), exact)
            meter.add("network_mute", predict(torch.full_like(mel, SILENCE)), exact)
            meter.add("hold", keys[-1].expand_as(exact), exact)
            change = ages.view(-1, 1, 1, 1) * (keys[-1] - keys[-2])
            meter.add("extrapolation", keys[-1] + change, exact)
    return meter.figures()


def _predictor(
    network: CausalPrediction, keys: Tensor, step: float, ages: Tensor
) -> Callable[[Tensor], Tensor]:
    features = network.encode(keys[None], torch.tensor([step])).expand(len(ages), -1, -1, -1)
    newest = keys[-1:].expand(len(ages), -1, -1, -1)
    return lambda mel: network.predict(features, newest, ages, mel)
