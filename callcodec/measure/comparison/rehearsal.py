"""A clip that is played after a rehearsal: its first second to and fro, so that the call has long begun.

Whatever a call does once (choose and send the identity image, fill its buffers, agree on hints) happens in these six
seconds. None of them is judged or weighed, and all that they show is the first second, which is not judged either.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from callcodec.media.clip import ClipFrame, open_clip
from callcodec.media.timeline import FRAMES_PER_SECOND, SLOT_S
from callcodec.speech import SAMPLE_RATE_HZ
from models.consistency import upsample
from models.reconstructor import PICTURE, Reconstructor

TO_AND_FRO = 3  # refining the identity image takes 5 s over a link of 70 ms one way
REHEARSAL_SLOTS = TO_AND_FRO * 2 * FRAMES_PER_SECOND
REHEARSAL_S = REHEARSAL_SLOTS * SLOT_S
IDENTITY_WITHIN_S = 0.5
"""The identity image is chosen from the clip's first half second: half a second from what is judged first."""
AWAKE_SLOTS = FRAMES_PER_SECOND
"""So long before the clip begins pictures are reconstructed: the identity check looks back that far."""


def rehearsed(frames: Iterator[ClipFrame], limit: int | None = None) -> Iterator[ClipFrame]:
    """The rehearsal, then the first ``limit`` of ``frames``; nothing for a clip of less than a second."""
    opening = [frame.rgb for _, frame in zip(range(FRAMES_PER_SECOND), frames, strict=False)]
    if len(opening) < FRAMES_PER_SECOND:
        return
    number = 0
    for rgb in (opening + opening[::-1]) * TO_AND_FRO + opening[:limit]:
        yield ClipFrame(number, number * SLOT_S, rgb)
        number += 1
    for frame in frames:
        if limit is not None and number >= REHEARSAL_SLOTS + limit:
            return
        yield ClipFrame(number, number * SLOT_S, frame.rgb)
        number += 1


class RehearsedSource:
    """What a sender is given: the clip at ``path`` after its rehearsal; silence while that lasts, or all the time."""

    def __init__(self, path: Path, limit: int | None, silent: bool) -> None:
        clip = open_clip(path)
        heard = None if silent else clip.audio()
        pcm = np.zeros(0, np.int16) if heard is None else heard
        self._pcm = np.concatenate([np.zeros(round(REHEARSAL_S * SAMPLE_RATE_HZ), np.int16), pcm])
        self._frames = rehearsed(clip.frames(), limit)
        self._next = next(self._frames, None)
        self._samples = 0
        self.given = 0

    def pictures(self, until_s: float) -> list[ClipFrame]:
        """The pictures up to ``until_s`` that were not given yet."""
        due = []
        while self._next is not None and self._next.time_s <= until_s + 1e-9:
            due.append(self._next)
            self._next = next(self._frames, None)
        self.given += len(due)
        return due

    def voice(self, until_s: float) -> NDArray[np.int16]:
        """The samples up to ``until_s`` that were not given yet; silence after the last one."""
        count = max(0, int(until_s * SAMPLE_RATE_HZ) - self._samples)
        piece = self._pcm[self._samples : self._samples + count]
        self._samples += count
        return np.concatenate([piece, np.zeros(count - len(piece), np.int16)])

    def finished(self, now_s: float) -> bool:  # noqa: ARG002 - the pictures' clock decides
        """True once the last picture was given."""
        return self._next is None

    def close(self) -> None:
        """Nothing to release: the clip is closed with its iterator."""


class SparingReconstructor:
    """Enlarges until ``awake``, then is ``inner``: pictures that nobody judges are not worth a network's time."""

    def __init__(self, inner: Reconstructor, awake: Callable[[], bool]) -> None:
        self._inner, self._awake = inner, awake
        self.name = inner.name
        self._slept = True

    @property
    def moved(self) -> Tensor | None:
        """Of ``inner``, where its picture was the last."""
        moved: Tensor | None = None if self._slept else getattr(self._inner, "moved", None)
        return moved

    def set_identity(self, rgb: NDArray[np.uint8], shape: NDArray[np.float32] | None = None) -> None:
        """See models.reconstructor.Reconstructor."""
        self._inner.set_identity(rgb, shape)

    def reconstruct(
        self,
        lowres: NDArray[np.float32],
        mel: NDArray[np.float32],
        emotion: int | None = None,
        shape: NDArray[np.float32] | None = None,
    ) -> Tensor:
        """See models.reconstructor.Reconstructor."""
        self._slept = not self._awake()
        if not self._slept:
            return self._inner.reconstruct(lowres, mel, emotion, shape)
        return upsample(torch.from_numpy(lowres[-1]), PICTURE).clamp(0.0, 1.0)
