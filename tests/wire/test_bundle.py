"""Bundles: several things in one voice packet, told apart without a wasted byte."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcodec.wire.bundle import Acknowledgement, Bundle
from callcodec.wire.face_packet import FacePacket
from tests.wire.strategies import bundles, face_packets


@given(bundles)
def test_every_bundle_survives_the_wire(sent: Bundle) -> None:
    assert Bundle.parse(sent.serialise()) == sent


@given(st.binary(max_size=80))
def test_garbage_is_a_bundle_or_a_value_error(data: bytes) -> None:
    try:
        parsed = Bundle.parse(data)
    except ValueError:
        return
    assert Bundle.parse(parsed.serialise()) == parsed


@given(face_packets)
def test_a_single_face_packet_is_its_own_bundle(face: FacePacket) -> None:
    assert Bundle(faces=(face,)).serialise() == face.serialise()


@given(face_packets, face_packets)
def test_a_second_face_packet_costs_one_byte_over_itself(first: FacePacket, second: FacePacket) -> None:
    together = Bundle(faces=(first, second)).serialise()
    overhead = len(together) - len(first.serialise()) - len(second.serialise())
    assert overhead == (1 if len(first.serialise()) <= 31 else 3)


def test_an_acknowledgement_takes_two_bytes_while_all_goes_well() -> None:
    assert len(Bundle(Acknowledgement(200, 0xFF)).serialise()) == 2


def test_an_acknowledgement_takes_three_bytes_after_losses() -> None:
    assert len(Bundle(Acknowledgement(200, 0b0100_0000)).serialise()) == 3


def test_an_acknowledgement_names_its_frames() -> None:
    assert Acknowledgement(1, 0b1000_0101).frames() == (1, 0, 254, 249)


def test_an_empty_bundle_is_no_bytes() -> None:
    assert Bundle().serialise() == b""
    assert Bundle.parse(b"") == Bundle()


@pytest.mark.parametrize(
    "data",
    [
        b"\x40",  # an acknowledgement cut off
        b"\x20\x01",  # a long acknowledgement cut off
        b"\x21\x01\x01",  # a reserved bit
        b"\x40\x00\x40\x00",  # two acknowledgements
        b"\x31\x00\x00\x00\x00",  # a reserved bit of the report
        b"\x30\x00\x00\x00",  # a report that is cut off
        b"\x30\x00\x00\x00\x00\x30\x00\x00\x00\x00",  # two reports
        b"\x05\x80\x80",  # a face packet longer than its bundle
        b"\x1f\x00\x02\x80\x80\x80",  # a long length that is short
    ],
)
def test_a_malformed_bundle_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"acknowledgement|length|report"):
        Bundle.parse(data)


def test_a_bundle_that_announces_another_packet_is_refused() -> None:
    face = FacePacket(1, 2, 0, 2, 0, b"\x11")
    data = Bundle(faces=(face, face)).serialise()[: 1 + len(face.serialise())]
    with pytest.raises(ValueError, match="length"):
        Bundle.parse(data)


def test_a_bundle_of_endless_length_is_refused() -> None:
    with pytest.raises(ValueError, match="too long"):
        Bundle.parse(b"\x80" * 100_000)


def test_too_many_face_packets_are_refused() -> None:
    with pytest.raises(ValueError, match="at most"):
        Bundle(faces=(FacePacket(1, 2, 0, 2, 0, b"\x11"),) * 17)
