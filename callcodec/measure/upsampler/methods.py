"""Everything that could be on the screen: a reconstructor under given switches, and what one would show without it."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from callcodec.measure.svt_av1 import encode_low_delay
from callcodec.measure.upsampler.delivery import Delivery, Wire
from models.consistency import consistency_error, correct
from models.reconstructor import Reconstructor
from models.training.cache import ClipCache
from models.training.data import WINDOW, voice_window
from receiver.picture import enlarge, to_pixels, weights

PICTURE = 256
AV1_SIZE = 64
AV1_FRAMES_PER_SECOND = 5

Picture = NDArray[np.uint8]


class Voice(Enum):
    """What the network hears."""

    OWN = "own"
    SILENCE = "silence"
    SHUFFLED = "shuffled"  # the clip's own, moved by half of the clip


@dataclass(frozen=True)
class Switches:
    """What a reconstructor is given; the defaults are a call's."""

    voice: Voice = Voice.OWN
    foreign_identity: bool = False  # the identity image of another person
    window: int = WINDOW  # how many of its five low-resolution pictures are real
    consistency: bool = True


class Method(Protocol):
    """One way to show a clip. ``kbps``: payload of pictures, the first picture or identity image left out."""

    @property
    def name(self) -> str:
        """As the table calls it."""

    @property
    def kbps(self) -> float:
        """See the class."""

    def pictures(self, slots: Sequence[int]) -> Iterator[Picture]:
        """(256, 256, 3) uint8 for each of ascending ``slots``; the same array again where nothing changed."""


@dataclass(frozen=True)
class Material:
    """What a receiver has of one clip when the network starts."""

    delivery: Delivery
    mel: NDArray[np.float32]
    identity: Picture
    hints: NDArray[np.float32] | None = None  # (frames, 68, 2)


@dataclass(frozen=True)
class Reconstructed:
    """A reconstructor, then the receiver's consistency step."""

    name: str
    kbps: float
    reconstructor: Reconstructor
    material: Material
    switches: Switches
    iterations: int = 1

    def pictures(self, slots: Sequence[int]) -> Iterator[Picture]:
        """See ``Method``."""
        for slot, proposed in zip(slots, self.proposals(slots), strict=True):
            shown = self._corrected(proposed, slot) if self.switches.consistency else proposed
            yield to_pixels(shown.permute(1, 2, 0).cpu().numpy())

    def proposals(self, slots: Sequence[int]) -> Iterator[torch.Tensor]:
        """The network's own pictures, (3, 256, 256) in 0..1."""
        material = self.material
        mel = _heard(material.mel, self.switches.voice)
        self.reconstructor.set_identity(material.identity)
        for slot in slots:
            window = material.delivery.window(slot, self.switches.window)
            extra: dict[str, Any] = {} if material.hints is None else {"hints": material.hints[slot]}
            with torch.inference_mode():
                yield self.reconstructor.reconstruct(window, voice_window(mel, slot), None, **extra)

    def error_before_correction(self, slots: Sequence[int]) -> float:
        """Mean consistency error (RMS, 0..1) of the network's own pictures."""
        errors = [
            consistency_error(proposed, torch.from_numpy(self.material.delivery.slots[slot].picture))
            for slot, proposed in zip(slots, self.proposals(slots), strict=True)
        ]
        return float(np.mean(errors))

    def _corrected(self, proposed: torch.Tensor, slot: int) -> torch.Tensor:
        newest = self.material.delivery.slots[slot]
        luma, chroma = weights(newest)
        lowres = torch.from_numpy(newest.picture).to(proposed.device)
        return correct(proposed, lowres, luma, self.iterations, chroma)


@dataclass(frozen=True)
class Bicubic:
    """The received low-resolution pictures enlarged: the same bytes without a network."""

    kbps: float
    delivery: Delivery
    name: str = "bicubic"

    def pictures(self, slots: Sequence[int]) -> Iterator[Picture]:
        """See ``Method``."""
        return (enlarge(self.delivery.slots[slot].picture) for slot in slots)


@dataclass(frozen=True)
class Still:
    """The identity image, all the time."""

    identity: Picture
    name: str = "identity repeated"
    kbps: float = 0.0

    def pictures(self, slots: Sequence[int]) -> Iterator[Picture]:
        """See ``Method``."""
        return (self.identity for _ in slots)


@dataclass(frozen=True)
class Av1:
    """SVT-AV1 at its lowest rate, 64×64 at 5 FPS, enlarged and held; without the delay of waiting for the next."""

    kbps: float
    enlarged: tuple[Picture, ...]
    every_frames: int
    name: str = "SVT-AV1 64×64"

    def pictures(self, slots: Sequence[int]) -> Iterator[Picture]:
        """See ``Method``."""
        return (self.enlarged[slot // self.every_frames] for slot in slots)


def svt_av1(cache: ClipCache, index: int) -> Av1:
    """Encode a clip of ``cache`` for comparison. Raises RuntimeError where SVT-AV1 is not there."""
    clip, every = cache.clips[index], Wire(AV1_FRAMES_PER_SECOND, 0).every_frames
    small = [
        np.asarray(
            cv2.resize(cache.frame(clip.first_frame + n), (AV1_SIZE, AV1_SIZE), interpolation=cv2.INTER_AREA),
            np.uint8,
        )
        for n in range(0, clip.frames, every)
    ]
    video = encode_low_delay(small, AV1_FRAMES_PER_SECOND)
    size = (PICTURE, PICTURE)
    enlarged = [
        np.asarray(cv2.resize(p, size, interpolation=cv2.INTER_CUBIC), np.uint8) for p in video.pictures
    ]
    return Av1(video.kbps, tuple(enlarged), every)


def takes_hints(reconstructor: Reconstructor) -> bool:
    """Whether it has a use for the sender's landmarks."""
    return "hints" in inspect.signature(reconstructor.reconstruct).parameters


def _heard(mel: NDArray[np.float32], voice: Voice) -> NDArray[np.float32]:
    if voice is Voice.SILENCE:
        return mel[:, :0]
    return np.roll(mel, mel.shape[1] // 2, axis=1) if voice is Voice.SHUFFLED else mel
