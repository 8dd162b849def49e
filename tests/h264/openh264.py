"""Streams of Debian's OpenH264, where it is installed: the other encoder that WebRTC clients use."""

import av
import numpy as np

from callcodec.measure.openh264 import encode_openh264
from tests.h264.streams import Image


def openh264(frames: list[Image], kbps: int) -> bytes:
    """A Constrained Baseline stream of RGB ``frames`` at ``kbps``."""
    pictures = [
        np.asarray(
            av.VideoFrame.from_ndarray(image, "rgb24").reformat(format="yuv420p").to_ndarray(), np.uint8
        )
        for image in frames
    ]
    return b"".join(encode_openh264(pictures, kbps))
