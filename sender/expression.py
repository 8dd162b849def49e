"""The sender's face as hints: where its landmarks are in every picture, told as they differ from the identity's."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from callcodec.face.expression import deviations, openings
from callcodec.face.shape import Shape
from callcodec.wire.face_packet import MAX_REFERENCE_DISTANCE, Rung
from callcodec.wire.hints import EncodedHints, HintReference, Hints, encode_hints

Find = Callable[[NDArray[np.uint8]], Shape | None]
OLDEST_SHAPE_S = 0.1  # a shape that was found this long before a packet's picture still speaks for it


@dataclass(frozen=True)
class Origin:
    """The shape (70, 2) of an identity picture, and the tag that packets know it by (callcodec.wire.hints)."""

    shape: Shape
    tag: int


@dataclass(frozen=True)
class _Sent:
    number: int
    media_time_s: float
    hints: Hints


class ExpressionTracker:
    """Looks at every picture, or at every ``every``-th and those of packets, and writes the hints of face packets.

    ``wanted``: whether the other side reads hints; until then nothing is looked for.
    """

    def __init__(self, find: Find, rung: Rung, max_bytes: int, every: int = 1) -> None:
        self._find = find
        self._rung = rung
        self._max_bytes = max_bytes
        self._every = every
        self.wanted = False
        self._passed = 0  # pictures since the last one that was looked at
        self._seen: list[tuple[float, Shape]] = []  # since the packet before, oldest first
        self._origin: Origin | None = None
        self._previous: _Sent | None = None
        self._sent: dict[int, Hints] = {}

    def use_origin(self, origin: Origin | None) -> None:
        """Tell shapes as they differ from this one from now on; None: tell nothing."""
        self._origin = origin

    def use_rung(self, rung: Rung) -> None:
        """Packets come at another rate from now on."""
        self._rung = rung

    def look(self, picture: NDArray[np.uint8], media_time_s: float, due: bool) -> Shape | None:
        """See one (256, 256, 3) RGB picture: its shape, where one was looked for; without an origin none is.

        due: a packet is made of this picture, so that it is not passed over.
        """
        if self._origin is None or not self.wanted:
            self._seen.clear()
            return None
        self._passed += 1
        if self._passed < self._every and not due:
            return None
        self._passed = 0
        shape = self._find(picture)
        if shape is not None:
            self._seen.append((media_time_s, shape))
        return shape

    def hints(self, number: int, media_time_s: float, reference: int | None) -> bytes | None:
        """The hints of face frame ``number`` (unwrapped), predicted from frame ``reference``'s where it had some.

        None where no face is seen, or before there is an origin.
        """
        seen, previous = self._seen, self._previous
        self._seen, self._previous = [], None
        if self._origin is None or not seen or media_time_s - seen[-1][0] > OLDEST_SHAPE_S:
            return None
        encoded = self._encode(seen, media_time_s, previous, number, reference)
        if encoded is None:
            return None
        self._previous = _Sent(number, media_time_s, encoded.decoded)
        self._sent[number] = encoded.decoded
        for old in [n for n in self._sent if n < number - MAX_REFERENCE_DISTANCE]:
            del self._sent[old]
        # The next packet's in-between openings begin with this picture.
        self._seen = seen[-1:]
        return encoded.payload

    def _encode(
        self,
        seen: list[tuple[float, Shape]],
        media_time_s: float,
        previous: _Sent | None,
        number: int,
        reference: int | None,
    ) -> EncodedHints | None:
        origin = self._origin
        if origin is None:
            return None

        def between(decoded: NDArray[np.float32]) -> NDArray[np.float32]:
            if previous is None or previous.number != number - 1 or previous.hints.origin != origin.tag:
                return np.zeros((2, 0), np.float32)
            inner = _openings_between(
                seen, previous.media_time_s, media_time_s, self._rung.slots_per_frame - 1
            )
            first = origin.shape + previous.hints.displacement()
            return deviations(inner, first, origin.shape + decoded)

        named = None if reference is None else self._sent.get(reference)
        known = None if named is None or reference is None else HintReference(named, number - reference)
        displacement = seen[-1][1] - origin.shape
        return encode_hints(displacement, origin.tag, self._rung, known, between, self._max_bytes)


def _openings_between(
    seen: list[tuple[float, Shape]], first_s: float, last_s: float, count: int
) -> NDArray[np.float32]:
    """(2, count) at even steps between two moments, linear between what was seen."""
    times_s = [time_s for time_s, _ in seen]
    wanted_s = first_s + (last_s - first_s) * np.arange(1, count + 1) / (count + 1)
    start = max(bisect_right(times_s, first_s) - 1, 0)
    found = openings(np.stack([shape for _, shape in seen[start:]]))
    return np.stack([np.interp(wanted_s, times_s[start:], row) for row in found]).astype(np.float32)
