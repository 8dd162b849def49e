"""What a video receiver is fed with and made of in tests."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from callcodec.face.crop import FaceCropper
from callcodec.media.clip import open_clip
from callcodec.media.h264_encoder import H264Encoder
from callcodec.sample import sample_clip
from callcodec.transport.access_units import AccessUnit
from models.restoration.restorer import FacePicture, FacePlanes, Hearing

SIDE = 256


@lru_cache(maxsize=1)
def still() -> NDArray[np.uint8]:
    """(256, 256, 3): the face of the bundled sample, for restorers look for landmarks."""
    return FaceCropper().crop(next(open_clip(sample_clip()).frames()).rgb, 0).rgb


def face(number: int) -> NDArray[np.uint8]:
    """(256, 256, 3): a face that moves a little."""
    return np.roll(still(), round(4 * np.sin(number / 3)), 0)


class Brighter:
    """A restorer that adds eight grey levels, so that it is seen where it was at work."""

    side = SIDE

    def __init__(self, before: int = 0, after: int = 0) -> None:
        self.name = "brighter"
        self.before, self.after = before, after
        self.heard: list[Hearing] = []
        self.informed: list[bool] = []
        """whether the stream was read, for every picture restored"""

    def restore(self, window: Sequence[FacePicture], hearing: Hearing) -> FacePlanes:
        self.heard.append(hearing)
        self.informed.append(window[self.before].codec is not None)
        own = window[self.before].planes
        return FacePlanes(np.minimum(own.y, 247) + np.uint8(8), own.u, own.v)


def units(count: int, keys: Sequence[int] = (), first: int = 0) -> list[AccessUnit]:
    """A stream of 25 pictures a second from media time 0 on; ``keys``: which are IDR pictures besides the first."""
    encoder = H264Encoder(SIDE, SIDE, 60, preset="ultrafast")
    made = []
    for number in range(count):
        is_key = number == 0 or number in keys
        data = encoder.encode(face(number), key=is_key)
        made.append(AccessUnit(data, number * 3600, is_key, False, number * 0.04 + 0.02))
    return made[first:]
