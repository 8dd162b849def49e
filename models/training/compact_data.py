"""Training samples of `compact`: what the receiver would have had, and the picture it should have shown."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from callcodec.face.expression import openings
from callcodec.face.shape import with_openings
from callcodec.wire.hints import STEPS
from callcodec.wire.hints_tables import FRACTION, MODE_FRACTION_BITS, load_hint_tables
from models.sync_network import LIP_CROP, LIP_WINDOW
from models.training.cache import PICTURE, STILL_EVERY_FRAMES, ClipCache
from models.training.data import WINDOW, ClipChoice, Look, voice_window
from models.training.emotion_labels import UNKNOWN, emotion_state
from models.training.lip_store import middle_of, open_lips
from models.training.shapes import clip_shapes, mirrored
from models.training.task import RandomSamples
from models.training.wire_simulation import KEY_EVERY_FRAMES, coded_pictures, interpolate, key_frames_around

SAID = 0.62  # share of samples with hints
LABELLED = 0.7  # share of samples with their clip's emotion, where it has one
MOUTH_ERROR, EYE_ERROR = 0.03, 0.02  # of openings that are told between two packets


class Sample(NamedTuple):
    """One picture, or a batch of them."""

    lowres: Tensor  # (5, 3, 8, 8) float32 in 0..1
    mel: Tensor  # (80, 20) float32
    identity: Tensor  # (3, 256, 256) uint8
    target: Tensor  # (3, 256, 256) uint8
    identity_shape: Tensor  # (70, 2) float32 in pixels of the identity image, NaN where no face was found
    shape: Tensor  # (70, 2) float32 in pixels of the target as hints tell it, NaN where nobody does
    emotion: Tensor  # () int64, 0..14, −1 where unknown
    true_shape: Tensor  # (70, 2) float32 in pixels of the target, NaN where unknown; only losses may see it
    lips: (
        Tensor  # (5, 48, 48) uint8, lower faces around the target's, which is the third; zeros if not in sync
    )
    in_sync: Tensor  # () bool: the voice is known to belong to these lips
    regions: Tensor  # (3, 4) x0, y0, x1, y1 of lips, left and right eye in pixels; all zero where unknown


class TalkingFaces(RandomSamples[Sample]):
    """Endless random samples of a cache, augmented."""

    def __init__(self, cache: ClipCache, seed: int) -> None:
        super().__init__(seed)
        self.cache = cache
        self.mels = [cache.mel(i) for i in range(len(cache.clips))]
        self.shapes = clip_shapes(cache)
        self.emotions = [emotion_state(clip.emotion) for clip in cache.clips]
        self.choice = ClipChoice(cache)
        self.lips = open_lips(cache)

    def sample(self, random: np.random.Generator) -> Sample:
        """Draw a clip, a picture of it and an identity image, and augment them alike."""
        number = self.choice.clip(random)
        clip = self.cache.clips[number]
        time = int(random.integers(0, clip.frames))
        phase = int(random.integers(0, KEY_EVERY_FRAMES))
        still = self.choice.identity_frame(number, time, random)
        keys = key_frames_around(time - WINDOW + 1, time, phase, clip.frames)
        look = Look(random)
        small = np.stack([look.small(self.cache.small_frame(clip.first_frame + k)) for k in keys])
        if random.random() < 0.9:
            step = random.uniform(8, 19)
            small = coded_pictures(small, step, step * 1.25, random)
        lowres = interpolate(small, time - WINDOW + 1, time, phase)
        target, regions = look.target(
            self.cache.frame(clip.first_frame + time), self.cache.landmarks(clip.first_frame + time)
        )
        identity_shape = self._identity_shape(still, look)
        around = [_moved(self.shapes[number][k], look, look.shared) for k in (keys[-2], keys[-1], time)]
        shape = np.full_like(identity_shape, np.nan)
        if random.random() < SAID:
            span = keys[-1] - keys[-2]
            share = 1.0 if span == 0 or time >= keys[-1] else (time - keys[-2]) / span
            shape = told_shape(np.stack(around), identity_shape, share, random)
        mel = self.mels[number] if clip.lip_sync != "no" else self.mels[number][:, :0]
        emotion = self.emotions[number] if random.random() < LABELLED else UNKNOWN
        before, after = LIP_WINDOW // 2, clip.frames - LIP_WINDOW // 2
        in_sync = clip.lip_sync == "yes" and before <= time < after and bool(np.isfinite(around[-1]).all())
        lips = np.zeros((LIP_WINDOW, LIP_CROP, LIP_CROP), np.uint8)
        if in_sync:
            first = clip.first_frame + time - before
            wide = np.stack([self.lips.crop(n) for n in range(first, first + LIP_WINDOW)])
            lips = middle_of(wide[..., ::-1] if look.flip else wide)
        return Sample(
            lowres=torch.from_numpy((lowres / 255.0).astype(np.float32).transpose(0, 3, 1, 2).copy()),
            mel=torch.from_numpy(np.ascontiguousarray(voice_window(mel, time))),
            identity=torch.from_numpy(look.identity(self.cache.still(still)).transpose(2, 0, 1).copy()),
            target=torch.from_numpy(target.transpose(2, 0, 1).copy()),
            identity_shape=torch.from_numpy(identity_shape),
            shape=torch.from_numpy(shape),
            emotion=torch.tensor(emotion),
            true_shape=torch.from_numpy(around[-1]),
            lips=torch.from_numpy(lips),
            in_sync=torch.tensor(in_sync),
            regions=torch.from_numpy(regions),
        )

    def _identity_shape(self, frame: int, look: Look) -> NDArray[np.float32]:
        """The shape in the still that stands for this frame of the cache, as it was augmented."""
        number = next(
            i for i, c in enumerate(self.cache.clips) if c.first_frame <= frame < c.first_frame + c.frames
        )
        clip = self.cache.clips[number]
        kept = frame // STILL_EVERY_FRAMES * STILL_EVERY_FRAMES
        return _moved(self.shapes[number][kept - clip.first_frame], look, look.of_identity)


def told_shape(
    around: NDArray[np.float32],
    identity_shape: NDArray[np.float32],
    share: float,
    random: np.random.Generator,
) -> NDArray[np.float32]:
    """A shape (70, 2) as hints tell it ``share`` of the way between two packets; NaN where one of them tells nothing.

    around: (3, 70, 2), the true shapes of both packets and of the moment itself. The quantiser's step is drawn.
    """
    tables = load_hint_tables()
    if not np.isfinite(around).all() or not np.isfinite(identity_shape).all():
        return np.full_like(identity_shape, np.nan)
    step = int(random.choice(STEPS[:6]))
    state = np.rint(tables.analyse(around[:2] - identity_shape) / step) * step
    told = state @ tables.modes / (FRACTION << MODE_FRACTION_BITS)
    keys = identity_shape + told.reshape(2, -1, 2)
    shape = np.asarray((1 - share) * keys[0] + share * keys[1], np.float32)
    if not 0 < share < 1:
        return shape
    mouth, eyes = openings(around[2])
    return with_openings(
        shape, float(mouth) + random.normal(0, MOUTH_ERROR), float(eyes) + random.normal(0, EYE_ERROR)
    )


def _moved(shape: NDArray[np.float32], look: Look, affine: NDArray[np.float64]) -> NDArray[np.float32]:
    moved = (shape @ affine[:2, :2].T + affine[:2, 2]).astype(np.float32)
    return mirrored(moved, PICTURE) if look.flip else moved
