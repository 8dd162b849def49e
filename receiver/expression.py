"""The other side's face at any moment: hints, the identity pictures' shapes that they start from, and time."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import OrderedDict
from dataclasses import dataclass

from callcodec.face.expression import Deviations, shape_between
from callcodec.face.shape import Shape
from callcodec.wire.hints import Hints

HISTORY_S = 2.0
OLDEST_S = 0.6  # a shape says nothing about moments farther from it than this
ORIGINS_KEPT = 4


@dataclass(frozen=True)
class _Key:
    number: int
    hints: Hints


class ExpressionTimeline:
    """Hints by media time. What is not known is None: a network then tells the shape itself."""

    def __init__(self) -> None:
        self._times_s: list[float] = []
        self._keys: list[_Key] = []
        self._origins: OrderedDict[int, Shape | None] = OrderedDict()

    def know_origin(self, tag: int, shape: Shape | None) -> None:
        """The shape (70, 2) of the identity picture with this tag; None where no face was found in it."""
        self._origins[tag] = shape
        self._origins.move_to_end(tag)
        while len(self._origins) > ORIGINS_KEPT:
            self._origins.popitem(last=False)

    def add(self, number: int, media_time_s: float, hints: Hints) -> None:
        """Take the hints of face frame ``number`` (unwrapped), in any order."""
        index = bisect_left(self._times_s, media_time_s)
        if index < len(self._times_s) and self._times_s[index] == media_time_s:
            self._keys[index] = _Key(number, hints)
            return
        self._times_s.insert(index, media_time_s)
        self._keys.insert(index, _Key(number, hints))
        while self._times_s[-1] - self._times_s[0] > HISTORY_S:
            del self._times_s[0], self._keys[0]

    def at(self, media_time_s: float) -> Shape | None:
        """The shape (70, 2) at a media time; held after the last hints, unknown 0.6 s after them."""
        before = bisect_right(self._times_s, media_time_s) - 1
        if before < 0:
            return None
        first_s, first = self._times_s[before], self._shape(before)
        after = before + 1
        if after < len(self._keys) and first is not None:
            last_s, last = self._times_s[after], self._shape(after)
            if last is not None and last_s - first_s <= 2 * OLDEST_S:
                phase = (media_time_s - first_s) / (last_s - first_s)
                return shape_between(first, last, phase, self._told(before, after))
        return first if media_time_s - first_s <= OLDEST_S else None

    def _shape(self, index: int) -> Shape | None:
        hints = self._keys[index].hints
        origin = self._origins.get(hints.origin)
        return None if origin is None else origin + hints.displacement()

    def _told(self, before: int, after: int) -> Deviations | None:
        """What the later packet says of the openings since the one before it, where that is the earlier one here."""
        first, last = self._keys[before], self._keys[after]
        if last.number != first.number + 1 or last.hints.origin != first.hints.origin:
            return None
        return last.hints.openings()
