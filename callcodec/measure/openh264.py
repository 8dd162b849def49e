"""OpenH264's encoder, where the system has it (Debian: libopenh264-7): the other encoder of WebRTC clients.

Codecs' own bindings want a compiler; the four functions that are needed are called through ctypes.
"""

from __future__ import annotations

import ctypes
import ctypes.util
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

CAMERA_VIDEO, BITRATE_MODE, I420 = 0, 1, 23
INITIALISE, UNINITIALISE, ENCODE = 0, 3, 4  # entries of ISVCEncoderVtbl
MOST_LAYERS = 128


class EncoderParameters(ctypes.Structure):
    """SEncParamBase."""

    _fields_ = (
        ("usage_type", ctypes.c_int),
        ("width", ctypes.c_int),
        ("height", ctypes.c_int),
        ("target_bitrate", ctypes.c_int),
        ("rate_control", ctypes.c_int),
        ("frame_rate", ctypes.c_float),
    )


class SourcePicture(ctypes.Structure):
    """SSourcePicture."""

    _fields_ = (
        ("format", ctypes.c_int),
        ("stride", ctypes.c_int * 4),
        ("data", ctypes.c_void_p * 4),
        ("width", ctypes.c_int),
        ("height", ctypes.c_int),
        ("timestamp_ms", ctypes.c_longlong),
    )


class Layer(ctypes.Structure):
    """SLayerBSInfo."""

    _fields_ = (
        ("ids", ctypes.c_ubyte * 3),
        ("frame_type", ctypes.c_int),
        ("layer_type", ctypes.c_ubyte),
        ("sub_sequence", ctypes.c_int),
        ("nal_count", ctypes.c_int),
        ("nal_lengths", ctypes.POINTER(ctypes.c_int)),
        ("data", ctypes.POINTER(ctypes.c_ubyte)),
    )


class FrameInfo(ctypes.Structure):
    """SFrameBSInfo, with room behind it for what later versions append."""

    _fields_ = (
        ("layer_count", ctypes.c_int),
        ("layers", Layer * MOST_LAYERS),
        ("frame_type", ctypes.c_int),
        ("bytes", ctypes.c_int),
        ("timestamp_ms", ctypes.c_longlong),
        ("reserved", ctypes.c_ubyte * 4096),
    )


class EncoderUnavailableError(ValueError):
    """OpenH264 is not installed, or refused to work."""


def is_installed() -> bool:
    """Whether there is an OpenH264 on this machine."""
    return ctypes.util.find_library("openh264") is not None


def encode_openh264(pictures: Sequence[NDArray[np.uint8]], kbps: float) -> list[bytes]:
    """Access units, in Constrained Baseline, of I420 pictures (3H/2, W), 25 a second; empty where it left one out.

    Raises EncoderUnavailableError.
    """
    name = ctypes.util.find_library("openh264")
    if name is None:
        raise EncoderUnavailableError("OpenH264 is not installed (Debian: libopenh264-7)")
    library = ctypes.CDLL(name)
    encoder = ctypes.POINTER(ctypes.POINTER(ctypes.c_void_p))()
    if library.WelsCreateSVCEncoder(ctypes.byref(encoder)) != 0:
        raise EncoderUnavailableError("OpenH264 gives no encoder")
    height, width = pictures[0].shape[0] * 2 // 3, pictures[0].shape[1]
    parameters = EncoderParameters(CAMERA_VIDEO, width, height, round(kbps * 1000), BITRATE_MODE, 25.0)
    try:
        if _call(encoder, INITIALISE, ctypes.byref(parameters)) != 0:
            raise EncoderUnavailableError(f"OpenH264 refuses {width}×{height} at {kbps:g} kbps")
        return list(_encoded(encoder, pictures))
    finally:
        _call(encoder, UNINITIALISE)
        library.WelsDestroySVCEncoder(encoder)


def _call(encoder: ctypes._Pointer[ctypes._Pointer[ctypes.c_void_p]], entry: int, *arguments: object) -> int:
    """One of the encoder's functions, which take the encoder first."""
    prototype = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, *[ctypes.c_void_p] * len(arguments))
    address = encoder[0][entry]
    return int(prototype(address)(encoder, *arguments))


def _encoded(
    encoder: ctypes._Pointer[ctypes._Pointer[ctypes.c_void_p]], pictures: Sequence[NDArray[np.uint8]]
) -> Iterator[bytes]:
    """One access unit a picture."""
    for number, i420 in enumerate(pictures):
        height, width = i420.shape[0] * 2 // 3, i420.shape[1]
        chroma = i420[height:].reshape(2, height // 2, width // 2)
        planes = [np.ascontiguousarray(plane) for plane in (i420[:height], *chroma)]
        source = SourcePicture(format=I420, width=width, height=height, timestamp_ms=40 * number)
        for index, plane in enumerate(planes):
            source.stride[index] = plane.shape[1]
            source.data[index] = plane.ctypes.data
        info = FrameInfo()
        if _call(encoder, ENCODE, ctypes.byref(source), ctypes.byref(info)) != 0:
            raise EncoderUnavailableError("OpenH264 failed to encode a picture")
        yield b"".join(
            ctypes.string_at(layer.data, sum(layer.nal_lengths[: layer.nal_count]))
            for layer in info.layers[: info.layer_count]
        )
