"""NAL units: Annex B and length-prefixed streams, and emulation prevention (clauses 7.3.1, 7.4.1 and B.1)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from callcodec.h264.errors import DamagedStream

START_CODE_BYTES = 3
START_CODE = re.compile(rb"\x00\x00\x01")
EMULATION_PREVENTION = re.compile(rb"\x00\x00\x03")


class NalType(IntEnum):
    """nal_unit_type values that the reader looks at (Table 7-1)."""

    SLICE = 1
    PARTITION_A = 2
    PARTITION_B = 3
    PARTITION_C = 4
    IDR_SLICE = 5
    SEI = 6
    SPS = 7
    PPS = 8
    DELIMITER = 9
    END_OF_SEQUENCE = 10
    END_OF_STREAM = 11


@dataclass(frozen=True)
class NalUnit:
    """One NAL unit; ``payload`` is the raw byte sequence payload, without emulation prevention bytes."""

    reference_idc: int
    type: int
    payload: bytes


def parse_nal_unit(data: bytes) -> NalUnit:
    """One NAL unit without its start code. DamagedStream where the header is missing or wrong."""
    if not data:
        raise DamagedStream("a NAL unit is empty")
    if data[0] & 0x80:
        raise DamagedStream("forbidden_zero_bit of a NAL unit is set")
    # A slice of all-zero bytes may end in 0x03, so the pattern is replaced wherever it stands (clause 7.4.1).
    return NalUnit((data[0] >> 5) & 3, data[0] & 31, EMULATION_PREVENTION.sub(b"\x00\x00", data[1:]))


def split_annex_b(data: bytes) -> Iterator[bytes]:
    """The NAL units of a byte stream (B.1.1), without start codes, leading and trailing zero bytes."""
    starts = [match.end() for match in START_CODE.finditer(data)]
    ends = [start - START_CODE_BYTES for start in starts[1:]]
    for start, end in zip(starts, [*ends, len(data)], strict=False):
        unit = data[start:end].rstrip(b"\0")
        if unit:
            yield unit


def split_length_prefixed(data: bytes, prefix_bytes: int) -> Iterator[bytes]:
    """The NAL units of an MP4 or Matroska sample (ISO/IEC 14496-15, 5.3.4.2). DamagedStream where one is cut."""
    position = 0
    while position < len(data):
        start = position + prefix_bytes
        position = start + int.from_bytes(data[position:start], "big")
        if start > len(data) or position > len(data):
            raise DamagedStream("a NAL unit is longer than the sample that holds it")
        if position > start:
            yield data[start:position]


def parse_avcc(extradata: bytes) -> tuple[int, list[bytes]]:
    """avcC (ISO/IEC 14496-15, 5.3.3.1): bytes of a length prefix, and the parameter sets. DamagedStream if cut."""
    if len(extradata) < 7 or extradata[0] != 1:
        raise DamagedStream("the avcC record is missing or of an unknown version")
    units: list[bytes] = []
    position = 5
    for mask in (31, 255):
        if position >= len(extradata):
            raise DamagedStream("the avcC record is cut")
        count = extradata[position] & mask
        position += 1
        for _ in range(count):
            length = int.from_bytes(extradata[position : position + 2], "big")
            unit = extradata[position + 2 : position + 2 + length]
            if len(unit) < length or not unit:
                raise DamagedStream("the avcC record is cut")
            units.append(unit)
            position += 2 + length
    return (extradata[4] & 3) + 1, units
