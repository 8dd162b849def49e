"""Landmark metrics, blinks, poses and their spread against values worked out by hand."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from callcodec.measure.metrics.blinks import BlinkCount, count_blinks, find_blinks
from callcodec.measure.metrics.head_pose import (
    HEAD,
    LANDMARKS,
    HeadPose,
    camera_matrix,
    head_pose,
    pose_error,
)
from callcodec.measure.metrics.landmarks import correlation, landmark_distance
from callcodec.measure.metrics.spread import estimate


def test_landmark_distance_is_in_units_of_the_outer_eye_corners_distance() -> None:
    original = np.zeros((2, 68, 2), np.float32)
    original[:, 36, 0], original[:, 45, 0] = 100, 150
    shown = original + np.array((3, 4), np.float32)
    assert landmark_distance(shown, original) == pytest.approx([0.1, 0.1])


def test_a_face_that_was_not_found_has_no_distance() -> None:
    original = np.zeros((1, 68, 2), np.float32)
    assert np.isnan(landmark_distance(np.full((1, 68, 2), np.nan, np.float32), original)).all()


def test_correlation_is_pearsons_over_what_is_known() -> None:
    original = np.array((0.0, 1.0, 2.0, 5.0, 3.0, 9.0))
    shown = np.array((1.0, 0.0, 2.0, 4.0, np.nan, 3.0))
    known = [0, 1, 2, 3, 5]
    expected = np.corrcoef(shown[known], original[known])[0, 1]
    assert correlation(shown, original) == pytest.approx(expected)


def test_a_mouth_that_stands_still_follows_nothing() -> None:
    moving, still = np.array((0.1, 0.4, 0.2)), np.full(3, 0.3)
    assert correlation(still, moving) == 0.0
    assert correlation(moving, still) is None


def eyes(*closures: tuple[int, int]) -> NDArray[np.float64]:
    """100 slots of open eyes (0.3), closed to 0.05 from each first to before each stop."""
    opening = np.full(100, 0.3)
    for first, stop in closures:
        opening[first:stop] = 0.05
    return opening


def test_a_blink_is_a_closure_of_at_most_600_ms() -> None:
    assert find_blinks(eyes((10, 14), (40, 56), (97, 100))) == [(10, 14), (97, 100)]


def test_eyes_that_are_not_found_do_not_blink() -> None:
    opening = eyes()
    opening[20:24] = np.nan
    assert find_blinks(opening) == []
    assert find_blinks(np.full(5, np.nan)) == []


def test_blinks_are_shown_when_they_come_within_two_slots() -> None:
    made = eyes((10, 14), (40, 44), (70, 74))
    shown = eyes((15, 18), (47, 50), (85, 88))
    assert count_blinks(shown, made) == BlinkCount(made=3, shown=1, invented=2)
    assert count_blinks(made, made) == BlinkCount(made=3, shown=3, invented=0)
    assert count_blinks(eyes(), made) == BlinkCount(made=3, shown=0, invented=0)


def posed(yaw: float, pitch: float, roll: float) -> NDArray[np.float32]:
    """Landmarks (68, 2) of the general head, turned and seen by the assumed camera."""
    angles = {"x": np.radians(pitch), "y": np.radians(yaw), "z": np.radians(roll)}
    x, y, z = (
        cv2.Rodrigues(np.array([angle if axis == name else 0.0 for axis in "xyz"]))[0]
        for name, angle in angles.items()
    )
    points, _ = cv2.projectPoints(
        HEAD, cv2.Rodrigues(z @ y @ x)[0], np.array((20.0, -10.0, 1200.0)), camera_matrix(256), np.zeros(4)
    )
    landmarks = np.zeros((68, 2), np.float32)
    landmarks[list(LANDMARKS)] = points[:, 0]
    return landmarks


@pytest.mark.parametrize("pose", [(0, 0, 0), (25, -10, 5), (-40, 15, -20), (10, 30, 30)])
def test_the_pose_of_a_turned_head_is_found(pose: tuple[float, float, float]) -> None:
    assert head_pose(posed(*pose)) == pytest.approx(pose, abs=0.05)


def test_there_is_no_pose_without_landmarks() -> None:
    assert head_pose(np.full((68, 2), np.nan, np.float32)) is None


def test_pose_errors_go_the_short_way_round() -> None:
    assert pose_error(HeadPose(3, 179, -10), HeadPose(-2, -179, 10)) == (5, 2, 20)


def test_a_mean_over_clips_comes_with_an_interval_over_people() -> None:
    found = estimate([1.0, 1.0, 1.0, 5.0, None], ["a", "a", "a", "b", "c"])
    assert found is not None
    assert found.mean == 2.0
    assert (found.low, found.high) == (1.0, 5.0)  # two people: a draw may hold only one of them
    assert found.deviation == pytest.approx(np.sqrt(8))
    assert (found.clips, found.people) == (4, 2)


def test_clips_of_one_person_tell_less_than_clips_of_many() -> None:
    values = np.random.default_rng(1).normal(size=40).tolist()
    many = estimate(values, [str(n) for n in range(40)])
    few = estimate(sorted(values), [str(n // 10) for n in range(40)])
    assert many is not None
    assert few is not None
    assert few.high - few.low > 1.5 * (many.high - many.low)


def test_nothing_measured_has_no_mean() -> None:
    assert estimate([None, None], ["a", "b"]) is None
