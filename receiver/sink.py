"""Where pictures and voice go: a screen and a speaker, or files."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from receiver.state import State


@dataclass(frozen=True)
class Shown:
    """What is on the screen during one 40 ms slot.

    ``picture``: (256, 256, 3) uint8, up to 512 where that was sent as H.264. ``lowres``: (S, S, 3) uint8 or None.
    ``media_time_s``: of the sender's timeline, None before the first face. ``fresh``: made for this slot; otherwise the
    picture before is repeated. ``made_in_s``: how long that took. ``note``: why a decoded picture is not restored.
    ``age_s``: how old the newest low-resolution picture was that it was made from.
    """

    slot: int
    wall_s: float
    state: State
    picture: NDArray[np.uint8]
    lowres: NDArray[np.uint8] | None
    media_time_s: float | None
    consistency_error: float
    fresh: bool
    made_in_s: float
    note: str | None = None
    age_s: float = 0.0


class Sink(Protocol):
    """Takes a picture every 40 ms and the voice in small blocks."""

    def show(self, shown: Shown) -> None:
        """Put one picture on the screen."""
        ...

    def play(self, pcm: NDArray[np.int16], media_time_s: float, wall_s: float) -> None:
        """Play mono 16 kHz samples; ``media_time_s``: of the first one, ``wall_s``: when it sounds."""
        ...
