"""Debian's OpenH264 encoder, where it is installed: the other encoder that WebRTC clients use."""

import ctypes
import ctypes.util
from collections.abc import Iterator

import av
import numpy as np

from tests.h264.streams import Image, planes_of

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


def library() -> ctypes.CDLL | None:
    """The library, or None where it is not installed."""
    name = ctypes.util.find_library("openh264")
    return ctypes.CDLL(name) if name else None


def openh264(encoder_library: ctypes.CDLL, frames: list[Image], kbps: int) -> bytes:
    """A Constrained Baseline stream of RGB ``frames`` at ``kbps``."""
    encoder = ctypes.POINTER(ctypes.POINTER(ctypes.c_void_p))()
    assert encoder_library.WelsCreateSVCEncoder(ctypes.byref(encoder)) == 0
    height, width = frames[0].shape[:2]
    parameters = EncoderParameters(CAMERA_VIDEO, width, height, kbps * 1000, BITRATE_MODE, 25.0)
    try:
        assert _call(encoder, INITIALISE, ctypes.byref(parameters)) == 0
        return b"".join(_encoded(encoder, frames))
    finally:
        _call(encoder, UNINITIALISE)
        encoder_library.WelsDestroySVCEncoder(encoder)


def _call(
    encoder: "ctypes._Pointer[ctypes._Pointer[ctypes.c_void_p]]", entry: int, *arguments: object
) -> int:
    """One of the encoder's functions, which take the encoder first."""
    prototype = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, *[ctypes.c_void_p] * len(arguments))
    address = encoder[0][entry]
    return int(prototype(address)(encoder, *arguments))


def _encoded(
    encoder: "ctypes._Pointer[ctypes._Pointer[ctypes.c_void_p]]", frames: list[Image]
) -> Iterator[bytes]:
    for number, image in enumerate(frames):
        frame = av.VideoFrame.from_ndarray(image, format="rgb24").reformat(format="yuv420p")
        planes = [np.ascontiguousarray(plane) for plane in planes_of(frame)]
        picture = SourcePicture(format=I420, width=frame.width, height=frame.height, timestamp_ms=40 * number)
        for index, plane in enumerate(planes):
            picture.stride[index] = plane.shape[1]
            picture.data[index] = plane.ctypes.data
        info = FrameInfo()
        assert _call(encoder, ENCODE, ctypes.byref(picture), ctypes.byref(info)) == 0
        for layer in info.layers[: info.layer_count]:
            yield ctypes.string_at(layer.data, sum(layer.nal_lengths[: layer.nal_count]))
