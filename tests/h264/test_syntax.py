"""NAL units, parameter sets and code tables."""

import contextlib
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcodec.h264 import cavlc_tables
from callcodec.h264.bitstream import BitReader, stop_bit_position
from callcodec.h264.errors import DamagedStream
from callcodec.h264.nal import NalType, parse_avcc, parse_nal_unit, split_annex_b, split_length_prefixed
from callcodec.h264.parameter_sets import parse_pps, parse_sps
from tests.h264.handwritten import picture_parameters, sequence
from tests.h264.streams import BitWriter, nal_unit, write_pps, write_sps


@given(st.binary(min_size=1, max_size=64).map(lambda data: data + b"\x80"), st.integers(1, 31))
def test_a_payload_survives_the_byte_stream(payload: bytes, kind: int) -> None:
    (unit,) = split_annex_b(nal_unit(2, kind, payload))
    parsed = parse_nal_unit(unit)
    assert (parsed.reference_idc, parsed.type, parsed.payload) == (2, kind, payload)


@given(st.lists(st.binary(min_size=1, max_size=20), max_size=5), st.sampled_from([1, 2, 4]))
def test_length_prefixed_units_are_split(units: list[bytes], prefix: int) -> None:
    data = b"".join(len(unit).to_bytes(prefix, "big") + unit for unit in units)
    assert list(split_length_prefixed(data, prefix)) == units


def test_a_length_beyond_the_sample_is_damage() -> None:
    with pytest.raises(DamagedStream, match="longer than the sample"):
        list(split_length_prefixed(b"\0\0\0\x09abc", 4))


def test_an_avcc_record_gives_its_parameter_sets() -> None:
    record = bytes([1, 66, 0, 30, 0xFF, 0xE1]) + b"\0\3sps" + b"\1" + b"\0\3pps"
    assert parse_avcc(record) == (4, [b"sps", b"pps"])


@given(st.binary(max_size=40))
def test_any_bytes_are_an_avcc_record_or_damage(record: bytes) -> None:
    try:
        prefix, _ = parse_avcc(record)
    except DamagedStream:
        return
    assert 1 <= prefix <= 4


@given(st.lists(st.tuples(st.integers(0, 1 << 20), st.integers(-(1 << 19), 1 << 19)), max_size=10))
def test_exp_golomb_codes_are_read_back(values: list[tuple[int, int]]) -> None:
    writer = BitWriter()
    for unsigned, signed in values:
        writer.unsigned(unsigned)
        writer.signed(signed)
    reader = BitReader(writer.payload())
    for unsigned, signed in values:
        assert reader.unsigned(1 << 20, "a number") == unsigned
        assert reader.signed(-(1 << 19), 1 << 19, "a number") == signed
    assert reader.position == stop_bit_position(writer.payload())


def test_reading_past_the_end_is_damage() -> None:
    with pytest.raises(DamagedStream, match="ends before"):
        BitReader(b"\0").bits(9)


@given(st.binary(max_size=60))
def test_any_bytes_are_parameter_sets_or_damage(payload: bytes) -> None:
    for parse in (parse_sps, parse_pps):
        with contextlib.suppress(DamagedStream):
            assert parse(payload).id <= 255


def test_parameter_sets_are_read_back() -> None:
    sps, pps = sequence(6, 5), picture_parameters(constrained_intra=True, chroma_qp_offset=-3)
    units = [parse_nal_unit(unit) for unit in split_annex_b(write_sps(sps) + write_pps(pps))]
    assert [unit.type for unit in units] == [NalType.SPS, NalType.PPS]
    assert parse_sps(units[0].payload) == sps
    assert parse_pps(units[1].payload) == pps


@pytest.mark.parametrize(
    "codes",
    [
        *cavlc_tables.COEFF_TOKEN_CODES,
        *cavlc_tables.TOTAL_ZEROS_CODES,
        *cavlc_tables.CHROMA_TOTAL_ZEROS_CODES,
        *cavlc_tables.RUN_BEFORE_CODES,
    ],
)
def test_no_code_begins_another(codes: str) -> None:
    words = sorted(codes.split())
    assert not any(second.startswith(first) for first, second in pairwise(words))
    assert sum(2.0 ** -len(word) for word in words) <= 1


def test_coded_block_patterns_are_permutations() -> None:
    for table in (cavlc_tables.INTRA_CODED_BLOCK_PATTERN, cavlc_tables.INTER_CODED_BLOCK_PATTERN):
        assert sorted(table.tolist()) == list(range(48))
