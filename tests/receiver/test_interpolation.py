"""Between two low-resolution frames, and after the last one."""

import numpy as np
import pytest
from numpy.typing import NDArray

from receiver.interpolation import MotionAdaptiveInterpolator


def frame(level: int) -> NDArray[np.uint8]:
    return np.full((8, 8, 3), level, np.uint8)


def test_nothing_is_shown_before_the_first_frame() -> None:
    interpolator = MotionAdaptiveInterpolator(0.2)
    assert interpolator.at(0.0) is None
    interpolator.add(1.0, frame(50), 7.0)
    assert interpolator.at(0.9) is None


def test_a_frame_is_itself_at_its_own_time() -> None:
    interpolator = MotionAdaptiveInterpolator(0.2)
    for time_s, level in ((0.0, 51), (0.2, 102), (0.4, 153)):
        interpolator.add(time_s, frame(level), 7.0)
    shown = interpolator.at(0.2)
    assert shown is not None
    assert np.allclose(shown.picture, 0.4)


def test_steady_motion_is_continued_in_a_straight_line() -> None:
    interpolator = MotionAdaptiveInterpolator(0.2)
    for time_s, level in ((0.0, 51), (0.2, 102), (0.4, 153)):
        interpolator.add(time_s, frame(level), 7.0)
    shown = interpolator.at(0.3)
    assert shown is not None
    assert np.allclose(shown.picture, 0.5)


def test_frames_may_come_in_any_order() -> None:
    interpolator = MotionAdaptiveInterpolator(0.2)
    for time_s, level in ((0.4, 153), (0.0, 51), (0.2, 102)):
        interpolator.add(time_s, frame(level), 7.0)
    shown = interpolator.at(0.1)
    assert shown is not None
    assert np.allclose(shown.picture, 0.3)


def test_the_last_frame_is_held_and_ages() -> None:
    interpolator = MotionAdaptiveInterpolator(0.2)
    interpolator.add(1.0, frame(51), 7.0)
    shown = interpolator.at(1.7)
    assert shown is not None
    assert np.allclose(shown.picture, 0.2)
    assert shown.age_s == pytest.approx(0.7)


def test_an_error_is_expected_half_way_between_frames_that_differ() -> None:
    interpolator = MotionAdaptiveInterpolator(0.2)
    interpolator.add(0.0, frame(0), 7.0)
    interpolator.add(0.2, frame(120), 7.0)
    at_frame, half_way = interpolator.at(0.0), interpolator.at(0.1)
    assert at_frame is not None
    assert half_way is not None
    assert at_frame.luma_error < 0.02
    assert half_way.luma_error > 0.05


def test_more_error_is_expected_of_coarser_frames_and_more_of_chroma() -> None:
    fine, coarse = MotionAdaptiveInterpolator(0.2), MotionAdaptiveInterpolator(0.2)
    fine.add(0.0, frame(100), 7.0)
    coarse.add(0.0, frame(100), 14.0)
    of_fine, of_coarse = fine.at(0.0), coarse.at(0.0)
    assert of_fine is not None
    assert of_coarse is not None
    assert of_fine.luma_error < of_fine.chroma_error < of_coarse.chroma_error


def test_memory_is_bounded() -> None:
    interpolator = MotionAdaptiveInterpolator(0.2)
    for i in range(1000):
        interpolator.add(i / 5, frame(i % 256), 7.0)
    assert interpolator.at(190.0) is None
    assert interpolator.at(199.7) is not None
