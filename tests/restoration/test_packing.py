"""Pictures go onto the grid of 4×4 blocks and come back as they were."""

import av
import numpy as np
import pytest
import torch

from models.restoration.packing import pack_planes, planes_to_rgb, unpack_planes
from models.restoration.restorer import FacePlanes
from models.training.restoration.scores import rgb_of


def planes(side: int = 32) -> FacePlanes:
    random = np.random.default_rng(1)
    y, u, v = (random.integers(16, 236, (n, n), np.uint8) for n in (side, side // 2, side // 2))
    return FacePlanes(y, u, v)


def test_packing_loses_nothing() -> None:
    picture = planes()
    packed = pack_planes(picture)
    assert packed.shape == (1, 24, 8, 8)
    back = unpack_planes(packed)
    for plane in ("y", "u", "v"):
        np.testing.assert_array_equal(getattr(back, plane), getattr(picture, plane))


def test_the_channels_of_a_cell_are_its_block_in_raster_order() -> None:
    picture = planes()
    packed = pack_planes(picture)[0, :, 2, 3] * 255
    np.testing.assert_allclose(packed[:16].reshape(4, 4), picture.y[8:12, 12:16], atol=1e-3)
    np.testing.assert_allclose(packed[20:].reshape(2, 2), picture.v[4:6, 6:8], atol=1e-3)


def test_values_beyond_the_range_are_clamped() -> None:
    assert unpack_planes(torch.full((1, 24, 1, 1), 1.7)).y.max() == 255
    assert unpack_planes(torch.full((1, 24, 1, 1), -0.3)).u.min() == 0


@pytest.mark.parametrize("colour", [(200, 30, 60), (12, 240, 90), (128, 128, 128), (255, 255, 255)])
def test_colours_are_those_that_ffmpeg_means(colour: tuple[int, int, int]) -> None:
    flat = np.full((16, 16, 3), colour, np.uint8)
    shown = av.VideoFrame.from_ndarray(flat, format="rgb24").reformat(format="yuv420p")
    yuv = np.asarray(shown.to_ndarray(), np.uint8)
    chroma = yuv[16:].reshape(2, 8, 8)
    rgb = rgb_of(FacePlanes(yuv[:16], chroma[0], chroma[1]))
    np.testing.assert_allclose(rgb, np.broadcast_to(colour, (16, 16, 3)), atol=3)


def test_grey_has_no_colour() -> None:
    grey = torch.full((1, 1, 4, 4), 0.5)
    neutral = torch.full((1, 1, 2, 2), 128 / 255)
    rgb = planes_to_rgb(grey, neutral, neutral)
    assert float((rgb - rgb[:, :1]).abs().max()) < 1e-6
