"""Expression hints on their way: what the shape of the sender's face is on the other side, slot by slot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from callcodec.wire.face_packet import MAX_HINTS_BYTES, RUNGS
from models.training.evaluate import REFERENCE_AGE_FRAMES
from models.training.hint_delivery import simulate_hints


@dataclass(frozen=True)
class SentHints:
    """``shapes``: (frames, 70, 2) in pixels as the receiver has them; ``bytes_a_packet``: mean, of face packets."""

    shapes: NDArray[np.float32]
    bytes_a_packet: float


class HintsChannel(Protocol):
    """One way to send hints; named in the table."""

    @property
    def name(self) -> str:
        """Such as ``coded``."""

    def send(
        self, shapes: NDArray[np.float32], identity: NDArray[np.float32], every_frames: int
    ) -> SentHints:
        """Send a clip's ``shapes`` (frames, 70, 2): landmarks and irises; a packet every ``every_frames`` slots.

        ``identity``: (70, 2) of the identity image as it was received, which both sides know.
        """


@dataclass(frozen=True)
class CodedHints:
    """Through the codec, predicted from what was sent 400 ms before; what is unknown at the end is held."""

    max_bytes: int = MAX_HINTS_BYTES
    name: str = "coded"

    def send(
        self, shapes: NDArray[np.float32], identity: NDArray[np.float32], every_frames: int
    ) -> SentHints:
        """See ``HintsChannel``. ValueError for a rate that no rung has."""
        rung = next((rung for rung in RUNGS if rung.slots_per_frame == every_frames), None)
        if rung is None:
            raise ValueError(f"hints do not travel every {every_frames} slots")
        distance = REFERENCE_AGE_FRAMES // every_frames
        told = simulate_hints(shapes, identity, rung, self.max_bytes, distance)
        return SentHints(_held(told.shapes), float(np.mean(told.packet_bytes)))


class ExactHints:
    """Every slot's shape as the sender found it, for nothing: what hints could give at best."""

    name = "exact, free"

    def send(
        self,
        shapes: NDArray[np.float32],
        identity: NDArray[np.float32],  # noqa: ARG002
        every_frames: int,  # noqa: ARG002
    ) -> SentHints:
        """See ``HintsChannel``."""
        return SentHints(_held(shapes), 0.0)


def hints_channels(max_bytes: int = MAX_HINTS_BYTES) -> Sequence[HintsChannel]:
    """All of them, the one that calls use first; ``max_bytes``: of a packet's hints."""
    return CodedHints(max_bytes), ExactHints()


def _held(shapes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Unknown slots (NaN) take what was known before them, the first ones what comes after."""
    known = np.flatnonzero(np.isfinite(shapes).all((1, 2)))
    if not len(known):  # the identity image's face was not found: such a call has no hints
        return shapes
    before = np.searchsorted(known, np.arange(len(shapes)), side="right") - 1
    return np.asarray(shapes[known[np.maximum(before, 0)]])
