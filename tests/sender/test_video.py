"""The outgoing H.264 track."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from callcodec.transport.worker import InlineWorker, T
from sender.video import KEY_INTERVAL_S, MOST_WAITING, VideoSender
from tests.transport.fake_video import FakeVideoLine

PICTURE = np.zeros((256, 256, 3), np.uint8)


class FakeEncoder:
    """Remembers what it was told."""

    def __init__(self, width: int, height: int, kbps: float) -> None:
        self.size = (width, height)
        self.rates = [kbps]
        self.keys: list[bool] = []

    def set_rate(self, kbps: float) -> None:
        if kbps != self.rates[-1]:
            self.rates.append(kbps)

    def encode(self, rgb: NDArray[np.uint8], key: bool = False) -> bytes:  # noqa: ARG002
        self.keys.append(key)
        return b"unit"


class Lazy:
    """A worker that never gets round to its work."""

    def submit(self, work: Callable[[], T], done: Callable[[T], None]) -> None:
        """Nothing."""


class Studio:
    """A sender with a fake line and a fake encoder."""

    def __init__(self, kbps: float = 60) -> None:
        self.line = FakeVideoLine()
        self.encoders: list[FakeEncoder] = []
        self.sender = VideoSender(self.line, kbps, InlineWorker(), self._encoder)
        self.pushed = 0

    @property
    def encoder(self) -> FakeEncoder:
        return self.encoders[0]

    def push(self, count: int = 1) -> None:
        for _ in range(count):
            self.sender.push(PICTURE, self.pushed * 0.04)
            self.pushed += 1

    def _encoder(self, width: int, height: int, kbps: float) -> FakeEncoder:
        self.encoders.append(FakeEncoder(width, height, kbps))
        return self.encoders[-1]


def test_pictures_leave_with_the_timestamps_of_the_media_timeline() -> None:
    studio = Studio()
    studio.push(3)
    assert studio.line.sent == [(b"unit", 0), (b"unit", 3600), (b"unit", 7200)]
    assert studio.encoder.keys == [True, False, False]
    assert studio.sender.figures()["video_units_sent"] == 3


def test_a_request_gives_a_key_frame_and_crossing_ones_no_second() -> None:
    studio = Studio()
    studio.push(20)
    assert studio.line.on_key_frame_wanted is not None
    studio.line.on_key_frame_wanted()
    studio.push(2)
    studio.line.on_key_frame_wanted()
    studio.push(20)
    keys = [number for number, key in enumerate(studio.encoder.keys) if key]
    assert keys == [0, 20, 20 + round(KEY_INTERVAL_S / 0.04)]


def test_a_limit_from_the_other_side_is_kept_down_to_the_lowest_rate() -> None:
    studio = Studio(kbps=100)
    assert studio.line.on_rate_limited is not None
    for limit in (400, 80, 79, 5, 90):
        studio.line.on_rate_limited(limit)
        studio.push()
    assert studio.encoder.rates == [100, 80, 30, 90]


def test_a_machine_that_is_too_slow_leaves_pictures_out() -> None:
    sender = VideoSender(FakeVideoLine(), 60, Lazy())
    for number in range(10):
        sender.push(PICTURE, number * 0.04)
    assert sender.skipped == 10 - MOST_WAITING


@pytest.mark.parametrize("kbps", [29, 201, float("nan")])
def test_a_rate_outside_of_30_to_200_is_a_sentence(kbps: float) -> None:
    with pytest.raises(ValueError, match="30 to 200"):
        VideoSender(FakeVideoLine(), kbps, InlineWorker())


def test_without_a_line_on_the_other_side_h264_is_not_wanted() -> None:
    assert not VideoSender(FakeVideoLine(can_send=False), 60, InlineWorker()).wanted
