"""The range coder: exact, short, and never surprised."""

import math

from hypothesis import given
from hypothesis import strategies as st

from callcodec.wire.rangecoder import RangeDecoder, RangeEncoder

decisions = st.lists(st.tuples(st.integers(0, 1), st.integers(1, 65535)), max_size=300)


def coded(row: list[tuple[int, int]]) -> bytes:
    encoder = RangeEncoder()
    for bit, probability in row:
        encoder.encode(bit, probability)
    return encoder.finish()


@given(decisions)
def test_decisions_survive(row: list[tuple[int, int]]) -> None:
    decoder = RangeDecoder(coded(row))
    assert [decoder.decode(probability) for _, probability in row] == [bit for bit, _ in row]


@given(decisions)
def test_the_stream_is_as_short_as_the_information_in_it(row: list[tuple[int, int]]) -> None:
    bits = sum(-math.log2((p if bit else 65536 - p) / 65536) for bit, p in row)
    assert 8 * len(coded(row)) <= bits + 9 + 0.001 * len(row)


@given(decisions)
def test_no_stream_ends_in_a_zero_byte(row: list[tuple[int, int]]) -> None:
    assert not coded(row).endswith(b"\0")


@given(st.binary(max_size=40), st.lists(st.integers(1, 65535), max_size=400))
def test_any_bytes_decode_to_something(data: bytes, probabilities: list[int]) -> None:
    decoder = RangeDecoder(data)
    assert all(decoder.decode(probability) in (0, 1) for probability in probabilities)


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 2**40 - 1)), max_size=20))
def test_plain_numbers_survive(row: list[tuple[int, int]]) -> None:
    encoder = RangeEncoder()
    for bits, value in row:
        encoder.encode_bits(value & (1 << bits) - 1, bits)
    decoder = RangeDecoder(encoder.finish())
    assert [decoder.decode_bits(bits) for bits, _ in row] == [value & (1 << bits) - 1 for bits, value in row]


def test_nothing_coded_is_no_bytes() -> None:
    assert RangeEncoder().finish() == b""
