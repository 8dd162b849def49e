"""Everything that could be on the screen: a reconstructor under given switches, and what one would show without it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from callcodec.measure.codecs.reduced import CodecPoint, Conventional, encode_point
from callcodec.measure.upsampler.delivery import Delivery
from models.consistency import correct
from models.identity_check import animated, identity_error
from models.reconstructor import CompactReconstructor, Reconstructor
from models.training.cache import ClipCache
from models.training.data import WINDOW, voice_window
from receiver.picture import enlarge, to_pixels, weights

ORIGINAL = "original"
AV1_POINT = CodecPoint("svt-av1", 64, 5.0, 63)

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
    emotion: bool = False  # the data set's label is told


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
    identity_shape: NDArray[np.float32] | None = None  # (70, 2)
    shapes: NDArray[np.float32] | None = None  # (frames, 70, 2), as hints tell them
    emotion: int | None = None  # 0..14


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
        self.reconstructor.set_identity(material.identity, material.identity_shape)
        for slot in slots:
            window = material.delivery.window(slot, self.switches.window)
            shape = None if material.shapes is None else material.shapes[slot]
            with torch.inference_mode():
                yield self.reconstructor.reconstruct(window, voice_window(mel, slot), material.emotion, shape)

    def identity_error(self, slots: Sequence[int]) -> float:
        """Median of what tells whether image and frames are of one person (models.identity_check)."""
        errors = []
        for slot, proposed in zip(slots, self.proposals(slots), strict=True):
            newest = self.material.delivery.slots[slot]
            lowres = torch.from_numpy(newest.picture).to(proposed.device)
            shown = animated(self.reconstructor, proposed)
            errors.append(identity_error(shown, lowres, newest.luma_error))
        return float(np.median(errors))

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
class Original:
    """The clip itself: how far the judges agree with the labels, and what no method can surpass."""

    frames: Callable[[int], Picture]
    name: str = ORIGINAL
    kbps: float = 0.0

    def pictures(self, slots: Sequence[int]) -> Iterator[Picture]:
        """See ``Method``."""
        return (self.frames(slot) for slot in slots)


@dataclass(frozen=True)
class Still:
    """The identity image, all the time."""

    identity: Picture
    name: str = "identity repeated"
    kbps: float = 0.0

    def pictures(self, slots: Sequence[int]) -> Iterator[Picture]:
        """See ``Method``."""
        return (self.identity for _ in slots)


def svt_av1(cache: ClipCache, index: int) -> Conventional:
    """SVT-AV1 at its lowest rate, enlarged and held; without the delay of waiting for the next picture.

    Raises RuntimeError where SVT-AV1 is not there.
    """
    clip = cache.clips[index]
    frames = [cache.frame(clip.first_frame + n) for n in range(clip.frames)]
    return encode_point(frames, AV1_POINT, "SVT-AV1 64×64")


def takes_hints(reconstructor: Reconstructor) -> bool:
    """Whether it has a use for the shape of the sender's face and for an emotion; others take and ignore them."""
    return isinstance(reconstructor, CompactReconstructor)


def _heard(mel: NDArray[np.float32], voice: Voice) -> NDArray[np.float32]:
    if voice is Voice.SILENCE:
        return mel[:, :0]
    return np.roll(mel, mel.shape[1] // 2, axis=1) if voice is Voice.SHUFFLED else mel
