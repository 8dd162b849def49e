"""Expression hints on their way: what the sender's landmarks are on the other side, slot by slot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class SentHints:
    """``landmarks``: (frames, 68, 2) in pixels as the receiver has them; ``bytes_a_packet``: mean, of face packets."""

    landmarks: NDArray[np.float32]
    bytes_a_packet: float


class HintsChannel(Protocol):
    """One way to send hints; named in the table."""

    @property
    def name(self) -> str:
        """Such as ``coded``."""

    def send(
        self, landmarks: NDArray[np.float32], identity: NDArray[np.float32], key_numbers: Sequence[int]
    ) -> SentHints:
        """Send a clip's ``landmarks`` (frames, 68, 2) with the face packets of the frames ``key_numbers``.

        ``identity``: (68, 2) of the identity image as it was received, which both sides know.
        """


class ExactHints:
    """Every slot's landmarks as the sender found them, for nothing: what hints could give at best."""

    name = "exact"

    def send(
        self,
        landmarks: NDArray[np.float32],
        identity: NDArray[np.float32],  # noqa: ARG002
        key_numbers: Sequence[int],  # noqa: ARG002
    ) -> SentHints:
        """See ``HintsChannel``."""
        return SentHints(landmarks, 0.0)
