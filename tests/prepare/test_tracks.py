"""Faces found now and then become tracks with one box each."""

import cv2
import numpy as np
import pytest

from callcodec.face.detect import Face
from models.training.prepare.shots import ShotDetector
from models.training.prepare.tracks import Look, Track, TrackRules, find_tracks

RULES = TrackRules(least_frames=25, most_frames=1500, least_side_px=128)


def face(x: float, size: float = 100, frontal: bool = True) -> Face:
    """A face whose centre is at (x, 240)."""
    return Face(x - size / 2, 240 - size / 2, size, frontal)


def looks(*faces: Face | None, cuts: tuple[int, ...] = ()) -> list[Look]:
    """One look every five frames; ``cuts``: numbers of looks that begin a shot."""
    return [Look(5 * i, found, i in cuts) for i, found in enumerate(faces)]


def tracks(given: list[Look], rules: TrackRules = RULES) -> list[Track]:
    return find_tracks(given, 5 * len(given), 640, 480, rules)[0]


def reasons(given: list[Look]) -> list[str]:
    return [refusal.reason for refusal in find_tracks(given, 5 * len(given), 640, 480, RULES)[1]]


def test_a_face_that_sways_stays_in_one_box() -> None:
    swaying = [face(320 + 25 * np.sin(i / 3)) for i in range(30)]
    (track,) = tracks(looks(*swaying))
    assert (track.first, track.end) == (0, 150)
    for seen in swaying:
        assert track.box.x <= seen.x + 10
        assert seen.x + seen.size - 10 <= track.box.x + track.box.side


def test_a_cut_ends_a_track_on_its_frame_even_where_the_face_stays() -> None:
    first, second = tracks(looks(*[face(320)] * 20, cuts=(9,)))
    assert (first.first, first.end) == (0, 45)
    assert (second.first, second.end) == (45, 100)


def test_a_face_that_walks_is_split_instead_of_shown_small() -> None:
    found = tracks(looks(*[face(100 + 6 * i) for i in range(60)]))
    assert len(found) > 1
    assert all(track.box.side <= 1.25 * 1.8 * 100 + 1 for track in found)


def test_a_face_that_is_suddenly_elsewhere_is_another_one() -> None:
    found = tracks(looks(*[face(150)] * 10, *[face(450)] * 10))
    assert [track.first for track in found] == [0, 50]
    assert found[0].end <= 50


def test_a_face_that_is_missed_for_a_moment_is_still_there() -> None:
    (track,) = tracks(looks(*[face(320)] * 10, None, None, *[face(320)] * 10))
    assert track.end == 110


def test_a_face_that_is_away_for_longer_begins_a_new_track() -> None:
    assert len(tracks(looks(*[face(320)] * 10, *[None] * 8, *[face(320)] * 10))) == 2


def test_a_long_stretch_becomes_several_tracks() -> None:
    lengths = [t.end - t.first for t in tracks(looks(*[face(320)] * 40), TrackRules(25, 100, 128))]
    assert sum(lengths) > 190
    assert max(lengths) <= 105


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (looks(*[None] * 20), "no face"),
        (looks(face(320), face(320), *[None] * 20), "too short"),
        (looks(*[face(320, 60)] * 20), "small"),
        (looks(*[face(320, frontal=False)] * 20), "not surely"),
        (looks(*[face(320), None, None] * 8), "not surely"),
    ],
)
def test_what_is_no_track_is_told_with_the_reason(given: list[Look], why: str) -> None:
    assert not tracks(given)
    assert any(why in reason for reason in reasons(given))


def test_a_waving_camera_is_no_cut_and_a_cut_is_one() -> None:
    random = np.random.default_rng(0)
    coarse = random.integers(0, 255, (2, 6, 20, 3)).astype(np.uint8)
    scene, elsewhere = (cv2.resize(picture, (600, 180)) for picture in coarse)
    other = elsewhere[:, :300]
    detector = ShotDetector()
    assert not any(detector.is_cut(np.asarray(scene[:, i : i + 300], np.uint8)) for i in range(0, 300, 5))
    assert detector.is_cut(other)
    assert not detector.is_cut(other)
