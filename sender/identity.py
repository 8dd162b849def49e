"""The identity image: which picture is taken, and how it reaches the other side without starving the voice."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from callcodec.face.quality import identity_score
from callcodec.media.still import encode_still
from callcodec.wire.identity import IdentityFormat, make_identity, split_identity

CANDIDATE_INTERVAL = 3  # scoring costs up to 20 ms a picture, and neighbours look alike


@dataclass(frozen=True)
class IdentityImage:
    """The chosen picture, (256, 256, 3) RGB, and the media time at which it was captured (None: given by the user)."""

    picture: NDArray[np.uint8]
    media_time_s: float | None


class IdentityChooser:
    """Keeps the best of the pictures that it is shown for ``within_s`` seconds: sharp, frontal, eyes open."""

    def __init__(self, within_s: float) -> None:
        self._within_s = within_s
        self._started_s: float | None = None
        self._seen = 0
        self._best: tuple[float, IdentityImage] | None = None

    def offer(self, picture: NDArray[np.uint8], media_time_s: float) -> IdentityImage | None:
        """Look at one picture; returns the choice once the time is over."""
        if self._started_s is None:
            self._started_s = media_time_s
        if self._seen % CANDIDATE_INTERVAL == 0:
            score = identity_score(picture)
            if self._best is None or score > self._best[0]:
                self._best = (score, IdentityImage(picture.copy(), media_time_s))
        self._seen += 1
        if self._best is not None and media_time_s - self._started_s >= self._within_s - 1e-6:
            return self._best[1]
        return None


def encode_layers(
    picture: NDArray[np.uint8], layer_bytes: Sequence[int], chunk_bytes: int
) -> list[list[bytes]]:
    """The messages of every layer: each a whole still of ``picture`` in at most its budget, the small one first."""
    layers = []
    for layer, budget in enumerate(layer_bytes):
        still = encode_still(picture, budget)
        identity = make_identity(
            still.data, layer, IdentityFormat[still.format.name], still.width, still.height
        )
        layers.append(split_identity(identity.header, identity.payload, chunk_bytes))
    return layers


class IdentityStream:
    """Sends identity messages one at a time.

    The next chunk leaves only when the one before has arrived, so a link of any rate has at most one chunk
    between two voice packets, and a fast link is not held back by a rate that somebody guessed.
    """

    def __init__(
        self, send: Callable[[bytes], None], under_way_bytes: Callable[[], int], gap_s: float
    ) -> None:
        self._send = send
        self._under_way_bytes = under_way_bytes
        self._gap_s = gap_s
        self._waiting: deque[bytes] = deque()
        self._last_sent_s = float("-inf")
        self.sent_bytes = 0

    def replace(self, messages: Sequence[bytes]) -> None:
        """Send ``messages`` instead of whatever still waits."""
        self._waiting = deque(messages)

    @property
    def waiting(self) -> int:
        """How many messages have not left yet."""
        return len(self._waiting)

    @property
    def done(self) -> bool:
        """True when nothing waits."""
        return not self._waiting

    def tick(self, now_s: float) -> None:
        """Send the next chunk if the last one has arrived and the gap has passed."""
        if self._waiting and now_s - self._last_sent_s >= self._gap_s and self._under_way_bytes() == 0:
            message = self._waiting.popleft()
            self._last_sent_s = now_s
            self.sent_bytes += len(message)
            self._send(message)
