"""Even windows over uneven arrivals."""

import numpy as np
import pytest

from receiver.key_pictures import KeyPictures


def keys_at(*times_s: float, size: int = 8) -> KeyPictures:
    """Frames whose level is fifty times their moment in seconds."""
    keys = KeyPictures()
    for time_s in times_s:
        keys.add(time_s, np.full((size, size, 3), round(50 * time_s), np.uint8), 7.0)
    return keys


def levels(keys: KeyPictures) -> list[int] | None:
    window = keys.window(len(keys.times_s) - 1, 5, 0.2)
    return None if window is None else [round(float(p[0, 0, 0]) * 255 * 2) for p in window.pictures]


def test_a_window_is_the_last_frames_in_order() -> None:
    assert levels(keys_at(0.0, 0.2, 0.4, 0.6, 0.8, 1.0)) == [20, 40, 60, 80, 100]


def test_frames_may_arrive_in_any_order() -> None:
    assert levels(keys_at(1.0, 0.4, 0.2, 0.8, 0.6)) == [20, 40, 60, 80, 100]


def test_a_single_lost_frame_is_the_mean_of_its_neighbours() -> None:
    assert levels(keys_at(0.2, 0.4, 0.8, 1.0)) == [20, 40, 60, 80, 100]


def test_before_the_first_frame_it_is_repeated() -> None:
    assert levels(keys_at(0.6, 0.8, 1.0)) == [60, 60, 60, 80, 100]


def test_a_window_does_not_reach_over_an_outage() -> None:
    assert levels(keys_at(0.0, 0.8, 1.0)) == [80, 80, 80, 80, 100]


def test_a_camera_may_be_a_little_uneven() -> None:
    assert levels(keys_at(0.18, 0.4, 0.62, 0.8, 1.0)) == [18, 40, 62, 80, 100]


@pytest.mark.parametrize("times_s", [(1.0,), (0.9, 1.0), (0.0, 1.0)])
def test_there_is_no_window_without_two_frames_an_interval_apart(times_s: tuple[float, ...]) -> None:
    assert levels(keys_at(*times_s)) is None


def test_a_moment_lies_between_the_frames_around_it_however_uneven_they_are() -> None:
    window = keys_at(0.2, 0.4, 0.6, 0.83, 1.0).window(4, 5, 0.2)
    assert window is not None
    assert window.position(0.5) == pytest.approx(1.5)
    assert window.position(0.715) == pytest.approx(2.5)
    assert window.position(1.085) == pytest.approx(4.5)


def test_a_moment_before_the_first_frame_has_no_place() -> None:
    window = keys_at(0.6, 0.8, 1.0).window(2, 5, 0.2)
    assert window is not None
    assert window.position(0.5) is None


def test_a_frame_of_the_same_moment_replaces_the_other() -> None:
    keys = keys_at(0.8, 1.0)
    keys.add(1.0, np.full((8, 8, 3), 3, np.uint8), 7.0)
    assert levels(keys) == [80, 80, 80, 80, 6]


def test_another_size_starts_anew() -> None:
    keys = keys_at(0.8, 1.0)
    keys.add(1.2, np.zeros((16, 16, 3), np.uint8), 7.0)
    assert keys.times_s == [1.2]


def test_what_is_older_than_two_seconds_is_forgotten() -> None:
    assert min(keys_at(*(i / 5 for i in range(20))).times_s) == pytest.approx(1.8)
