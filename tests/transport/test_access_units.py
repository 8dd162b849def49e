"""RTP packets of a video track become whole access units, in order, whatever the link did to them."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from callcodec.transport.access_units import (
    MAX_ACCESS_UNIT_BYTES,
    MAX_WAITING,
    AccessUnit,
    AccessUnitAssembler,
    VideoPacket,
    begins_access_unit,
    nal_type,
)

SPS, IDR, P = b"\x67\x42", b"\x65\x88", b"\x41\x9a"


def unit_of(
    first: int, timestamp: int, slices: int = 1, start: bytes = P, sequences: int = 2**16
) -> list[VideoPacket]:
    """One picture whose slices lie in a packet each; the first begins with macroblock 0."""
    payloads = [start, *(bytes([start[0], 0x40 + i]) for i in range(1, slices))]
    return [
        VideoPacket((first + i) % sequences, timestamp, i == slices - 1, payload, b"\0\0\1" + payload)
        for i, payload in enumerate(payloads)
    ]


def push_all(
    assembler: AccessUnitAssembler, packets: list[VideoPacket], now_s: float = 0.0
) -> list[AccessUnit]:
    return [unit for packet in packets for unit in assembler.push(packet, now_s)]


def test_a_picture_is_handed_over_with_its_last_packet() -> None:
    packets = unit_of(10, 900, slices=3, start=IDR)
    assembler = AccessUnitAssembler()
    assert push_all(assembler, packets[:2], 0.1) == []
    (unit,) = assembler.push(packets[2], 0.2)
    assert unit.data == b"".join(packet.data for packet in packets)
    assert (unit.rtp_timestamp, unit.is_key, unit.after_loss, unit.arrival_s) == (900, True, False, 0.2)


def test_packets_in_any_order_give_pictures_in_order() -> None:
    first, second = unit_of(1, 0, 2, IDR), unit_of(3, 3600, 2)
    units = push_all(AccessUnitAssembler(), [first[0], second[1], second[0], first[1]])
    assert [unit.rtp_timestamp for unit in units] == [0, 3600]


def test_sequence_numbers_may_wrap() -> None:
    packets = unit_of(2**16 - 1, 0, 2, IDR) + unit_of(1, 3600)
    assert len(push_all(AccessUnitAssembler(), packets)) == 2


def test_a_repeated_packet_within_the_hold_leaves_no_trace() -> None:
    assembler = AccessUnitAssembler(hold_s=0.2)
    first, second, third = unit_of(1, 0, 1, IDR), unit_of(2, 3600), unit_of(3, 7200)
    push_all(assembler, first, 0.0)
    assert push_all(assembler, third, 0.08) == assembler.release(0.2) == []
    units = push_all(assembler, second, 0.25)
    assert [(unit.rtp_timestamp, unit.after_loss) for unit in units] == [(3600, False), (7200, False)]
    assert assembler.lost_packets == 0


def test_what_is_not_repeated_is_given_up_and_the_next_picture_says_so() -> None:
    assembler = AccessUnitAssembler(hold_s=0.2)
    push_all(assembler, unit_of(1, 0, 1, IDR), 0.0)
    push_all(assembler, unit_of(3, 7200), 0.1)
    assert assembler.release(0.29) == []
    (unit,) = assembler.release(0.31)
    assert (unit.rtp_timestamp, unit.after_loss) == (7200, True)
    assert assembler.lost_packets == 1
    (following,) = push_all(assembler, unit_of(4, 10800), 0.32)
    assert not following.after_loss


def test_several_gaps_are_waited_for_at_the_same_time() -> None:
    assembler = AccessUnitAssembler(hold_s=0.2)
    push_all(assembler, unit_of(1, 0, 1, IDR), 0.0)
    for number in (3, 5, 7):
        push_all(assembler, unit_of(number, number * 3600), 0.01 * number)
    assert [unit.rtp_timestamp for unit in assembler.release(0.28)] == [3 * 3600, 5 * 3600, 7 * 3600]


def test_a_picture_that_lacks_its_beginning_is_left_out() -> None:
    assembler = AccessUnitAssembler(hold_s=0.2)
    push_all(assembler, unit_of(1, 0, 1, IDR), 0.0)
    broken, whole = unit_of(2, 3600, 3), unit_of(5, 7200)
    push_all(assembler, [*broken[1:], *whole], 0.1)
    assert [unit.rtp_timestamp for unit in assembler.release(0.4)] == [7200]


def test_a_picture_that_lacks_its_end_is_left_out() -> None:
    assembler = AccessUnitAssembler(hold_s=0.2)
    push_all(assembler, unit_of(1, 0, 1, IDR), 0.0)
    broken, whole = unit_of(2, 3600, 3), unit_of(5, 7200)
    push_all(assembler, [*broken[:2], *whole], 0.1)
    assert [unit.rtp_timestamp for unit in assembler.release(0.4)] == [7200]


def test_a_picture_without_a_marker_ends_where_the_next_begins() -> None:
    (only,) = unit_of(1, 0, 1, IDR)
    units = push_all(AccessUnitAssembler(), [replace(only, marker=False), *unit_of(2, 3600)])
    assert [unit.rtp_timestamp for unit in units] == [0, 3600]


def test_a_stream_that_begins_anew_is_followed_in_either_direction() -> None:
    for leap in (30_000, -30_000):
        assembler = AccessUnitAssembler()
        push_all(assembler, unit_of(40_000 % 2**16, 0, 1, IDR))
        (unit,) = push_all(assembler, unit_of((40_000 + leap) % 2**16, 5, 1, IDR))
        assert unit.after_loss


def test_a_picture_of_impossible_size_is_not_assembled() -> None:
    assembler = AccessUnitAssembler()
    part = bytes(60_000)
    for number in range(40):
        payload = IDR if number == 0 else b"\x65\x40"
        assert assembler.push(VideoPacket(number, 0, False, payload, part), 0.0) == []
        assert assembler._unit_bytes <= MAX_ACCESS_UNIT_BYTES
    (unit,) = push_all(assembler, unit_of(40, 3600, 1, IDR))
    assert (unit.rtp_timestamp, unit.after_loss) == (3600, True)


def test_fragments_and_aggregates_tell_what_they_hold() -> None:
    aggregate = b"\x78\0\2" + SPS + b"\0\2" + IDR
    assert begins_access_unit(aggregate)
    assert nal_type(aggregate) == 5
    first, later = b"\x7c\x85\x88", b"\x7c\x05\x88"
    assert begins_access_unit(first)
    assert not begins_access_unit(later)
    assert nal_type(first) == nal_type(later) == 5


@given(
    st.lists(
        st.tuples(
            st.integers(0, 2**16 - 1),
            st.sampled_from([0, 3600, 2**32 - 1]),
            st.booleans(),
            st.binary(max_size=12),
            st.floats(0, 0.3),
        ),
        max_size=60,
    )
)
def test_any_packets_give_bounded_state_and_no_exception(
    arrivals: list[tuple[int, int, bool, bytes, float]],
) -> None:
    assembler, now_s = AccessUnitAssembler(), 0.0
    for sequence, timestamp, marker, payload, pause_s in arrivals:
        now_s += pause_s
        assembler.push(VideoPacket(sequence, timestamp, marker, payload, payload), now_s)
        assembler.release(now_s)
        assert len(assembler._waiting) <= MAX_WAITING + 1
