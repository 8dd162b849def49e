"""What x264 never writes: I_PCM among other macroblocks, arbitrary slice order, slice groups, redundant slices."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from callcodec.h264.parameter_sets import PictureParameters, SequenceParameters, SliceGroups
from callcodec.h264.picture import MacroblockType, Picture
from callcodec.h264.reader import read_pictures
from callcodec.h264.slice_groups import following_addresses, group_map
from callcodec.h264.slice_header import SliceHeader
from tests.h264.comparison import assert_same_as_ffmpeg
from tests.h264.handwritten import (
    RandomMacroblocks,
    pcm_samples,
    picture_parameters,
    sequence,
    slice_header,
    write_pcm,
)
from tests.h264.streams import BitWriter, Image, take_apart, write_pps, write_slice, write_sps, x264
from tests.h264.streams import moving_scene as scene

WIDTH, HEIGHT = 5, 4


def data_bits(header: SliceHeader, sps: SequenceParameters, pps: PictureParameters) -> BitWriter:
    """A writer of slice data that aligns as behind ``header``."""
    marker = write_slice(header, sps, pps, "")
    unescaped = marker[5:].replace(b"\0\0\3", b"\0\0")
    bits = format(int.from_bytes(unescaped, "big"), f"0{8 * len(unescaped)}b").rstrip("0")[:-1]
    return BitWriter("0" * len(bits))


def finished(
    header: SliceHeader, sps: SequenceParameters, pps: PictureParameters, writer: BitWriter
) -> bytes:
    """The slice with what was written behind its header."""
    begin = len(data_bits(header, sps, pps).bits)
    return write_slice(header, sps, pps, writer.bits[begin:])


def random_stream(seed: int, constrained: bool, filter_idc: int) -> bytes:
    """An IDR picture and six P pictures of two slices each, of random macroblocks."""
    generator = np.random.default_rng(seed)
    sps, pps = sequence(WIDTH, HEIGHT), picture_parameters(None, constrained, int(generator.integers(-6, 7)))
    parts = [write_sps(sps), write_pps(pps)]
    border = 7
    for number in range(7):
        for first, last in ((0, border), (border, WIDTH * HEIGHT)):
            header = slice_header(number, first, qp=int(generator.integers(20, 45)), filter_idc=filter_idc)
            writer = data_bits(header, sps, pps)
            macroblocks = RandomMacroblocks(writer, generator, WIDTH, number > 0)
            for address in range(first, last):
                macroblocks.add(address)
            macroblocks.end()
            parts.append(finished(header, sps, pps, writer))
    return b"".join(parts)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("filter_idc", [0, 1, 2])
def test_random_macroblocks_decode_as_in_ffmpeg(seed: int, filter_idc: int) -> None:
    pictures = assert_same_as_ffmpeg(random_stream(seed, seed % 2 == 1, filter_idc))
    kinds = {
        kind for picture in pictures if picture.codec for kind in np.unique(picture.codec.macroblock_type)
    }
    assert {
        MacroblockType.I_PCM,
        MacroblockType.I_16X16,
        MacroblockType.P_16X16,
        MacroblockType.P_SKIP,
    } <= kinds


@pytest.mark.parametrize(
    "groups",
    [
        SliceGroups(3, 0, run_lengths=(2, 1, 4)),
        SliceGroups(2, 1),
        SliceGroups(4, 1),
        SliceGroups(2, 3, direction=False, change_rate=3),
        SliceGroups(2, 3, direction=True, change_rate=3),
        SliceGroups(2, 4, direction=True, change_rate=3),
        SliceGroups(2, 5, direction=False, change_rate=3),
    ],
)
def test_slice_groups_scatter_macroblocks(groups: SliceGroups) -> None:
    planes = noise_planes()
    sps, pps = sequence(WIDTH, HEIGHT), picture_parameters(groups)
    cycle = 2
    addresses = group_map(groups, sps, cycle)
    parts = [write_sps(sps), write_pps(pps)]
    for group in range(groups.count):
        members = np.flatnonzero(addresses == group)
        header = slice_header(0, int(members[0]), group_change_cycle=cycle)
        writer = data_bits(header, sps, pps)
        for address in members:
            write_pcm(writer, pcm_samples(planes, int(address) % WIDTH, int(address) // WIDTH), False)
        parts.append(finished(header, sps, pps, writer))
    (picture,) = read_pictures(b"".join(parts))
    assert picture.damage is None
    assert all(np.array_equal(ours, theirs) for ours, theirs in zip(picture.frame, planes, strict=True))


def alternate_rows(seed: int, as_groups: bool) -> bytes:
    """Random pictures whose even and odd rows are two slice groups, or the same macroblocks as one slice a row."""
    generator = np.random.default_rng(seed)
    groups = SliceGroups(2, 0, run_lengths=(WIDTH, WIDTH)) if as_groups else None
    sps, pps = sequence(WIDTH, HEIGHT), picture_parameters(groups)
    parts = [write_sps(sps), write_pps(pps)]
    for number in range(5):
        slices: dict[int, bytes] = {}
        for group in range(2):
            macroblocks: RandomMacroblocks | None = None
            qp = 30
            for row in range(group, HEIGHT, 2):
                header = slice_header(number, row * WIDTH, qp=qp)
                if macroblocks is None or not as_groups:
                    first, macroblocks = (
                        header,
                        RandomMacroblocks(data_bits(header, sps, pps), generator, WIDTH, number > 0),
                    )
                for address in range(row * WIDTH, (row + 1) * WIDTH):
                    macroblocks.add(address)
                if as_groups and row + 2 < HEIGHT:
                    continue
                macroblocks.end()
                slices[first.first_macroblock] = finished(first, sps, pps, macroblocks.writer)
                qp += macroblocks.qp_change
        parts += [slices[address] for address in sorted(slices)]  # FFmpeg wants them in order
    return b"".join(parts)


@pytest.mark.parametrize("seed", range(8))
def test_slice_groups_of_alternate_rows_are_slices_of_one_row(seed: int) -> None:
    expected = assert_same_as_ffmpeg(alternate_rows(seed, as_groups=False))
    assert same_frames(read_pictures(alternate_rows(seed, as_groups=True)), iter(expected))


def noise_planes() -> tuple[Image, Image, Image]:
    """A picture of noise."""
    generator = np.random.default_rng(5)
    y, u, v = (
        generator.integers(0, 256, (rows * HEIGHT, rows * WIDTH), dtype=np.uint8) for rows in (16, 8, 8)
    )
    return y, u, v


def test_a_dispersed_map_is_a_chessboard() -> None:
    found = group_map(SliceGroups(2, 1), sequence(4, 3), 0).reshape(3, 4)
    assert found.tolist() == [[0, 1, 0, 1], [1, 0, 1, 0], [0, 1, 0, 1]]


def test_a_box_out_map_grows_clockwise_from_the_centre() -> None:
    found = group_map(SliceGroups(2, 3, change_rate=1), sequence(5, 5), 6).reshape(5, 5)
    assert found.tolist() == [
        [1, 1, 1, 1, 1],
        [1, 0, 0, 0, 1],
        [1, 0, 0, 0, 1],
        [1, 1, 1, 1, 1],
        [1, 1, 1, 1, 1],
    ]


def test_a_foreground_rectangle_lies_over_the_background() -> None:
    found = group_map(SliceGroups(2, 2, rectangles=((5, 10),)), sequence(4, 3), 0).reshape(3, 4)
    assert found.tolist() == [[1, 1, 1, 1], [1, 0, 0, 1], [1, 0, 0, 1]]


def test_macroblocks_follow_within_their_group() -> None:
    assert following_addresses(4, np.array([0, 1, 0, 1], np.int32)).tolist() == [2, 3, 4, 4]


def test_slices_may_come_in_any_order() -> None:
    stream = x264(scene(4, 96, 96), "qp=30:slices=3:keyint=50")
    sps, pps, slices = take_apart(stream)
    order = [slices[base + step] for base in range(0, len(slices), 3) for step in (2, 0, 1)]
    shuffled = b"".join(
        [write_sps(sps), write_pps(pps), *(write_slice(part.header, sps, pps, part.data) for part in order)]
    )
    assert same_frames(read_pictures(shuffled), read_pictures(stream))


def test_redundant_slices_are_left_out() -> None:
    stream = x264(scene(4, 64, 64), "qp=30:keyint=50")
    sps, pps, slices = take_apart(stream)
    pps = replace(pps, redundant_pictures=True)
    parts = [write_sps(sps), write_pps(pps)]
    for part in slices:
        parts.append(write_slice(part.header, sps, pps, part.data))
        parts.append(write_slice(replace(part.header, redundant_picture_count=1), sps, pps, part.data))
    assert same_frames(read_pictures(b"".join(parts)), read_pictures(stream))


def same_frames(ours: Iterator[Picture], theirs: Iterator[Picture]) -> bool:
    """Whether both give the same undamaged pictures."""
    return all(
        a.damage is None and all(np.array_equal(p, q) for p, q in zip(a.frame, b.frame, strict=True))
        for a, b in zip(ours, theirs, strict=True)
    )
