"""What was computed of the last few objects."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")
FACES = 3  # of one picture that are restored in turn, each from a window of its own


class Recent(Generic[Key, Value]):
    """``compute`` of an object, once for as long as the object is among the last few that were asked for.

    ``most``: objects in the window of one face; as many are kept for each of three faces.
    """

    def __init__(self, most: int, compute: Callable[[Key], Value]) -> None:
        self._compute = compute
        self._kept: deque[tuple[Key, Value]] = deque(maxlen=most * FACES)

    def __call__(self, key: Key) -> Value:
        """The value of just this object (identity, not equality)."""
        for kept, value in self._kept:
            if kept is key:
                return value
        value = self._compute(key)
        self._kept.append((key, value))
        return value
