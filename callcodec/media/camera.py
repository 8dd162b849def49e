"""The camera, through OpenCV."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from callcodec.media.clip import ClipFrame
from callcodec.media.devices import DeviceError
from callcodec.media.timeline import SLOT_S

RETRY_S = 1.0


class Capture(Protocol):
    """What is used of cv2.VideoCapture."""

    def isOpened(self) -> bool:  # noqa: N802
        """Whether the device is there."""
        ...

    def read(self) -> tuple[bool, NDArray[np.uint8]]:
        """Waits for the next picture, (H, W, 3) BGR."""
        ...

    def release(self) -> None:
        """Lets go of the device."""
        ...


def _open_capture() -> Capture:
    logging = cv2.utils.logging
    before = logging.getLogLevel()
    logging.setLogLevel(logging.LOG_LEVEL_SILENT)  # a page of its own about a camera that is missing
    try:
        capture: Capture = cv2.VideoCapture(0)  # type: ignore[assignment]
    finally:
        logging.setLogLevel(before)
    return capture


class Camera:
    """The newest picture, 25 times a second. While the camera is gone its last picture stays, until it is back."""

    def __init__(
        self,
        open_capture: Callable[[], Capture] = _open_capture,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Opens the system's first camera. DeviceError if there is none. ``say``: told when it goes or comes back."""
        self._open = open_capture
        self._say = say
        self._capture = open_capture()
        self._stop = threading.Event()
        there, newest = self._capture.read() if self._capture.isOpened() else (False, None)
        if not there or newest is None:
            self._capture.release()
            raise DeviceError("no camera can be opened; --video FILE or --video none does without")
        self._newest = newest
        self._next_slot = 0
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def pictures(self, until_s: float) -> list[ClipFrame]:
        """The newest picture if its slot was not given yet, else none."""
        slot = int(until_s / SLOT_S + 1e-6)
        if slot < self._next_slot:
            return []
        self._next_slot = slot + 1
        rgb = np.ascontiguousarray(self._newest[:, :, ::-1])
        return [ClipFrame(slot, slot * SLOT_S, rgb)]

    def finished(self, now_s: float) -> bool:  # noqa: ARG002
        """Never."""
        return False

    def close(self) -> None:
        """Lets go of the device."""
        self._stop.set()
        self._thread.join(timeout=2)

    def _run(self) -> None:
        gone = False
        while not self._stop.is_set():
            there, picture = self._capture.read()
            if there:
                self._newest = picture
                if gone:
                    gone = False
                    self._say("The camera is back.")
                continue
            if not gone:
                gone = True
                self._say("The camera is gone; its last picture is sent until it is back.")
            self._capture.release()
            self._stop.wait(RETRY_S)
            if not self._stop.is_set():
                self._capture = self._open()
        self._capture.release()
