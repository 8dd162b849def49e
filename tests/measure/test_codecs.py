"""Conventional codecs: what they give back, how it is weighed, and how it is shown."""

from __future__ import annotations

import numpy as np
import pytest

from callcodec.measure.codecs.catalogue import CODECS, Codec, Mode, find_codec
from callcodec.measure.codecs.coding import CodecUnavailableError, code
from callcodec.measure.codecs.reduced import CodecPoint, Picture, encode_point
from tests.measure.drawn_face import FRAMES, DrawnFace


@pytest.fixture(scope="module")
def frames() -> list[Picture]:
    return [DrawnFace().frame(number) for number in range(FRAMES)]


def coded_error(frames: list[Picture], point: CodecPoint) -> tuple[float, float]:
    """(kbps, mean squared error) of a clip under ``point``."""
    try:
        shown = encode_point(frames, point)
    except CodecUnavailableError as error:
        pytest.skip(str(error))
    pictures = list(shown.pictures(range(len(frames))))
    errors = [np.mean((a.astype(np.float32) - b) ** 2) for a, b in zip(pictures, frames, strict=True)]
    return shown.kbps, float(np.mean(errors))


@pytest.mark.parametrize("codec", CODECS.values(), ids=CODECS.keys())
def test_more_bits_buy_a_better_picture(frames: list[Picture], codec: Codec) -> None:
    few, many = (coded_error(frames, CodecPoint(codec.name, 128, 12.5, crf)) for crf in codec.rates[:3:2])
    assert few[0] < many[0]
    assert few[1] > many[1]


@pytest.mark.parametrize("codec", CODECS.values(), ids=CODECS.keys())
def test_a_call_is_given_every_picture_at_once_and_one_key_frame(frames: list[Picture], codec: Codec) -> None:
    small = [np.ascontiguousarray(frame[::4, ::4]) for frame in frames[:20]]
    try:
        video = code(small, 25, codec, codec.rates[1])
    except CodecUnavailableError as error:
        pytest.skip(str(error))
    assert len(video.packets) == len(video.pictures) == 20
    assert video.key_bytes == max(map(len, video.packets))
    rest = sum(len(packet) for packet in video.packets[1:])
    assert video.kbps == pytest.approx(rest * 8 * 25 / 19 / 1000)


def test_what_the_encoder_says_about_itself_is_not_counted_as_picture(frames: list[Picture]) -> None:
    video = code(frames[:3], 5, find_codec("x264"), 51)
    assert b"x264" not in b"".join(video.packets)


def test_the_offline_best_needs_fewer_bits_for_an_equal_picture(frames: list[Picture]) -> None:
    call, best = (coded_error(frames, CodecPoint("x264", 256, 25.0, 41, mode)) for mode in Mode)
    assert best[0] < call[0]
    assert best[1] < 1.5 * call[1]


def test_fewer_pictures_are_held_until_the_next(frames: list[Picture]) -> None:
    shown = list(encode_point(frames, CodecPoint("x264", 64, 5.0, 30)).pictures([10, 11, 14, 15]))
    assert shown[0] is shown[1] is shown[2]
    assert shown[3] is not shown[2]
    assert shown[0].shape == (256, 256, 3)


def test_an_unknown_codec_is_refused_with_the_names_of_all() -> None:
    with pytest.raises(ValueError, match=r"'h266'.*x264, x265, vp9, svt-av1"):
        find_codec("h266")


def test_other_sizes_rates_and_factors_are_refused(frames: list[Picture]) -> None:
    with pytest.raises(ValueError, match="256, 128, 64 pixels"):
        CodecPoint("x264", 100, 25.0, 30)
    with pytest.raises(ValueError, match="0 to 51"):
        encode_point(frames, CodecPoint("x264", 64, 5.0, 60))
    with pytest.raises(ValueError, match="two pictures"):
        code(frames[:1], 25, find_codec("x264"), 30)
