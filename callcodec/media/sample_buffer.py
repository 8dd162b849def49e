"""Samples on their way between a sound card's thread and the call's."""

from __future__ import annotations

import threading
from collections import deque

import numpy as np
from numpy.typing import NDArray


class SampleBuffer:
    """A queue of int16 samples, at most `limit` long: when it is full, the oldest are lost. Safe between threads."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._blocks: deque[NDArray[np.int16]] = deque()
        self._length = 0
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return self._length

    def push(self, pcm: NDArray[np.int16]) -> None:
        """Appends a copy of `pcm`, (samples,)."""
        with self._lock:
            self._blocks.append(pcm.copy())
            self._length += len(pcm)
            if self._length > self._limit:
                self._take(self._length - self._limit)

    def pull(self, count: int) -> NDArray[np.int16]:
        """Removes the oldest samples, `count` or as many as there are."""
        with self._lock:
            return self._take(min(count, self._length))

    def clear(self) -> None:
        """Forgets everything."""
        with self._lock:
            self._take(self._length)

    def _take(self, count: int) -> NDArray[np.int16]:
        taken: list[NDArray[np.int16]] = [np.zeros(0, np.int16)]
        self._length -= count
        while count > 0:
            block = self._blocks.popleft()
            if len(block) > count:
                self._blocks.appendleft(block[count:])
                block = block[:count]
            taken.append(block)
            count -= len(block)
        return np.concatenate(taken)
