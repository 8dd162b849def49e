"""Streams of OpenH264, where Debian's libopenh264 is installed."""

import pytest

from callcodec.measure.openh264 import is_installed
from tests.h264.comparison import assert_same_as_ffmpeg
from tests.h264.openh264 import openh264
from tests.h264.streams import moving_scene


@pytest.mark.parametrize("kbps", [40, 100, 400])
@pytest.mark.parametrize(("width", "height"), [(256, 256), (176, 144), (130, 98)])
def test_pictures_are_those_of_ffmpeg(kbps: int, width: int, height: int) -> None:
    if not is_installed():
        pytest.skip("libopenh264 is not installed")
    assert len(assert_same_as_ffmpeg(openh264(moving_scene(15, width, height), kbps))) > 0
