"""Damage is reported, never raised; the next IDR picture is read again; other profiles are named."""

import time
from dataclasses import replace

import numpy as np
import pytest

from callcodec.h264.errors import UnsupportedStream
from callcodec.h264.nal import NalType, parse_nal_unit, split_annex_b
from callcodec.h264.reader import Reader, read_pictures
from tests.h264.streams import moving_scene, rewritten, take_apart, write_pps, write_sps, x264

SLICE_TYPES = (NalType.SLICE, NalType.IDR_SLICE)
START_CODE = b"\0\0\0\1"


@pytest.fixture(scope="module")
def stream() -> bytes:
    """Fifteen pictures of two slices, an IDR picture every five."""
    return x264(moving_scene(15, 96, 80), "qp=32:slices=2:keyint=5:min-keyint=5:scenecut=0:ref=2")


def slice_units(stream: bytes) -> list[int]:
    """Which units of the stream are slices."""
    return [n for n, unit in enumerate(split_annex_b(stream)) if parse_nal_unit(unit).type in SLICE_TYPES]


def joined(units: list[bytes]) -> bytes:
    """A byte stream of units."""
    return b"".join(START_CODE + unit for unit in units)


def test_a_missing_slice_damages_pictures_until_the_next_idr_picture(stream: bytes) -> None:
    units = list(split_annex_b(stream))
    del units[slice_units(stream)[2 * 6 + 1]]
    pictures = list(read_pictures(joined(units)))
    assert [picture.number for picture in pictures if picture.damage] == [6, 7, 8, 9]
    assert "12 of its macroblocks are missing" in str(pictures[6].damage)
    assert all(picture.codec is None for picture in pictures if picture.damage)
    whole = list(read_pictures(stream))
    assert np.array_equal(pictures[10].frame.y, whole[10].frame.y)
    assert np.array_equal(pictures[7].frame.y, whole[5].frame.y)


def test_a_missing_picture_damages_those_behind_it(stream: bytes) -> None:
    units = list(split_annex_b(stream))
    for index in (2 * 6 + 1, 2 * 6):
        del units[slice_units(stream)[index]]
    pictures = list(read_pictures(joined(units)))
    assert [picture.number for picture in pictures if picture.damage] == [6, 7, 8]


def test_a_cut_slice_is_damage(stream: bytes) -> None:
    units = list(split_annex_b(stream))
    position = slice_units(stream)[2]
    units[position] = units[position][: len(units[position]) // 2]
    pictures = list(read_pictures(joined(units)))
    assert len(pictures) == 15
    assert [picture.number for picture in pictures if picture.damage] == [1, 2, 3, 4]


def test_a_stream_that_begins_in_the_middle_waits_for_an_idr_picture(stream: bytes) -> None:
    units = list(split_annex_b(stream))
    first = slice_units(stream)[0]
    pictures = list(read_pictures(joined(units[:first] + units[first + 2 :])))
    assert [picture.number for picture in pictures if picture.damage] == [0, 1, 2, 3]
    assert pictures[0].frame.y.shape == (80, 96)
    assert "does not begin with an IDR" in str(pictures[0].damage)


def test_missing_parameter_sets_are_damage(stream: bytes) -> None:
    units = [unit for unit in split_annex_b(stream) if parse_nal_unit(unit).type != NalType.PPS]
    assert all(picture.damage for picture in read_pictures(joined(units)))


def test_access_units_come_out_without_waiting_for_the_next(stream: bytes) -> None:
    units = list(split_annex_b(stream))
    slices = slice_units(stream)
    reader = Reader()
    for number in range(15):
        begin = 0 if number == 0 else slices[2 * number - 1] + 1
        (picture,) = reader.decode_access_unit(joined(units[begin : slices[2 * number + 1] + 1]))
        assert (picture.number, picture.damage) == (number, None)


@pytest.mark.parametrize("size", [0, 1, 100])
def test_garbage_holds_no_pictures(size: int) -> None:
    generator = np.random.default_rng(size)
    assert list(read_pictures(generator.integers(0, 256, size, dtype=np.uint8).tobytes())) == []


@pytest.mark.parametrize(
    ("profile", "parameters", "sentence"),
    [
        ("main", "", "CABAC"),
        ("high", "", "High"),
        ("main", "cabac=0:bframes=2:weightp=0", "B slices"),
        ("main", "cabac=0:bframes=0:weightp=2", "weighted"),
        ("main", "cabac=0:interlaced=1", "interlaced"),
    ],
)
def test_other_profiles_are_named(profile: str, parameters: str, sentence: str) -> None:
    with pytest.raises(UnsupportedStream, match=sentence):
        list(read_pictures(x264(moving_scene(8, 64, 64), parameters, profile=profile)))


def test_pictures_beyond_level_5_1_are_refused(stream: bytes) -> None:
    huge = rewritten(
        stream,
        lambda _, header: header,
        lambda sps: replace(sps, width_macroblocks=300, height_macroblocks=300),
    )
    with pytest.raises(UnsupportedStream, match="4800x4800"):
        list(read_pictures(huge))


def test_a_change_of_size_is_followed() -> None:
    small, large = x264(moving_scene(2, 48, 48), "qp=30"), x264(moving_scene(2, 96, 64), "qp=30")
    shapes = [picture.frame.y.shape for picture in read_pictures(small + large)]
    assert shapes == [(48, 48), (48, 48), (64, 96), (64, 96)]


def test_references_that_do_not_exist_are_damage(stream: bytes) -> None:
    broken = rewritten(
        stream, lambda number, header: replace(header, modifications=((2, 7),) if number == 2 else ())
    )
    assert next(p.damage for p in read_pictures(broken) if p.damage) == (
        "long-term reference picture 7 is not there"
    )


def mutated(stream: bytes, generator: np.random.Generator) -> bytes:
    """The stream with some bytes replaced, cut out or doubled."""
    data = bytearray(stream)
    for _ in range(int(generator.integers(1, 8))):
        at = int(generator.integers(5, len(data)))
        length = int(generator.integers(1, 20))
        kind = generator.integers(0, 4)
        if kind == 0:
            data[at] ^= 1 << int(generator.integers(0, 8))
        elif kind == 1:
            del data[at : at + length]
        elif kind == 2:
            data[at:at] = data[at - length : at]
        else:
            data[at : at + length] = generator.integers(0, 256, length, dtype=np.uint8).tobytes()
    return bytes(data)


@pytest.mark.slow
def test_mutated_streams_raise_nothing_and_take_no_longer(stream: bytes) -> None:
    generator = np.random.default_rng(7)
    sps, pps, _ = take_apart(stream)
    headers = write_sps(sps) + write_pps(pps)
    read = damaged = 0
    began = time.process_time()
    for round_number in range(300):
        changed = mutated(stream, generator)
        try:
            # Every second one keeps its parameter sets, so that damage reaches the macroblocks.
            for picture in read_pictures((headers if round_number % 2 else b"") + changed):
                read += 1
                damaged += picture.damage is not None
                assert picture.frame.y.size <= 4096 * 2304
        except UnsupportedStream:
            continue
    assert damaged > 100
    assert read - damaged > 100
    assert time.process_time() - began < 120
