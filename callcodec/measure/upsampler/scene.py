"""A clip made ready: what was filmed, what arrived at which rate, and the reconstructions that show it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from callcodec.face.shape import SHAPE_POINTS, Shape
from callcodec.measure.metrics.landmarks import Points
from callcodec.measure.upsampler.delivery import Delivery, Wire, deliver, identity_image
from callcodec.measure.upsampler.hints import HintsChannel, SentHints
from callcodec.measure.upsampler.methods import Material, Picture, Reconstructed, Switches
from models.reconstructor import Reconstructor
from models.training.cache import ClipCache
from models.training.emotion_labels import UNKNOWN, emotion_state

FindShape = Callable[[Picture], Shape | None]
"""As a call's sender and receiver do it: (256, 256, 3) uint8 → (70, 2), None where no face is seen."""


@dataclass
class Scene:
    """What one clip's methods share; deliveries, hints and identity images are made when first asked for."""

    cache: ClipCache
    index: int
    find_shape: FindShape
    _deliveries: dict[Wire, Delivery] = field(default_factory=dict)
    _identities: dict[int, Picture] = field(default_factory=dict)
    _shapes: Points | None = None
    _hints: dict[tuple[str, int], SentHints] = field(default_factory=dict)

    def delivery(self, wire: Wire) -> Delivery:
        """What arrives under ``wire``."""
        if wire not in self._deliveries:
            self._deliveries[wire] = deliver(self.cache, self.index, wire)
        return self._deliveries[wire]

    def identity(self, foreign: bool = False) -> Picture:
        """The identity image as it arrives; ``foreign``: that of the next clip with another person."""
        index = self._foreign_clip() if foreign else self.index
        if index not in self._identities:
            self._identities[index] = identity_image(self.cache, index)
        return self._identities[index]

    def hints(self, channel: HintsChannel, wire: Wire) -> SentHints:
        """What arrives of the shapes that a sender finds in every frame."""
        key = channel.name, wire.every_frames
        if key not in self._hints:
            clip = self.cache.clips[self.index]
            if self._shapes is None:
                frames = (self.cache.frame(clip.first_frame + n) for n in range(clip.frames))
                self._shapes = np.stack([self._shape(frame) for frame in frames])
            self._hints[key] = channel.send(self._shapes, self._shape(self.identity()), wire.every_frames)
        return self._hints[key]

    @property
    def emotion(self) -> int | None:
        """The data set's label as a state 0..14; None where there is none."""
        state = emotion_state(self.cache.clips[self.index].emotion)
        return None if state == UNKNOWN else state

    def _shape(self, picture: Picture) -> Points:
        """(70, 2), NaN where no face is seen."""
        found = self.find_shape(picture)
        return np.full((SHAPE_POINTS, 2), np.nan, np.float32) if found is None else found

    def reconstructed(
        self,
        name: str,
        reconstructor: Reconstructor,
        wire: Wire,
        switches: Switches | None = None,
        channel: HintsChannel | None = None,
    ) -> Reconstructed:
        """The clip as ``reconstructor`` shows it."""
        switches = switches or Switches()
        delivery = self.delivery(wire)
        hints = None if channel is None else self.hints(channel, wire)
        identity = self.identity(switches.foreign_identity)
        return Reconstructed(
            name,
            wire.kbps(delivery.payload_bytes + (hints.bytes_a_packet if hints else 0.0)),
            reconstructor,
            Material(
                delivery,
                self.cache.mel(self.index),
                identity,
                self.find_shape(identity),
                hints.shapes if hints else None,
                self.emotion if switches.emotion else None,
            ),
            switches,
        )

    def _foreign_clip(self) -> int:
        clips = self.cache.clips
        others: Sequence[int] = [*range(self.index + 1, len(clips)), *range(self.index)]
        found = next((i for i in others if clips[i].person != clips[self.index].person), None)
        if found is None:
            raise ValueError("another person's identity image was asked for, but all clips are of one person")
        return found
