"""H.264 as a video call sends it."""

import numpy as np
import pytest
from numpy.typing import NDArray

from callcodec.h264.reader import read_pictures
from callcodec.media.h264_encoder import H264Encoder

SIDE = 96


def moving(count: int) -> list[NDArray[np.uint8]]:
    """A soft pattern that moves, (96, 96, 3)."""
    y, x = np.mgrid[:SIDE, :SIDE]
    return [
        np.stack([(128 + 90 * np.sin((x + 3 * t) / 9) * np.cos(y / (7 + c))) for c in range(3)], -1).astype(
            np.uint8
        )
        for t in range(count)
    ]


def test_every_picture_is_an_access_unit_at_once_and_our_reader_understands_it() -> None:
    encoder = H264Encoder(SIDE, SIDE, 60)
    units = [encoder.encode(picture) for picture in moving(10)]
    assert all(units)
    pictures = list(read_pictures(b"".join(units)))
    assert [picture.damage for picture in pictures] == [None] * 10
    assert [picture.is_idr for picture in pictures] == [True] + [False] * 9


def test_a_key_frame_is_an_idr_picture_that_can_be_decoded_alone() -> None:
    encoder = H264Encoder(SIDE, SIDE, 60)
    units = [encoder.encode(picture, key=number == 5) for number, picture in enumerate(moving(7))]
    (alone, following) = read_pictures(units[5] + units[6])
    assert alone.is_idr
    assert following.damage is None


def test_the_rate_is_kept_and_can_be_changed() -> None:
    rng = np.random.default_rng(1)
    pictures = [rng.integers(0, 255, (SIDE, SIDE, 3), np.uint8) for _ in range(10)] * 5
    encoder = H264Encoder(SIDE, SIDE, 120, preset="ultrafast")
    before = sum(len(encoder.encode(picture)) for picture in pictures)
    encoder.set_rate(60)
    after = sum(len(encoder.encode(picture)) for picture in pictures)
    # Noise cannot be coded in so few bits even at the coarsest step, so only the change is held to the rate.
    assert encoder.kbps == 60
    assert after < 0.75 * before


@pytest.mark.parametrize("size", [(95, 96), (0, 96)])
def test_an_impossible_size_is_a_sentence(size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="even size"):
        H264Encoder(*size, 60)


def test_an_impossible_rate_is_a_sentence() -> None:
    with pytest.raises(ValueError, match="positive"):
        H264Encoder(SIDE, SIDE, 0)
