"""A clip made ready: what was filmed, what arrived at which rate, and the reconstructions that show it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from callcodec.measure.metrics.landmarks import Detector, Points
from callcodec.measure.upsampler.delivery import Delivery, Wire, deliver, identity_image
from callcodec.measure.upsampler.hints import HintsChannel, SentHints
from callcodec.measure.upsampler.methods import Material, Picture, Reconstructed, Switches
from models.reconstructor import Reconstructor
from models.training.cache import ClipCache


@dataclass
class Scene:
    """What one clip's methods share; deliveries, hints and identity images are made when first asked for."""

    cache: ClipCache
    index: int
    detector: Detector
    _deliveries: dict[Wire, Delivery] = field(default_factory=dict)
    _identities: dict[int, Picture] = field(default_factory=dict)
    _points: Points | None = None
    _hints: dict[tuple[str, Wire], SentHints] = field(default_factory=dict)

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
        """What arrives of the landmarks that the sender's detector finds in every frame."""
        key = channel.name, wire
        if key not in self._hints:
            if self._points is None:
                clip = self.cache.clips[self.index]
                frames = [self.cache.frame(clip.first_frame + n) for n in range(clip.frames)]
                self._points = np.stack([self.detector(frame) for frame in frames])
            self._hints[key] = channel.send(
                self._points, self.detector(self.identity()), self.delivery(wire).key_numbers
            )
        return self._hints[key]

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
        return Reconstructed(
            name,
            wire.kbps(delivery.payload_bytes + (hints.bytes_a_packet if hints else 0.0)),
            reconstructor,
            Material(
                delivery,
                self.cache.mel(self.index),
                self.identity(switches.foreign_identity),
                hints.landmarks if hints else None,
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
