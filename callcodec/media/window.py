"""The window that shows the other side, through OpenCV."""

from __future__ import annotations

import os
import sys
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from callcodec.media.devices import DeviceError

TITLE = "callcodec"
SIDE_PX = 512
CAPTION_POSITION = (8, SIDE_PX - 12)
KEY_QUIT = ord("q")


class Window:
    """One picture with a line of text on it. ``library``: cv2, or what stands in for it in a test."""

    def __init__(self, library: Any = cv2) -> None:
        """Opens the window. DeviceError where there is no screen."""
        # Without a display Qt ends the process instead of raising.
        if sys.platform.startswith("linux") and not (
            os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
        ):
            raise DeviceError("there is no screen for a window; --no-window does without")
        self._library = library
        try:
            library.namedWindow(TITLE, cv2.WINDOW_AUTOSIZE)
        except cv2.error as error:
            raise DeviceError(f"no window can be opened ({error.err}); --no-window does without") from None

    def show(self, rgb: NDArray[np.uint8], caption: str) -> bool:
        """Shows a (H, W, 3) RGB picture; True when the user wants to quit: key q, or the window was closed."""
        picture = cv2.resize(rgb[:, :, ::-1], (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_LINEAR)
        for colour, width in (((0, 0, 0), 3), ((255, 255, 255), 1)):
            cv2.putText(
                picture, caption, CAPTION_POSITION, cv2.FONT_HERSHEY_SIMPLEX, 0.45, colour, width, cv2.LINE_AA
            )
        self._library.imshow(TITLE, picture)
        pressed = int(self._library.waitKey(1)) & 0xFF
        visible = float(self._library.getWindowProperty(TITLE, cv2.WND_PROP_VISIBLE))
        return pressed == KEY_QUIT or visible < 1

    def close(self) -> None:
        """Closes it."""
        self._library.destroyAllWindows()
