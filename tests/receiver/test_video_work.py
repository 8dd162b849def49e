"""One access unit in the worker: decoded, restored, and harmless."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from callcodec.media.h264_encoder import H264Encoder
from models.restoration.restorer import FacePicture, FacePlanes, Hearing, Restorer, Unrestored
from receiver.restoration.pace import Pace
from receiver.video_work import FAULT, MOST_SHOWN, Heard, VideoPicture, VideoWork
from tests.receiver.video_people import SIDE, Brighter, face, units

SILENCE = Heard(0.0, np.zeros(0, np.int16))


def work(restorer: Restorer, paced: bool = False) -> VideoWork:
    return VideoWork(lambda _width, _height: restorer, paced, restorer)


def run_all(made: VideoWork, count: int) -> list[VideoPicture]:
    return [
        p for unit in units(count) for p in made.run(unit.data, unit.rtp_timestamp / 90_000, SILENCE).pictures
    ]


def test_pictures_are_restored_and_what_was_decoded_is_kept_beside_them() -> None:
    pictures = run_all(work(Brighter()), 4)
    assert [picture.media_time_s for picture in pictures] == pytest.approx([0.0, 0.04, 0.08, 0.12])
    for number, picture in enumerate(pictures):
        assert picture.restored
        assert np.abs(picture.decoded.astype(int) - face(number)).mean() < 16
        assert 3 < (picture.shown.astype(int) - picture.decoded).mean() < 12


def test_a_restorer_that_looks_ahead_holds_back_so_many_pictures() -> None:
    pictures = run_all(work(Brighter(before=2, after=2)), 6)
    assert [picture.media_time_s for picture in pictures] == pytest.approx([0.0, 0.04, 0.08, 0.12])


def test_without_a_restorer_the_decoded_picture_is_shown() -> None:
    pictures = run_all(work(Unrestored()), 2)
    assert not any(picture.restored for picture in pictures)
    assert all(np.array_equal(picture.shown, picture.decoded) for picture in pictures)


def test_a_restorer_hears_the_voice_around_its_picture() -> None:
    restorer = Brighter()
    loud = np.random.default_rng(0).integers(-9000, 9000, 6400).astype(np.int16)
    made = work(restorer)
    (unit,) = units(1)
    made.run(unit.data, 1.0, Heard(0.8, loud))
    made.run(unit.data, 5.0, Heard(0.8, loud))
    heard, unheard = (hearing.voice for hearing in restorer.heard)
    assert heard is not None
    assert unheard is not None
    assert heard[:, 0].min() > unheard[:, 0].max()


def test_damage_is_told_until_the_next_key_frame() -> None:
    made = work(Brighter())
    stream = units(9, keys=(6,))
    told = [made.run(unit.data, n * 0.04, SILENCE).damaged for n, unit in enumerate(stream) if n != 3]
    assert told == [False, False, False, True, True, False, False, False]


def test_a_picture_of_another_size_is_shown_whole_in_the_middle() -> None:
    wide = np.full((128, 192, 3), 200, np.uint8)
    made = work(Unrestored())
    (picture,) = made.run(H264Encoder(192, 128, 60).encode(wide), 0.0, SILENCE).pictures
    assert picture.shown.shape == (SIDE, SIDE, 3)
    assert picture.shown[128, 128].min() > 150
    assert picture.shown[10].max() == 0
    large = np.full((360, 640, 3), 200, np.uint8)
    (picture,) = made.run(H264Encoder(640, 360, 60).encode(large), 1.0, SILENCE).pictures
    assert picture.shown.shape == (MOST_SHOWN, MOST_SHOWN, 3)
    assert picture.shown[256].min() > 150
    assert picture.shown[10].max() == 0


def test_an_error_in_restoring_shows_the_decoded_picture() -> None:
    class Broken(Brighter):
        def restore(self, window: Sequence[FacePicture], hearing: Hearing) -> FacePlanes:  # noqa: ARG002
            raise RuntimeError("no")

    made = work(Broken())
    pictures = run_all(made, 3)
    assert [picture.restored for picture in pictures] == [False] * 3
    assert {picture.note for picture in pictures} == {FAULT}
    assert made.faults == 3


def test_a_machine_that_is_too_slow_shows_the_decoded_picture_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now_s = [0.0]
    monkeypatch.setattr("receiver.video_work.Pace", lambda interval_s: Pace(interval_s, lambda: now_s[0]))

    class Slow(Brighter):
        def restore(self, window: Sequence[FacePicture], hearing: Hearing) -> FacePlanes:
            now_s[0] += 0.15
            return super().restore(window, hearing)

    pictures = run_all(work(Slow(), paced=True), 8)
    assert pictures[0].restored
    last = pictures[-1]
    assert not last.restored
    assert np.array_equal(last.shown, last.decoded)
    assert last.note is not None
    assert "too slow" in last.note


STREAM = [unit.data for unit in units(6)]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.one_of(
            st.binary(max_size=200),
            st.tuples(
                st.integers(0, 5), st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), max_size=8)
            ),
        ),
        max_size=6,
    )
)
def test_no_access_unit_of_a_stranger_stops_the_work(
    attack: list[bytes | tuple[int, list[tuple[int, int]]]],
) -> None:
    made = work(Unrestored())
    made.run(STREAM[0], 0.0, SILENCE)
    for number, item in enumerate(attack):
        if isinstance(item, bytes):
            data = item
        else:
            changed = bytearray(STREAM[item[0]])
            for place, value in item[1]:
                changed[place % len(changed)] = value
            data = bytes(changed)
        made.run(data, 0.04 * number, SILENCE)
    worked = made.run(STREAM[0], 9.0, SILENCE)
    assert not worked.damaged
    assert [picture.media_time_s for picture in worked.pictures] == [9.0]
