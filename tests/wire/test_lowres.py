"""The low-resolution codec: exact, small, and good enough on people it never saw."""

import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from callcodec.wire import lowres
from callcodec.wire.face_packet import SECOND_SHORT_QUALITY, SHORT_QUALITY
from models.training.lowres_data import load_pictures
from models.training.lowres_rate import RateQuality, measure
from tests.golden.make import drawn_face

qualities = st.integers(0, len(lowres.QUALITIES) - 1)
pictures8 = st.binary(min_size=192, max_size=192).map(
    lambda data: np.frombuffer(data, np.uint8).reshape(8, 8, 3)
)


@given(pictures8, pictures8, qualities)
def test_the_decoder_sees_what_the_encoder_saw(
    first: NDArray[np.uint8], second: NDArray[np.uint8], quality: int
) -> None:
    intra = lowres.encode(first, quality, None)
    shown = lowres.decode(intra.payload, 8, quality, None)
    assert shown.same_as(intra.reconstruction)
    inter = lowres.encode(second, quality, shown)
    assert lowres.decode(inter.payload, 8, quality, shown).same_as(inter.reconstruction)


@pytest.mark.parametrize("size", [16, 32])
@pytest.mark.parametrize("quality", [0, 7, 15])
def test_larger_pictures_survive_too(size: int, quality: int) -> None:
    first = lowres.encode(drawn_face(size, 0), quality, None)
    second = lowres.encode(drawn_face(size, 1), quality, first.reconstruction)
    shown = lowres.decode(first.payload, size, quality, None)
    assert lowres.decode(second.payload, size, quality, shown).same_as(second.reconstruction)


@settings(deadline=2000)
@given(st.binary(max_size=80), st.sampled_from([8, 16, 32]), qualities, st.booleans())
def test_garbage_decodes_to_something_or_a_value_error(
    payload: bytes, size: int, quality: int, inter: bool
) -> None:
    reference = lowres.LowResFrame.from_rgb(drawn_face(size, 1)) if inter else None
    try:
        shown = lowres.decode(payload, size, quality, reference)
    except ValueError:
        return
    assert shown.rgb().shape == (size, size, 3)


def test_a_payload_without_its_trailing_zeros_decodes_alike() -> None:
    encoded = lowres.encode(drawn_face(8, 0), 7, None)
    assert not encoded.payload.endswith(b"\0")
    shown = lowres.decode(encoded.payload + b"\0\0", 8, 7, None)
    assert shown.same_as(encoded.reconstruction)


def test_a_still_picture_takes_next_to_nothing() -> None:
    quality = lowres.DEFAULT_QUALITY
    first = lowres.encode(drawn_face(8, 0), quality, None)
    assert len(lowres.encode(first.reconstruction.rgb(), quality, first.reconstruction).payload) <= 1


def test_each_quality_is_better_than_the_one_before() -> None:
    picture = drawn_face(32, 0)
    shown = [lowres.encode(picture, q, None).reconstruction for q in range(0, len(lowres.QUALITIES), 3)]
    errors = [lowres.reference_error_db(frame, picture) for frame in shown]
    assert errors == sorted(errors)


@given(pictures8)
def test_colours_survive_the_planes(picture: NDArray[np.uint8]) -> None:
    back = lowres.LowResFrame.from_rgb(picture).rgb()
    assert np.abs(back.astype(int) - picture).max() <= 1


def test_the_measure_counts_luma_six_times() -> None:
    frame = lowres.LowResFrame.from_rgb(np.full((8, 8, 3), 100, np.uint8))
    assert lowres.reference_error_db(frame, np.full((8, 8, 3), 104, np.uint8)) == pytest.approx(
        10 * np.log10(255**2 / (16 * 6 / 8)), abs=0.01
    )


@pytest.mark.parametrize("shape", [(8, 8), (7, 7, 3), (8, 16, 3), (64, 64, 3), (8, 8, 4)])
def test_other_pictures_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="low-resolution picture"):
        lowres.encode(np.zeros(shape, np.uint8), 7, None)


def test_a_reference_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="predicted"):
        lowres.decode(b"", 8, 7, lowres.LowResFrame.from_rgb(drawn_face(16, 0)))


@pytest.mark.parametrize("quality", [-1, 16])
def test_an_unknown_quality_is_refused(quality: int) -> None:
    with pytest.raises(ValueError, match="quality"):
        lowres.decode(b"", 8, quality, None)


def test_a_frame_takes_far_less_than_its_time() -> None:
    first = lowres.encode(drawn_face(8, 0), lowres.DEFAULT_QUALITY, None)
    spent = []
    for _ in range(20):
        start = time.process_time()
        encoded = lowres.encode(drawn_face(8, 1), lowres.DEFAULT_QUALITY, first.reconstruction)
        lowres.decode(encoded.payload, 8, lowres.DEFAULT_QUALITY, first.reconstruction)
        spent.append(time.process_time() - start)
    assert min(spent) < 0.010


@pytest.fixture(scope="module")
def val_pictures(clips: Path) -> list[NDArray[np.float64]]:
    """Every fifth 8x8 picture of each clip of people that the tables were not trained on."""
    return [pictures[::5] for pictures in load_pictures(clips, "val", 8, None)]


def rate(pictures: list[NDArray[np.float64]], quality: int) -> RateQuality:
    return measure(pictures, quality, reference_distance=2)


@pytest.mark.slow
def test_ten_and_a_half_bytes_a_packet_show_32_db(val_pictures: list[NDArray[np.float64]]) -> None:
    point = rate(val_pictures, SHORT_QUALITY)
    assert point.psnr_db >= 32
    assert point.bytes_per_packet <= 10.5


@pytest.mark.slow
def test_fifteen_bytes_a_packet_show_34_db(val_pictures: list[NDArray[np.float64]]) -> None:
    point = rate(val_pictures, SHORT_QUALITY + 2)
    assert point.psnr_db >= 34
    assert point.bytes_per_packet <= 15


@pytest.mark.slow
def test_the_default_quality_takes_at_most_twenty_bytes(val_pictures: list[NDArray[np.float64]]) -> None:
    assert lowres.DEFAULT_QUALITY == SECOND_SHORT_QUALITY
    point = rate(val_pictures, lowres.DEFAULT_QUALITY)
    assert point.bytes_per_packet <= 20
    assert point.psnr_db >= 37
