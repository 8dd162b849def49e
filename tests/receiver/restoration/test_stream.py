"""A stream is restored picture by picture: windows, delay, voice, faces that come and go, slow machines."""

from collections.abc import Iterator

import numpy as np
import pytest

from callcodec.face.detect import Face
from models.restoration.restorer import Unrestored
from receiver.restoration.faces import FaceFollower
from receiver.restoration.hearing import recorded, voice_around
from receiver.restoration.pace import FIRST_PAUSE_S, Pace
from receiver.restoration.pictures import DecodedPicture
from receiver.restoration.stream import NO_FACE, StreamRestorer
from tests.h264.streams import moving_scene
from tests.receiver.restoration.streams import (
    Enlarge,
    KnownFaces,
    Shift,
    SteadyLandmarks,
    access_units,
    decoded,
    planes_of,
)


def pictures(count: int, width: int = 256, height: int = 256) -> list[DecodedPicture]:
    return [
        DecodedPicture(planes_of(rgb), 0.04 * n) for n, rgb in enumerate(moving_scene(count, width, height))
    ]


def follower(*faces: Face, confidences: Iterator[float] | None = None, side: int = 256) -> FaceFollower:
    return FaceFollower(side, KnownFaces(*faces), SteadyLandmarks(confidences))


def test_every_picture_comes_out_in_order_after_the_stated_delay() -> None:
    stream = StreamRestorer(Shift(10), follower=follower())
    given = [stream.push(picture) for picture in pictures(6)]
    assert stream.delay_pictures == 2
    assert [len(some) for some in given] == [0, 0, 1, 1, 1, 1]
    assert [one.time_s for some in [*given, stream.flush()] for one in some] == [0.04 * n for n in range(6)]


def test_a_causal_stream_holds_nothing_back() -> None:
    restorer = Shift(10)
    stream = StreamRestorer(restorer, causal=True, follower=follower())
    assert stream.delay_pictures == 0
    assert all(len(stream.push(picture)) == 1 for picture in pictures(3))
    assert restorer.windows[2][2] is restorer.windows[2][3] is restorer.windows[2][4]


def test_windows_hold_the_pictures_around_and_the_nearest_at_the_ends() -> None:
    restorer = Shift(10)
    stream = StreamRestorer(restorer, follower=follower())
    source = pictures(6)
    for picture in source:
        stream.push(picture)
    stream.flush()
    lumas = [picture.planes.y for picture in source]
    shown = [
        [next(n for n, luma in enumerate(lumas) if np.array_equal(luma, one.planes.y)) for one in window]
        for window in restorer.windows
    ]
    assert shown == [
        [0, 0, 0, 1, 2],
        [0, 0, 1, 2, 3],
        [0, 1, 2, 3, 4],
        [1, 2, 3, 4, 5],
        [2, 3, 4, 5, 5],
        [3, 4, 5, 5, 5],
    ]
    assert restorer.windows[0][4] is restorer.windows[2][2]  # one object a picture: its features are kept


def test_a_face_crop_goes_through_without_resampling() -> None:
    stream = StreamRestorer(Shift(10, 0, 0), follower=follower())
    (restored,) = stream.push(pictures(1)[0])
    assert np.array_equal(restored.planes.y, np.clip(restored.decoded.y.astype(int) + 10, 0, 255))
    assert restored.faces == 1
    assert restored.note is None


def test_knowledge_of_a_crop_reaches_the_restorer_whole() -> None:
    restorer = Shift(0, 0, 0)
    stream = StreamRestorer(restorer, follower=follower())
    for picture in decoded(access_units(moving_scene(2, 256, 256))):
        stream.push(picture)
    codec = restorer.windows[1][0].codec
    assert codec is not None
    assert codec.quantised is not None


@pytest.mark.parametrize("size", [(640, 360), (641, 363), (300, 500)])
def test_a_face_in_a_larger_picture_is_restored_in_place(size: tuple[int, int]) -> None:
    width, height = size
    even = pictures(1, width & ~1, height & ~1)[0].planes
    planes = type(even)(
        np.pad(even.y, ((0, height % 2), (0, width % 2)), mode="edge"),
        *(np.pad(c, ((0, height % 2), (0, width % 2)), mode="edge") for c in (even.u, even.v)),
    )
    face = Face(120, 90, 60)
    stream = StreamRestorer(Shift(30, 0, 0), follower=follower(face))
    (restored,) = stream.push(DecodedPicture(planes, 0.0))
    assert restored.faces == 1
    change = restored.planes.y.astype(int) - planes.y
    assert restored.planes.y.shape == planes.y.shape
    assert change[110:130, 140:160].max() == pytest.approx(30, abs=3)
    rows, _ = np.nonzero(change)
    assert rows.max() - rows.min() < 0.7 * height
    assert np.array_equal(restored.planes.u, planes.u)


def test_several_faces_are_each_restored() -> None:
    faces = (Face(80, 100, 70), Face(420, 120, 90))
    restorer = Shift(30, 0, 0)
    stream = StreamRestorer(restorer, follower=follower(*faces))
    (restored,) = stream.push(pictures(1, 640, 360)[0])
    assert restored.faces == 2
    assert len(restorer.windows) == 2


def test_without_a_face_the_decoded_picture_is_shown_and_that_is_said() -> None:
    stream = StreamRestorer(Shift(30, 0, 0), follower=follower())
    picture = pictures(1, 640, 360)[0]
    (restored,) = stream.push(picture)
    assert restored.planes is picture.planes
    assert restored.note == NO_FACE


def test_a_face_that_is_lost_fades_out_and_is_given_up() -> None:
    confidences = iter([0.9] * 5 + [0.0] * 60)
    stream = StreamRestorer(Shift(40, 0, 0), follower=follower(Face(200, 100, 80), confidences=confidences))
    changes = []
    source = pictures(1, 640, 360)[0]
    for _ in range(12):
        (restored,) = stream.push(source)
        changes.append(int((restored.planes.y.astype(int) - source.planes.y).max()))
    assert changes[0] == 40
    assert changes[-1] == 0
    assert sorted(changes, reverse=True) == changes
    assert len(set(changes)) >= 4


def test_a_found_face_is_not_searched_again_for_every_picture() -> None:
    faces = KnownFaces(Face(200, 100, 80))
    stream = StreamRestorer(Shift(1), follower=FaceFollower(256, faces, SteadyLandmarks()))
    for picture in pictures(10, 640, 360):
        stream.push(picture)
    assert faces.asked == 1


def test_an_enlarging_restorer_enlarges_the_whole_picture() -> None:
    stream = StreamRestorer(Enlarge(), follower=follower(side=64))
    given = [one for picture in pictures(3, 64, 64) for one in stream.push(picture)] + stream.flush()
    assert [one.planes.y.shape for one in given] == [(256, 256)] * 3
    assert np.array_equal(given[0].planes.y[::4, ::4], pictures(1, 64, 64)[0].planes.y)
    assert given[0].decoded.y.shape == (256, 256)


def test_pictures_of_another_size_begin_anew() -> None:
    stream = StreamRestorer(Shift(10), follower=follower())
    given = [one for picture in pictures(3) for one in stream.push(picture)]
    given += [one for picture in pictures(3, 320, 288) for one in stream.push(picture)]
    given += stream.flush()
    assert [one.planes.y.shape for one in given] == [(256, 256)] * 3 + [(288, 320)] * 3


def test_unrestored_pictures_are_the_decoded_ones() -> None:
    stream = StreamRestorer(Unrestored(), follower=follower())
    picture = pictures(1)[0]
    (shown,) = stream.push(picture)
    assert shown.planes is picture.planes
    assert shown.note is None


def test_the_voice_is_heard_around_the_picture() -> None:
    pcm = np.zeros(16_000, np.int16)
    pcm[8_000:8_160] = 20_000 * np.sign(np.sin(np.arange(160)))  # a click at 0.5 s
    heard = voice_around(recorded(pcm), 0.48)
    assert heard.shape == (21, 13)
    assert int(heard[:, 0].argmax()) in (11, 12, 13)
    restorer = Shift(10, 0, 0)
    stream = StreamRestorer(restorer, voice=recorded(pcm), emotion=3, follower=follower())
    stream.push(DecodedPicture(pictures(1)[0].planes, 0.48))
    hearing = restorer.heard[0]
    assert hearing.voice is not None
    assert np.array_equal(hearing.voice, heard)
    assert hearing.emotion == 3
    assert hearing.landmarks is not None
    assert hearing.landmarks.shape == (68, 2)


def test_a_voice_that_ends_early_is_silence() -> None:
    silent = voice_around(recorded(np.zeros(0, np.int16)), 5.0)
    np.testing.assert_allclose(silent[:, 0], -1.0, atol=1e-6)
    np.testing.assert_allclose(silent[:, 1:], 0.0, atol=1e-6)
    assert np.array_equal(voice_around(lambda *_: np.zeros(3, np.int16), 5.0), silent)


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Slow(Shift):
    """A restorer that takes its time."""

    def __init__(self, clock: Clock, takes_s: float) -> None:
        super().__init__(10, 0, 0)
        self.clock, self.takes_s = clock, takes_s

    def restore(self, window, hearing):  # type: ignore[no-untyped-def]
        self.clock.now += self.takes_s
        return super().restore(window, hearing)


def test_a_machine_that_is_too_slow_shows_the_decoded_picture_and_says_so() -> None:
    clock = Clock()
    stream = StreamRestorer(Slow(clock, 0.1), pace=Pace(0.04, clock), follower=follower())
    shown = [one for picture in pictures(8) for one in stream.push(picture)]
    assert [one.faces for one in shown] == [1, 1, 1, 1, 0, 0, 0, 0]
    assert shown[-1].planes is shown[-1].decoded
    assert shown[-1].note is not None
    assert "too slow" in shown[-1].note
    assert "100 ms" in shown[-1].note


def test_it_tries_again_after_a_pause_that_doubles() -> None:
    clock = Clock()
    stream = StreamRestorer(Slow(clock, 0.3), pace=Pace(0.04, clock), follower=follower())
    picture = pictures(1)[0]
    restored_at = []
    for _ in range(500):
        (shown,) = stream.push(picture)
        if shown.faces:
            restored_at.append(clock.now)
        clock.now += 0.04
    gaps = np.diff(restored_at)
    assert gaps[0] >= FIRST_PAUSE_S
    assert gaps[1] >= 2 * FIRST_PAUSE_S


def test_a_machine_that_keeps_up_restores_everything() -> None:
    clock = Clock()
    stream = StreamRestorer(Slow(clock, 0.03), pace=Pace(0.04, clock), follower=follower())
    assert all(stream.push(picture)[0].faces for picture in pictures(20))
