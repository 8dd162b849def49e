"""Pictures of a track on the voice's timeline, and requests for key frames."""

import pytest

from receiver.key_frame_requests import AGAIN_AFTER_S, KeyFrameRequests
from receiver.video_timeline import VideoTimeline


def test_tracks_that_count_from_the_same_moment_need_no_alignment() -> None:
    timeline = VideoTimeline()
    assert timeline.arrived(90_000, 101.2, 100.0) == pytest.approx(1.0)
    assert timeline.transit_s == pytest.approx(100.2)


def test_before_the_first_voice_timestamps_are_believed() -> None:
    timeline = VideoTimeline()
    assert timeline.transit_s is None
    assert timeline.arrived(180_000, 102.0, None) == pytest.approx(2.0)


def test_tracks_of_strangers_are_laid_beside_each_other_by_their_arrival() -> None:
    timeline = VideoTimeline()
    first = timeline.arrived(2**32 - 3600, 50.0, 10.0)
    second = timeline.arrived(0, 50.04, 10.0)
    assert (first, second) == pytest.approx((40.0, 40.04))
    assert timeline.transit_s == pytest.approx(10.0)


def test_a_request_is_repeated_until_a_key_frame_comes() -> None:
    asked: list[bool] = []
    requests = KeyFrameRequests(lambda: asked.append(True))
    requests.tick(0.0)
    requests.want(1.0)
    requests.want(1.1)
    requests.tick(1.0 + AGAIN_AFTER_S)
    assert len(asked) == 2
    requests.came()
    requests.tick(9.0)
    assert len(asked) == 2
