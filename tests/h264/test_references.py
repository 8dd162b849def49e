"""Reference marking and list modification: x264's macroblocks under other slice headers, compared with FFmpeg."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from callcodec.h264.reader import read_pictures
from callcodec.h264.slice_header import SLICE_P, MarkingCommand, SliceHeader
from tests.h264.comparison import assert_same_as_ffmpeg
from tests.h264.streams import moving_scene, rewritten, x264


@pytest.fixture(scope="module")
def stream() -> bytes:
    """Sixteen pictures, one slice each, that refer to up to four pictures."""
    return x264(moving_scene(16, 96, 80), "qp=30:ref=4:keyint=100:scenecut=0:mixed-refs=1")


def test_idr_picture_as_long_term_reference(stream: bytes) -> None:
    assert_same_as_ffmpeg(rewritten(stream, lambda _, header: replace(header, long_term_reference=True)))


DROP_OLDEST = MarkingCommand(1, 3)
ALWAYS = range(100)


@pytest.mark.parametrize(
    ("commands", "long_terms"),
    [
        ({5: (MarkingCommand(1, 0),)}, {}),
        ({5: (MarkingCommand(1, 1), MarkingCommand(1, 2))}, {}),
        (
            {
                4: (DROP_OLDEST, MarkingCommand(4, 2), MarkingCommand(6, 1)),
                8: (MarkingCommand(3, 1, 0), MarkingCommand(1, 2)),
            },
            {1: ALWAYS[5:], 0: ALWAYS[9:]},
        ),
        (
            {4: (DROP_OLDEST, MarkingCommand(4, 1), MarkingCommand(6, 0)), 7: (MarkingCommand(2, 0),)},
            {0: ALWAYS[5:8]},
        ),
        (
            {
                4: (DROP_OLDEST, MarkingCommand(4, 3), MarkingCommand(3, 0, 2)),
                6: (MarkingCommand(3, 1, 1), MarkingCommand(1, 0)),
                9: (MarkingCommand(4, 2),),
            },
            {2: ALWAYS[5:10], 1: ALWAYS[7:]},
        ),
        (
            {4: (DROP_OLDEST, MarkingCommand(4, 1), MarkingCommand(6, 0)), 6: (MarkingCommand(6, 0),)},
            {0: ALWAYS[5:]},
        ),
        ({7: (MarkingCommand(5),)}, {}),
    ],
    ids=[
        "unmark",
        "unmark two",
        "long-term",
        "free long-term",
        "limit long-term",
        "replace long-term",
        "restart",
    ],
)
def test_memory_management_commands(
    stream: bytes, commands: dict[int, tuple[MarkingCommand, ...]], long_terms: dict[int, range]
) -> None:
    restart = next((number for number, found in commands.items() if found[0].operation == 5), 100)

    def edit(number: int, header: SliceHeader) -> SliceHeader:
        frame_num = number if number <= restart else number - restart
        # The last short-term picture, every long-term one, and the first again: no entry of the list is empty.
        became_long = any(command.operation == 6 for command in commands.get(number - 1, ()))
        present = tuple((2, index) for index, numbers in long_terms.items() if number in numbers)
        modifications = ((0, int(became_long)), *present, *[(0, 15)] * 4)[: header.references]
        return replace(
            header,
            frame_num=frame_num % 16,
            marking=commands.get(number),
            modifications=padded(header, modifications),
        )

    assert_same_as_ffmpeg(rewritten(stream, edit))


def padded(header: SliceHeader, modifications: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], ...]:
    """Modifications of P slices only."""
    return modifications if header.type == SLICE_P else ()


@pytest.mark.parametrize(
    "modify",
    [
        lambda number: ((0, min(number, 3) - 1),),
        lambda number: ((0, 1), (1, 0)) if number > 2 else (),
        lambda number: ((0, 2), (1, 1), (0, 1)) if number > 3 else (),
        lambda number: ((0, 0), (0, 15), (0, 0)) if number > 4 else (),
    ],
    ids=["oldest first", "swap", "rotate", "wrapped"],
)
def test_list_modification(stream: bytes, modify: Callable[[int], tuple[tuple[int, int], ...]]) -> None:
    assert_same_as_ffmpeg(
        rewritten(
            stream, lambda number, header: replace(header, modifications=padded(header, modify(number)))
        )
    )


def test_a_long_term_picture_moved_to_the_front(stream: bytes) -> None:
    def edit(number: int, header: SliceHeader) -> SliceHeader:
        moved = ((2, 0),) if number % 3 == 0 else ()
        return replace(header, long_term_reference=True, modifications=padded(header, moved))

    assert_same_as_ffmpeg(rewritten(stream, edit))


def test_pictures_that_are_no_reference() -> None:
    one_reference = x264(moving_scene(12, 96, 80), "qp=30:ref=1:keyint=100:scenecut=0")

    def edit(number: int, header: SliceHeader) -> SliceHeader:
        return replace(header, frame_num=(number + 1) // 2 % 16, reference_idc=1 - number % 2)

    assert_same_as_ffmpeg(rewritten(one_reference, edit))


def test_gaps_in_frame_num_that_the_stream_allows() -> None:
    one_reference = x264(moving_scene(12, 96, 80), "qp=30:ref=1:keyint=100:scenecut=0")

    def edit(number: int, header: SliceHeader) -> SliceHeader:
        return replace(header, frame_num=3 * number, modifications=padded(header, ((0, 2),)))

    stream = rewritten(
        one_reference, edit, lambda sps: replace(sps, gaps_allowed=True, most_references=4, frame_num_bits=8)
    )
    assert_same_as_ffmpeg(stream)


def test_gaps_across_the_wrap_of_frame_num() -> None:
    original = x264(moving_scene(12, 64, 64), "qp=30:ref=1:keyint=100:scenecut=0")
    stream = rewritten(
        original,
        lambda number, header: replace(
            header, frame_num=3 * number % 16, modifications=padded(header, ((0, 2),))
        ),
        lambda sps: replace(sps, gaps_allowed=True, most_references=4, frame_num_bits=4),
    )
    for changed, plain in zip(read_pictures(stream), read_pictures(original), strict=True):
        assert np.array_equal(changed.frame.y, plain.frame.y)


def test_gaps_that_the_stream_does_not_allow_are_lost_pictures() -> None:
    stream = rewritten(
        x264(moving_scene(6, 64, 64), "qp=30:ref=1:keyint=100"),
        lambda number, header: replace(header, frame_num=number + (number > 2)),
    )
    pictures = list(read_pictures(stream))
    assert [picture.damage is not None for picture in pictures] == [False, False, False, True, True, True]
    assert all(np.array_equal(picture.frame.y, pictures[2].frame.y) for picture in pictures[3:])
