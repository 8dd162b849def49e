"""What identity stills promise, to those who make them and to those who get them from a stranger."""

import subprocess
import sys

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from callcodec.media import still as still_module
from callcodec.media.still import Still, StillFormat, decode_still, encode_still


def drawing(size: int = 128) -> NDArray[np.uint8]:
    """Something with edges, slopes and colour."""
    y, x = np.mgrid[0:size, 0:size].astype(np.float32) / size
    rgb = np.stack([200 * x, 120 + 80 * np.sin(6 * y), 255 * (1 - x) * y], axis=-1).astype(np.uint8)
    cv2.circle(rgb, (size // 2, size // 2), size // 3, (230, 190, 160), -1)
    cv2.circle(rgb, (size // 3, size // 2), size // 16, (40, 30, 30), -1)
    return rgb


@pytest.fixture(scope="module")
def still() -> Still:
    return encode_still(drawing(), 1500)


@pytest.mark.parametrize("max_bytes", [400, 1500, 4000])
def test_a_still_keeps_to_its_budget(max_bytes: int) -> None:
    assert len(encode_still(drawing(), max_bytes).data) <= max_bytes


def test_more_bytes_look_better() -> None:
    assert encode_still(drawing(), 3000).psnr_db > encode_still(drawing(), 500).psnr_db + 2


def test_the_quality_that_is_told_is_that_of_the_decoder(still: Still) -> None:
    shown = decode_still(still.format, still.data, still.width, still.height)
    assert shown.shape == (still.height, still.width, 3)
    assert cv2.PSNR(drawing(), shown) == pytest.approx(still.psnr_db)
    assert still.psnr_db > 32


def test_av1_is_chosen_where_it_can_be_had(still: Still) -> None:
    assert still.format == StillFormat.AV1


def test_without_av1_another_format_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(still_module, "_ENCODERS", still_module._ENCODERS[1:])
    other = encode_still(drawing(), 1500)
    assert other.format in (StillFormat.WEBP, StillFormat.JPEG)
    assert other.width == 128


def test_what_no_format_holds_at_full_size_is_made_smaller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(still_module, "_ENCODERS", still_module._ENCODERS[1:])
    noise = np.random.default_rng(2).integers(0, 256, (256, 256, 3), np.uint8)
    small = encode_still(noise, 700)
    assert small.width < 256
    assert decode_still(small.format, small.data, small.width, small.height).shape[1] == small.width


def test_an_impossible_budget_is_an_error() -> None:
    with pytest.raises(ValueError, match="fits into 5 bytes"):
        encode_still(drawing(), 5)


@pytest.mark.parametrize("shape", [(8, 256, 3), (256, 2000, 3), (64, 64)])
def test_pictures_out_of_bounds_are_not_encoded(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="a still"):
        encode_still(np.zeros(shape, np.uint8), 1000)


@pytest.mark.parametrize(
    ("extension", "image_format"), [(".webp", StillFormat.WEBP), (".jpg", StillFormat.JPEG)]
)
@pytest.mark.parametrize("size", [(128, 128), (75, 101)])
def test_webp_and_jpeg_are_decoded_too(
    extension: str, image_format: StillFormat, size: tuple[int, int]
) -> None:
    rgb = cv2.resize(drawing(), size)
    data = cv2.imencode(extension, rgb[..., ::-1])[1].tobytes()
    assert cv2.PSNR(np.asarray(rgb, np.uint8), decode_still(image_format, data, *size)) > 30


@pytest.mark.parametrize("image_format", [0, 2, 9])
def test_other_formats_are_refused(still: Still, image_format: int) -> None:
    with pytest.raises(ValueError, match="not one that is decoded"):
        decode_still(image_format, still.data, still.width, still.height)


@pytest.mark.parametrize(
    ("width", "height"), [(128, 64), (64, 128), (100, 100), (1024, 1024), (0, 128), (128, 5000)]
)
def test_another_size_than_declared_is_refused(still: Still, width: int, height: int) -> None:
    with pytest.raises(ValueError, match="still"):
        decode_still(still.format, still.data, width, height)


@pytest.mark.parametrize(
    ("extension", "image_format"), [(".webp", StillFormat.WEBP), (".jpg", StillFormat.JPEG)]
)
def test_a_small_file_cannot_claim_a_large_picture(extension: str, image_format: StillFormat) -> None:
    bomb = cv2.imencode(extension, np.zeros((3000, 3000, 3), np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 1])[
        1
    ].tobytes()
    with pytest.raises(ValueError, match="still"):
        decode_still(image_format, bomb[: 64 * 1024], 256, 256)


def test_too_many_bytes_are_refused() -> None:
    with pytest.raises(ValueError, match="65536 bytes"):
        decode_still(StillFormat.AV1, bytes(70_000), 256, 256)


@given(st.sampled_from(StillFormat), st.binary(max_size=600))
def test_garbage_is_a_value_error(image_format: StillFormat, data: bytes) -> None:
    with pytest.raises(ValueError, match="still"):
        decode_still(image_format, data, 64, 64)


@settings(max_examples=60)
@given(st.integers(0, 10_000), st.integers(0, 255), st.integers(0, 2000))
def test_a_damaged_still_is_a_picture_or_a_value_error(
    still: Still, place: int, value: int, length: int
) -> None:
    data = bytearray(still.data[: max(1, len(still.data) - length)])
    data[place % len(data)] = value
    try:
        shown = decode_still(still.format, bytes(data), still.width, still.height)
    except ValueError:
        return
    assert shown.shape == (still.height, still.width, 3)


def test_the_encoder_writes_nothing_to_the_terminal() -> None:
    code = (
        "import numpy as np; from callcodec.media.still import encode_still; "
        "encode_still(np.full((64, 64, 3), 90, np.uint8), 500)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == done.stderr == ""
