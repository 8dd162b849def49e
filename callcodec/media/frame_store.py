"""Pictures kept losslessly and cheaply while a call runs; they are encoded and scored afterwards."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self, overload

import numpy as np
from numpy.typing import NDArray

_MAGIC = b"callcodec frames"
_HEADER = struct.Struct("<16sII")
_MAX_SIDE_PX = 16_384


class FrameStoreWriter:
    """Appends raw RGB pictures of one size to a file: one `write` a picture, 196,608 bytes at 256×256."""

    def __init__(self, path: str | os.PathLike[str], width: int, height: int) -> None:
        """Creates or empties the file. Raises ValueError on an impossible size, OSError if it cannot."""
        _check_size(width, height)
        self._shape = (height, width, 3)
        # Unbuffered: what was appended is in the file even where the process is killed afterwards.
        self._file = Path(path).open("wb", buffering=0)  # noqa: SIM115 - open until close()
        self._file.write(_HEADER.pack(_MAGIC, width, height))

    def append(self, rgb: NDArray[np.uint8]) -> None:
        """Keeps one uint8 (height, width, 3) picture. Raises ValueError on another shape or type."""
        if rgb.shape != self._shape or rgb.dtype != np.uint8:
            raise ValueError(
                f"a picture of {rgb.dtype} {rgb.shape} was given where uint8 {self._shape} is stored"
            )
        remaining = memoryview(rgb.tobytes())
        while remaining:
            remaining = remaining[self._file.write(remaining) :]

    def close(self) -> None:
        """Closes the file; may be called twice."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class FrameStore(Sequence[NDArray[np.uint8]]):
    """Reads what a `FrameStoreWriter` wrote, any picture at once, without loading the others."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Maps the file. A picture that was cut off at the end does not count.

        Raises:
            ValueError: the file is no frame store.
        """
        path = Path(path)
        with path.open("rb") as file:
            header = file.read(_HEADER.size)
        if len(header) < _HEADER.size or not header.startswith(_MAGIC):
            raise ValueError(f"{path} holds no stored frames")
        _, self.width, self.height = _HEADER.unpack(header)
        _check_size(self.width, self.height)
        count = (path.stat().st_size - _HEADER.size) // (self.width * self.height * 3)
        shape = (count, self.height, self.width, 3)
        # An empty file cannot be mapped.
        self._frames: NDArray[np.uint8] = (
            np.memmap(path, np.uint8, "r", _HEADER.size, shape) if count else np.empty(shape, np.uint8)
        )

    def __len__(self) -> int:
        return len(self._frames)

    @overload
    def __getitem__(self, index: int) -> NDArray[np.uint8]: ...

    @overload
    def __getitem__(self, index: slice) -> list[NDArray[np.uint8]]: ...

    def __getitem__(self, index: int | slice) -> NDArray[np.uint8] | list[NDArray[np.uint8]]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        return np.array(self._frames[index])

    def __iter__(self) -> Iterator[NDArray[np.uint8]]:
        return (self[i] for i in range(len(self)))


def _check_size(width: int, height: int) -> None:
    if not (0 < width <= _MAX_SIDE_PX and 0 < height <= _MAX_SIDE_PX):
        raise ValueError(f"{width}x{height} is no size of a picture")
