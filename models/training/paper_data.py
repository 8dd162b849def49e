"""Training samples of `paper`: windows of T pictures in which every picture is a target (Hegde et al., A.1.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.paper.dimensions import PaperDimensions
from models.training.cache import ClipCache, ClipInfo
from models.training.data import ClipChoice, Look, voice_window
from models.training.emotion_labels import emotion_state
from models.training.task import RandomSamples
from models.training.wire_simulation import KEY_EVERY_FRAMES, coded_pictures, interpolate, key_frames_around

SYNC_PICTURES = 5  # what a lip sync expert sees


@dataclass(frozen=True)
class DegradationConfig:
    """How a window was sent. The paper knows exact pictures at 25 FPS only; a call sends coded ones at 5."""

    sent_share: float  # of samples that went over the wire: 5 FPS, interpolated; the rest is exact, 25 FPS
    coded_share: float  # of those, with the quantisation of the low-resolution codec
    luma_steps: tuple[float, float]  # grey levels, drawn evenly between both

    def __post_init__(self) -> None:
        if not (0 <= self.sent_share <= 1 and 0 <= self.coded_share <= 1):
            raise ValueError("sent_share and coded_share are shares, 0 to 1")


class WindowSample(NamedTuple):
    """One window, or a batch of them."""

    lowres: Tensor  # (T, 3, S, S) float32 in 0..1
    mel: Tensor  # (80, 4T) float32
    identity: Tensor  # (3, 256, 256) uint8
    target: Tensor  # (T, 3, 256, 256) uint8
    landmarks: Tensor  # (T, 68, 2) float32, pixels of the target; NaN where unknown
    emotion: Tensor  # () int64, 0..14, −1 where unknown
    lip_mel: (
        Tensor  # (80, 20) float32, around the middle of the last five pictures: what a lip sync expert hears
    )
    in_sync: Tensor  # () bool: the voice is known to belong to these lips


class TalkingWindows(RandomSamples[WindowSample]):
    """Endless random windows of a cache, augmented."""

    def __init__(
        self, cache: ClipCache, seed: int, dimensions: PaperDimensions, degradation: DegradationConfig
    ) -> None:
        super().__init__(seed)
        self.cache, self.dimensions, self.degradation = cache, dimensions, degradation
        self.mels = [cache.mel(i) for i in range(len(cache.clips))]
        self.choice = ClipChoice(cache)

    def sample(self, random: np.random.Generator) -> WindowSample:
        """Draw a clip, a window of it and an identity image, and augment them alike."""
        d = self.dimensions
        number = self.choice.clip(random)
        clip = self.cache.clips[number]
        newest = int(random.integers(min(d.window, clip.frames) - 1, clip.frames))
        still = self.choice.identity_frame(number, newest, random)
        look = Look(random)
        lowres = self._lowres(clip, newest, look, random)
        frames = [clip.first_frame + max(n, 0) for n in range(newest - d.window + 1, newest + 1)]
        target = np.stack([look.target(self.cache.frame(f), self.cache.landmarks(f))[0] for f in frames])
        landmarks = np.stack([look.points(self.cache.landmarks(f)) for f in frames])
        mel = self.mels[number] if clip.lip_sync != "no" else self.mels[number][:, :0]
        return WindowSample(
            lowres=torch.from_numpy((lowres / 255.0).astype(np.float32).transpose(0, 3, 1, 2).copy()),
            mel=torch.from_numpy(voice_window(mel, newest, d.mel_start, d.mel_frames)),
            identity=torch.from_numpy(look.identity(self.cache.still(still)).transpose(2, 0, 1).copy()),
            target=torch.from_numpy(target.transpose(0, 3, 1, 2).copy()),
            landmarks=torch.from_numpy(landmarks),
            emotion=torch.tensor(emotion_state(clip.emotion)),
            lip_mel=torch.from_numpy(voice_window(mel, newest - SYNC_PICTURES // 2)),
            in_sync=torch.tensor(clip.lip_sync == "yes"),
        )

    def _lowres(
        self, clip: ClipInfo, newest: int, look: Look, random: np.random.Generator
    ) -> NDArray[np.float64]:
        """(T, S, S, 3) in 0..255: the window as it arrives."""
        d, config = self.dimensions, self.degradation
        first = newest - d.window + 1

        def small(number: int) -> NDArray[np.float64]:
            return look.small(self.cache.small_frame(clip.first_frame + number), d.low_resolution)

        if random.random() >= config.sent_share:
            return np.stack([small(max(number, 0)) for number in range(first, newest + 1)])
        phase = int(random.integers(0, KEY_EVERY_FRAMES))
        keys = np.stack([small(number) for number in key_frames_around(first, newest, phase, clip.frames)])
        if random.random() < config.coded_share:
            step = random.uniform(*config.luma_steps)
            keys = coded_pictures(keys, step, step * 1.25, random)
        return interpolate(keys, first, newest, phase)
