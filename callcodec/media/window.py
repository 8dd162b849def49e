"""The window of a call, through OpenCV."""

from __future__ import annotations

import os
import sys
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from callcodec.media.devices import DeviceError

TITLE = "callcodec"
NO_KEY = 0xFF


class Window:
    """Shows pictures, tells what was typed into it. ``library``: cv2, or what stands in for it in a test."""

    def __init__(self, library: Any = cv2) -> None:
        """Opens the window. DeviceError where there is no screen."""
        # Without a display Qt ends the process instead of raising.
        if sys.platform.startswith("linux") and not (
            os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
        ):
            raise DeviceError("there is no screen for a window; --no-window does without")
        self._library = library
        try:
            # Without buttons and menus of its own (Qt), which take the keys away.
            library.namedWindow(TITLE, cv2.WINDOW_AUTOSIZE | cv2.WINDOW_GUI_NORMAL)
        except cv2.error as error:
            raise DeviceError(f"no window can be opened ({error.err}); --no-window does without") from None

    def show(self, rgb: NDArray[np.uint8]) -> None:
        """Shows a (H, W, 3) RGB picture as it is, pixel by pixel."""
        self._library.imshow(TITLE, np.ascontiguousarray(rgb[:, :, ::-1]))

    def typed(self) -> str | None:
        """The next character that was typed into the window, if any. Draws what is due; called once a picture."""
        code = int(self._library.waitKey(1)) & 0xFF
        return None if code == NO_KEY else chr(code)

    @property
    def closed(self) -> bool:
        """Whether the user has closed it."""
        return float(self._library.getWindowProperty(TITLE, cv2.WND_PROP_VISIBLE)) < 1

    def close(self) -> None:
        """Closes it."""
        self._library.destroyAllWindows()
