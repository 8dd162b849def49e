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


def test_what_a_stranger_says_of_its_clocks_is_believed_over_arrivals() -> None:
    timeline = VideoTimeline()
    timeline.arrived(1000 * 90_000, 50.0, 10.0)
    # The video's second 1000 is the voice's 39.9, and one of the counters has wrapped since.
    timeline.align(39.9 - 1000 - 2**32 / 48_000)
    assert timeline.arrived(1001 * 90_000, 51.0, 10.0) == pytest.approx(40.9)
    assert timeline.arrived(1002 * 90_000, 52.0, 10.0) == pytest.approx(41.9)


def test_what_cannot_be_is_not_believed() -> None:
    timeline = VideoTimeline()
    timeline.arrived(1000 * 90_000, 50.0, 10.0)
    timeline.align(300.0)
    assert timeline.arrived(1001 * 90_000, 51.0, 10.0) == pytest.approx(41.0)


def test_reports_change_nothing_where_both_tracks_count_from_the_same_moment() -> None:
    timeline = VideoTimeline()
    timeline.align(0.06)
    assert timeline.arrived(90_000, 101.2, 100.0) == pytest.approx(1.0)
