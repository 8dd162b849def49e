"""Compilation happens once, and can happen before a call."""

from callcodec.h264.preparation import SMALLEST_STREAM, prepare, will_compile
from callcodec.h264.reader import read_pictures
from tests.h264.streams import moving_scene, x264


def test_preparing_compiles_all_that_pictures_need() -> None:
    prepare()
    assert not will_compile()
    assert all(picture.damage is None for picture in read_pictures(x264(moving_scene(2, 32, 32))))


def test_the_smallest_stream_is_one_grey_macroblock() -> None:
    (picture,) = read_pictures(SMALLEST_STREAM)
    assert picture.frame.y.tolist() == [[128] * 16] * 16
