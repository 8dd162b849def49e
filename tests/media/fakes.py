"""Stand-ins for sound devices, camera and screen."""

import queue
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray


class FakeStream:
    """A stream of sounddevice whose callback a test calls."""

    def __init__(self, callback: Callable[..., None]) -> None:
        self.callback = callback
        self.closed = False

    def start(self) -> None:
        """See sounddevice."""

    def close(self) -> None:
        self.closed = True


class FakePortAudio:
    """Microphone and speaker, which can be pulled out: ``missing`` holds the kinds of stream that cannot be opened."""

    class PortAudioError(Exception):
        """As sounddevice's."""

    def __init__(self, *missing: str) -> None:
        self.missing = set(missing)
        self.streams: dict[str, FakeStream] = {}
        self.rescans = 0

    def InputStream(self, callback: Callable[..., None], **_: object) -> FakeStream:  # noqa: N802
        return self._open("InputStream", callback)

    def OutputStream(self, callback: Callable[..., None], **_: object) -> FakeStream:  # noqa: N802
        return self._open("OutputStream", callback)

    def hear(self, pcm: NDArray[np.int16]) -> None:
        self.streams["InputStream"].callback(pcm.reshape(-1, 1), len(pcm), None, None)

    def sound(self, samples: int) -> NDArray[np.int16]:
        out = np.full((samples, 1), 7, np.int16)
        self.streams["OutputStream"].callback(out, samples, None, None)
        return out[:, 0]

    def _open(self, kind: str, callback: Callable[..., None]) -> FakeStream:
        if kind in self.missing:
            raise self.PortAudioError("no device")
        self.streams[kind] = FakeStream(callback)
        return self.streams[kind]

    def _terminate(self) -> None:
        """See sounddevice."""

    def _initialize(self) -> None:
        self.rescans += 1


class FakeCapture:
    """A camera that shows what a test puts into it; None: it was pulled out."""

    def __init__(self, pictures: "queue.Queue[NDArray[np.uint8] | None]") -> None:
        self._pictures = pictures
        self.waiting = queue.Queue[None]()

    def isOpened(self) -> bool:  # noqa: N802
        return True

    def read(self) -> tuple[bool, NDArray[np.uint8]]:
        self.waiting.put(None)
        picture = self._pictures.get()
        return picture is not None, np.zeros((2, 2, 3), np.uint8) if picture is None else picture

    def release(self) -> None:
        """See cv2."""


class FakeScreen:
    """The window functions of cv2."""

    def __init__(self) -> None:
        self.shown: list[NDArray[np.uint8]] = []
        self.keys: list[int] = []
        self.visible = 1.0

    def namedWindow(self, *_: object) -> None:  # noqa: N802
        """See cv2."""

    def imshow(self, _: str, picture: NDArray[np.uint8]) -> None:
        self.shown.append(picture)

    def waitKey(self, _: int) -> int:  # noqa: N802
        return self.keys.pop(0) if self.keys else -1

    def getWindowProperty(self, *_: object) -> float:  # noqa: N802
        return self.visible

    def destroyAllWindows(self) -> None:  # noqa: N802
        """See cv2."""
