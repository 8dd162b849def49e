"""Identity images arrive whole and hashed, or not at all."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcodec.wire.identity import (
    MAX_IDENTITY_BYTES,
    Identity,
    IdentityAssembler,
    IdentityFormat,
    IdentityHeader,
    make_identity,
    split_identity,
)


def received(messages: list[bytes]) -> list[Identity]:
    assembler = IdentityAssembler()
    images = [assembler.add(message) for message in messages]
    return [image for image in images if image]


@given(
    st.binary(min_size=1, max_size=3000),
    st.sampled_from([0, 1]),
    st.sampled_from(IdentityFormat),
    st.integers(1, 1024),
    st.integers(1, 1024),
    st.integers(1, 1200),
)
def test_an_image_survives_the_wire(
    payload: bytes, layer: int, image_format: IdentityFormat, width: int, height: int, chunk_bytes: int
) -> None:
    image = make_identity(payload, layer, image_format, width, height)
    messages = split_identity(image.header, payload, chunk_bytes)
    assert received(messages) == [image]


def test_an_image_of_the_largest_size_survives() -> None:
    image = make_identity(b"\x5a" * MAX_IDENTITY_BYTES, 1, IdentityFormat.WEBP, 1024, 1024)
    assert received(split_identity(image.header, image.payload, 1000)) == [image]


def test_both_layers_may_be_under_way_at_once() -> None:
    first = make_identity(b"a" * 100, 0, IdentityFormat.AV1, 256, 256)
    second = make_identity(b"b" * 100, 1, IdentityFormat.JPEG, 256, 256)
    pairs = zip(*(split_identity(i.header, i.payload, 30) for i in (first, second)), strict=True)
    assert received([message for pair in pairs for message in pair]) == [first, second]


def test_a_new_header_replaces_an_unfinished_image() -> None:
    old = make_identity(b"a" * 100, 0, IdentityFormat.AV1, 256, 256)
    new = make_identity(b"b" * 100, 0, IdentityFormat.AV1, 256, 256)
    messages = split_identity(old.header, old.payload, 30)[:-1] + split_identity(new.header, new.payload, 30)
    assert received(messages) == [new]


def test_progress_counts_what_has_arrived() -> None:
    image = make_identity(b"a" * 100, 0, IdentityFormat.AV1, 256, 256)
    assembler = IdentityAssembler()
    for message in split_identity(image.header, image.payload, 25)[:3]:
        assembler.add(message)
    assert assembler.progress(0) == 0.5
    assert assembler.progress(1) == 0.0


def test_a_wrong_hash_is_refused() -> None:
    header = IdentityHeader(hashlib.sha256(b"other").digest(), 0, IdentityFormat.AVIF, 64, 64, 5)
    chunk = b"\x02\x00\x00\x00image"
    assembler = IdentityAssembler()
    assembler.add(header.serialise())
    with pytest.raises(ValueError, match="SHA-256"):
        assembler.add(chunk)


def test_a_lost_chunk_is_noticed() -> None:
    image = make_identity(b"abcdefgh", 0, IdentityFormat.AVIF, 64, 64)
    messages = split_identity(image.header, image.payload, 2)
    assembler = IdentityAssembler()
    assembler.add(messages[0])
    with pytest.raises(ValueError, match="follow"):
        assembler.add(messages[2])


def test_more_bytes_than_announced_are_refused() -> None:
    image = make_identity(b"abcd", 0, IdentityFormat.AVIF, 64, 64)
    assembler = IdentityAssembler()
    assembler.add(image.header.serialise())
    with pytest.raises(ValueError, match="follow"):
        assembler.add(b"\x02\x00\x00\x00abcdefgh")


@pytest.mark.parametrize(
    ("width", "height", "byte_count"),
    [(0, 1, 1), (1, 1025, 1), (1, 1, 0), (1, 1, MAX_IDENTITY_BYTES + 1)],
)
def test_a_header_out_of_bounds_is_refused(width: int, height: int, byte_count: int) -> None:
    with pytest.raises(ValueError, match="identity image"):
        IdentityHeader(bytes(32), 0, IdentityFormat.AV1, width, height, byte_count)


@pytest.mark.parametrize("message", [b"", b"\x01", b"\x02\x00\x00\x00a", b"\x02\x00\x00\x00", b"\x03rest"])
def test_a_malformed_message_is_refused(message: bytes) -> None:
    with pytest.raises(ValueError, match="identity"):
        IdentityAssembler().add(message)


@given(st.lists(st.binary(max_size=60) | st.binary(min_size=41, max_size=41), max_size=20))
def test_garbage_never_becomes_an_image(messages: list[bytes]) -> None:
    assembler = IdentityAssembler()
    for message in messages:
        try:
            assert assembler.add(message) is None
        except ValueError:
            continue
