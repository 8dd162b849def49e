"""What all devices of this machine have in common: they may be missing."""

from __future__ import annotations

import importlib
from typing import Any


class DeviceError(OSError):
    """A device cannot be used; the sentence says what to do without it."""


def load_sounddevice() -> Any:
    """The sounddevice library. DeviceError if it or PortAudio is not installed."""
    try:
        return importlib.import_module("sounddevice")
    except ImportError:
        raise DeviceError(
            "sound devices need the sounddevice package: pip install 'callcodec[devices]'"
        ) from None
    except OSError:
        raise DeviceError(
            "sound devices need the PortAudio library; on Debian and Ubuntu: apt install libportaudio2"
        ) from None
