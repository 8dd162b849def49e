"""Face packets: what is written is what is read, and nothing else is believed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcodec.wire.emotion import EmotionState
from callcodec.wire.face_packet import RUNGS, SHORT_QUALITY, FacePacket
from tests.wire.strategies import face_packets


def packet(
    *,
    frame_number: int = 7,
    reference_distance: int | None = 2,
    rung: int = 0,
    quality: int = SHORT_QUALITY,
    capture_offset_ms: int = 40,
    payload: bytes = b"\x80\x01",
    hints: bytes | None = None,
    emotion: int | None = None,
) -> FacePacket:
    return FacePacket(
        frame_number, reference_distance, rung, quality, capture_offset_ms, payload, emotion, hints
    )


@given(face_packets)
def test_every_packet_survives_the_wire(sent: FacePacket) -> None:
    assert FacePacket.parse(sent.serialise()) == sent


@given(st.binary(max_size=64))
def test_garbage_is_a_packet_or_a_value_error(data: bytes) -> None:
    try:
        parsed = FacePacket.parse(data)
    except ValueError:
        return
    assert FacePacket.parse(parsed.serialise()) == parsed


def test_the_usual_header_takes_two_bytes() -> None:
    assert len(packet(payload=b"").serialise()) == 2


def test_the_payload_loses_no_more_than_its_trailing_zero_bits() -> None:
    assert len(packet(payload=b"\xff" * 9 + b"\x80").serialise()) == 2 + 9 + 1


def test_trailing_zero_bytes_of_a_payload_cost_nothing() -> None:
    assert packet(payload=b"\x80\0\0").serialise() == packet(payload=b"\x80").serialise()


def test_an_emotion_costs_at_most_two_bytes() -> None:
    plain, flagged = packet(), packet(emotion=EmotionState.HAPPY)
    assert len(flagged.serialise()) - len(plain.serialise()) <= 2


@pytest.mark.parametrize("size", [1, 6])
def test_hints_cost_two_bytes_more_than_themselves_at_most(size: int) -> None:
    plain, hinted = packet(), packet(hints=b"\xa5" * size)
    assert len(hinted.serialise()) - len(plain.serialise()) <= size + 2


@pytest.mark.parametrize("offset_ms", [-640, -635, -100, -95, -20, -15, 0, 60, 65, 140, 145, 635])
def test_every_kind_of_capture_offset_survives(offset_ms: int) -> None:
    assert FacePacket.parse(packet(capture_offset_ms=offset_ms).serialise()).capture_offset_ms == offset_ms


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("frame_number", 256),
        ("reference_distance", 0),
        ("reference_distance", 36),
        ("rung", len(RUNGS)),
        ("quality", 16),
        ("capture_offset_ms", 3),
        ("capture_offset_ms", 640),
        ("capture_offset_ms", -645),
    ],
)
def test_a_field_without_a_place_on_the_wire_is_refused(field: str, value: int) -> None:
    with pytest.raises(ValueError, match=str(value)):
        packet(**{field: value})  # type: ignore[arg-type]


@pytest.mark.parametrize("hints", [b"", b"1234567"])
def test_hints_are_one_to_six_bytes(hints: bytes) -> None:
    with pytest.raises(ValueError, match="hints"):
        packet(hints=hints)


def test_an_unknown_emotion_is_refused() -> None:
    with pytest.raises(ValueError, match="emotion"):
        packet(emotion=15)


@pytest.mark.parametrize("data", [b"", b"\x80", b"\x00\x00\x00", b"\xff\xff\xff\xff"])
def test_a_cut_or_foreign_packet_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"face packet|header"):
        FacePacket.parse(data)


def test_a_packet_of_endless_length_is_refused() -> None:
    with pytest.raises(ValueError, match="too long"):
        FacePacket.parse(b"\x80" * 100_000)


def test_rungs_count_upwards_from_eight_pixels_at_five_frames() -> None:
    assert [rung.index for rung in RUNGS] == list(range(len(RUNGS)))
    assert (RUNGS[0].size, RUNGS[0].slots_per_frame) == (8, 5)


def test_the_fifteen_emotion_states_have_names_for_the_command_line() -> None:
    assert len(EmotionState) == 15
    assert all(EmotionState.from_label(state.label) is state for state in EmotionState)
    assert EmotionState.from_label(" Happy-Strong") is EmotionState.HAPPY_STRONG


def test_an_unknown_emotion_name_lists_the_known_ones() -> None:
    with pytest.raises(ValueError, match="neutral, calm"):
        EmotionState.from_label("smug")
