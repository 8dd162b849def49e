"""The libopus shared library through ctypes: where it is found and what its functions look like.

PyAV's wheels carry a libopus but expose neither DTX nor packet-loss concealment, so its file is opened
directly; the system's libopus is the second choice. Nothing is loaded before `load` is called. The constants
stand in opus_defines.h, the same in every libopus 1.x.
"""

import ctypes
import ctypes.util
import importlib.util
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

APPLICATION_VOIP: Final = 2048
SIGNAL_VOICE: Final = 3001

SET_BITRATE: Final = 4002
SET_VBR: Final = 4006
SET_COMPLEXITY: Final = 4010
SET_DTX: Final = 4016
SET_VBR_CONSTRAINT: Final = 4020
SET_SIGNAL: Final = 4024
GET_LOOKAHEAD: Final = 4027

Int16Pointer = ctypes.POINTER(ctypes.c_int16)

# Return type and types of the fixed arguments. opus_encoder_ctl is variadic: once its fixed arguments are
# declared, ctypes passes the others correctly where variadic arguments travel differently (Apple arm64).
_PROTOTYPES: Final[dict[str, tuple[type | None, list[type]]]] = {
    "opus_get_version_string": (ctypes.c_char_p, []),
    "opus_strerror": (ctypes.c_char_p, [ctypes.c_int]),
    "opus_encoder_create": (
        ctypes.c_void_p,
        [ctypes.c_int32, ctypes.c_int, ctypes.c_int, ctypes.POINTER(ctypes.c_int)],
    ),
    "opus_encoder_ctl": (ctypes.c_int, [ctypes.c_void_p, ctypes.c_int]),
    "opus_encode": (
        ctypes.c_int32,
        [ctypes.c_void_p, Int16Pointer, ctypes.c_int, ctypes.c_char_p, ctypes.c_int32],
    ),
    "opus_encoder_destroy": (None, [ctypes.c_void_p]),
    "opus_decoder_create": (ctypes.c_void_p, [ctypes.c_int32, ctypes.c_int, ctypes.POINTER(ctypes.c_int)]),
    "opus_decode": (
        ctypes.c_int,
        [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int32, Int16Pointer, ctypes.c_int, ctypes.c_int],
    ),
    "opus_decoder_destroy": (None, [ctypes.c_void_p]),
    "opus_packet_get_nb_samples": (ctypes.c_int, [ctypes.c_char_p, ctypes.c_int32, ctypes.c_int32]),
}


class OpusError(ValueError):
    """A packet, a frame or a setting that Opus cannot take, or no libopus on this machine."""


@cache
def load() -> ctypes.CDLL:
    """The library with its prototypes declared; opened once a process.

    Raises OpusError when no usable libopus is found.
    """
    for path in _candidates():
        try:
            library = ctypes.CDLL(path)
            for name, (result, arguments) in _PROTOTYPES.items():
                function = getattr(library, name)
                function.restype = result
                function.argtypes = arguments
        except (OSError, AttributeError):
            continue
        return library
    raise OpusError(
        "no libopus was found: install PyAV from its wheel (pip install av), or the system's library "
        "(Debian: apt install libopus0, macOS: brew install opus)"
    )


def error_text(code: int) -> str:
    """libopus' own words for a negative return code."""
    text: bytes = load().opus_strerror(code)
    return text.decode("ascii", "replace")


def _candidates() -> Iterator[str]:
    av = importlib.util.find_spec("av")  # finds the folder without importing PyAV
    for location in (av.submodule_search_locations or []) if av else []:
        package = Path(location)
        for folder in (package.parent / "av.libs", package / ".dylibs"):
            yield from (str(path) for path in sorted(folder.glob("*opus*")))
    system = ctypes.util.find_library("opus")
    if system:
        yield system
