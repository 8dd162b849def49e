"""From access units to pictures: all that the stream knows, FFmpeg's word for what is not read, and no exception."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from receiver.restoration.decoder import H264Decoder
from receiver.restoration.ffmpeg_knowledge import FfmpegKnowledge
from receiver.restoration.pictures import Region
from receiver.restoration.reader_knowledge import ReaderKnowledge
from tests.h264.streams import ffmpeg_frames, moving_scene, planes_of
from tests.receiver.restoration.streams import access_units, decoded

WHOLE = Region(0, 0, 96, 80)
HIGH = "bframes=2:b-adapt=0:keyint=30:scenecut=0"


@pytest.fixture(scope="module")
def baseline() -> list[bytes]:
    """Twelve pictures, an IDR picture every four."""
    return access_units(moving_scene(12, 96, 80), parameters="keyint=4:min-keyint=4:scenecut=0")


@pytest.fixture(scope="module")
def high() -> list[bytes]:
    return access_units(moving_scene(12, 96, 80), "high", HIGH)


def test_every_access_unit_gives_its_picture_at_once(baseline: list[bytes]) -> None:
    decoder = H264Decoder()
    frames = ffmpeg_frames(b"".join(baseline))
    for number, unit in enumerate(baseline):
        (picture,) = decoder.decode(unit, 0.04 * number)
        assert picture.time_s == 0.04 * number
        assert isinstance(picture.knowledge, ReaderKnowledge)
        for ours, theirs in zip(picture.planes, planes_of(frames[number]), strict=True):
            assert np.array_equal(ours, theirs)
    assert decoder.flush() == []
    assert decoder.limitation is None


def test_a_region_is_the_same_as_that_part_of_the_whole(baseline: list[bytes]) -> None:
    knowledge = decoded(baseline)[3].knowledge
    assert knowledge is not None
    whole, all_of_it = knowledge.around(WHOLE)
    part, covered = knowledge.around(Region(22, 37, 30, 21))
    assert all_of_it == WHOLE
    assert covered == Region(20, 36, 32, 24)
    blocks = (slice(9, 15), slice(5, 13))
    assert np.array_equal(part.prediction, whole.prediction[36:60, 20:52])
    assert np.array_equal(part.residue, whole.residue[36:60, 20:52])
    for name in ("motion", "intra", "qp", "coded"):
        assert np.array_equal(getattr(part, name), getattr(whole, name)[blocks])
    assert np.array_equal(part.edges, whole.edges[(slice(None), *blocks)])
    assert part.quantised is not None
    assert whole.quantised is not None
    assert np.array_equal(part.quantised.coefficients, whole.quantised.coefficients[blocks])


def test_a_stream_that_is_not_read_goes_on_with_what_ffmpeg_gives(high: list[bytes]) -> None:
    decoder = H264Decoder()
    pictures = [picture for n, unit in enumerate(high) for picture in decoder.decode(unit, 0.04 * n)]
    pictures += decoder.flush()
    assert decoder.limitation is not None
    assert len(pictures) == 12
    frames = ffmpeg_frames(b"".join(high))
    for picture, frame in zip(pictures, frames, strict=True):
        assert np.array_equal(picture.planes.y, planes_of(frame)[0])
        assert isinstance(picture.knowledge, FfmpegKnowledge)
        maps, _ = picture.knowledge.around(WHOLE)
        assert maps.quantised is None
        assert maps.qp.min() > 0
        assert np.array_equal(np.clip(maps.prediction + maps.residue, 0, 255), picture.planes.y)


def test_ffmpegs_motion_is_that_of_the_scene(high: list[bytes]) -> None:
    for picture in decoded(high)[3:10:3]:  # P pictures; each points to the one three pictures before
        assert picture.knowledge is not None
        maps, _ = picture.knowledge.around(WHOLE)
        # The scene moves 1.7 pixels to the left from picture to picture.
        assert np.median(maps.motion[~maps.intra][:, 0]) == pytest.approx(1.7, abs=0.3)


def test_what_ffmpeg_knows_predicts_the_picture() -> None:
    pictures = decoded(access_units(moving_scene(6, 96, 80), "high", "bframes=0:keyint=30:scenecut=0"))
    for picture in pictures[1:]:
        assert picture.knowledge is not None
        maps, _ = picture.knowledge.around(WHOLE)
        inter = np.repeat(np.repeat(~maps.intra, 4, 0), 4, 1)
        if inter.any():
            before = pictures[pictures.index(picture) - 1].planes.y.astype(int)
            unmoved = np.abs(before - picture.planes.y)[inter].mean()
            assert np.abs(maps.residue)[inter].mean() < 0.7 * unmoved


def test_damage_costs_the_knowledge_until_the_next_idr_picture(baseline: list[bytes]) -> None:
    units = list(baseline)
    units[5] = units[5][: len(units[5]) // 2]
    pictures = decoded(units)
    assert len(pictures) == 12
    assert [n for n, picture in enumerate(pictures) if picture.knowledge is None] == [5, 6, 7]
    assert all(pictures[n].damage for n in (5, 6, 7))
    assert np.abs(pictures[6].planes.y.astype(int) - decoded(baseline)[6].planes.y).mean() < 12  # concealed


def test_a_stream_that_begins_in_the_middle_shows_nothing_until_it_can(baseline: list[bytes]) -> None:
    decoder = H264Decoder()
    given = [len(decoder.decode(unit, 0.0)) for unit in baseline[2:]]
    assert given[2:] == [1] * 8  # from the next IDR picture on


def test_a_new_stream_in_place_of_one_that_was_refused_is_read(
    high: list[bytes], baseline: list[bytes]
) -> None:
    pictures = decoded([*high, *baseline])
    assert len(pictures) == 24
    assert all(isinstance(picture.knowledge, ReaderKnowledge) for picture in pictures[-12:])


def test_a_stream_that_becomes_unreadable_goes_on(high: list[bytes], baseline: list[bytes]) -> None:
    pictures = decoded([*baseline, *high])
    assert len(pictures) == 24
    assert [picture.time_s for picture in pictures] == sorted(picture.time_s for picture in pictures[:12]) + [
        picture.time_s for picture in pictures[12:]
    ]


def test_another_size_comes_out_as_it_is(baseline: list[bytes]) -> None:
    other = access_units(moving_scene(3, 130, 98))
    assert [picture.planes.y.shape for picture in decoded([*baseline, *other])[-4:]] == [
        (80, 96),
        (98, 130),
        (98, 130),
        (98, 130),
    ]


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_no_exception_leaves_whatever_the_bytes_are(
    data: st.DataObject, baseline: list[bytes], high: list[bytes]
) -> None:
    units = [bytearray(unit) for unit in data.draw(st.sampled_from([baseline, high]))]
    for _ in range(data.draw(st.integers(1, 6))):
        unit = units[data.draw(st.integers(0, len(units) - 1))]
        kind = data.draw(st.sampled_from(["flip", "cut", "insert", "empty"]))
        at = data.draw(st.integers(0, max(len(unit) - 1, 0)))
        if kind == "flip" and unit:
            unit[at] ^= 1 << data.draw(st.integers(0, 7))
        elif kind == "cut":
            del unit[at:]
        elif kind == "insert":
            unit[at:at] = data.draw(st.binary(max_size=40))
        else:
            unit.clear()
    for picture in decoded([bytes(unit) for unit in units]):
        assert picture.planes.y.ndim == 2
        if picture.knowledge is not None:
            height, width = picture.planes.y.shape
            maps, _ = picture.knowledge.around(Region(0, 0, width, height))
            assert np.isfinite(maps.motion).all()


def test_bytes_that_are_no_stream_give_nothing() -> None:
    assert decoded([b"", b"\0\0\1", b"no stream", bytes(1000)]) == []
