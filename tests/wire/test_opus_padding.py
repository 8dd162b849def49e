"""Bytes inside Opus packets: libopus decodes the voice bit-identically, and the other side finds them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from callcodec.speech.opus import OpusDecoder, OpusEncoder
from callcodec.wire.opus_padding import embed, extract

EXTRA = b"\x95\x00\xffface"


def voice(seconds: float) -> NDArray[np.int16]:
    """Something like speech, with a pause in the middle."""
    t = np.arange(int(16_000 * seconds)) / 16_000
    buzz = np.sign(np.sin(2 * np.pi * (110 + 30 * np.sin(3 * t)) * t)) * (0.5 + 0.5 * np.sin(9 * t))
    buzz[len(buzz) // 3 : 2 * len(buzz) // 3] = 0
    noise = np.random.default_rng(1).normal(0, 2, len(t))
    return np.asarray(6000 * buzz + noise, np.int16)


def encoded(bitrate_bps: int, packet_ms: int, dtx: bool) -> list[bytes]:
    """Packets of a few seconds of voice."""
    samples = 16 * packet_ms
    pcm = voice(4.8)
    with OpusEncoder(bitrate_bps, packet_ms, dtx) as encoder:
        return [encoder.encode(pcm[at : at + samples]) for at in range(0, len(pcm) - samples + 1, samples)]


@pytest.mark.parametrize("dtx", [False, True])
@pytest.mark.parametrize("packet_ms", [40, 60, 120])
@pytest.mark.parametrize("bitrate_bps", [6000, 8000, 12000])
def test_libopus_decodes_a_carrying_packet_bit_identically(
    bitrate_bps: int, packet_ms: int, dtx: bool
) -> None:
    with OpusDecoder() as plain, OpusDecoder() as carrying, OpusDecoder() as extracted:
        for packet in encoded(bitrate_bps, packet_ms, dtx):
            wanted = plain.decode(packet)
            carrier = embed(packet, EXTRA)
            assert len(carrier) <= len(packet) + len(EXTRA) + 2
            voice_part, extra = extract(carrier)
            assert extra == EXTRA
            assert np.array_equal(carrying.decode(carrier), wanted)
            assert np.array_equal(extracted.decode(voice_part), wanted)


def test_pauses_are_carried_too() -> None:
    packets = encoded(6000, 60, dtx=True)
    pauses = [packet for packet in packets if len(packet) <= 2]
    assert pauses, "the encoder sent no pause"
    for packet in pauses:
        assert extract(embed(packet, EXTRA)) == (packet, EXTRA)


@pytest.mark.parametrize("size", [1, 253, 254, 255, 508, 509, 3000])
def test_padding_of_any_length_is_carried(size: int) -> None:
    extra = bytes(i % 251 + 1 for i in range(size))
    packet = encoded(8000, 60, dtx=False)[3]
    carrier = embed(packet, extra)
    assert len(carrier) == len(packet) + size + 2 + (size - 1) // 254
    assert extract(carrier) == (packet, extra)
    with OpusDecoder() as plain, OpusDecoder() as carrying:
        assert np.array_equal(carrying.decode(carrier), plain.decode(packet))


# One frame, two equal, two unequal, three equal, three unequal (RFC 6716, section 3.2).
CODES = [b"\x08abcd", b"\x09abcd", b"\x0a\x01abcd", b"\x0b\x03abcabc", b"\x0b\x83\x01\x02abbccc"]


@pytest.mark.parametrize("packet", CODES)
@given(extra=st.binary(min_size=1, max_size=600).filter(any))
def test_every_framing_gives_back_both_parts(packet: bytes, extra: bytes) -> None:
    assert extract(embed(packet, extra)) == (packet, extra)


@pytest.mark.parametrize("packet", CODES)
def test_a_packet_without_a_message_stays_as_it_is(packet: bytes) -> None:
    assert embed(packet, b"") == packet
    assert extract(packet) == (packet, b"")


def test_padding_of_zeros_carries_no_message() -> None:
    assert extract(b"\x0b\x41\x03abcd\0\0\0") == (b"\x08abcd", b"")
    with pytest.raises(ValueError, match="zeros"):
        embed(b"\x08abcd", b"\0\0")


def test_a_new_message_replaces_an_older_one() -> None:
    assert extract(embed(embed(b"\x08abcd", b"old"), b"new")) == (b"\x08abcd", b"new")


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"\x09abc",  # code 1 of odd length
        b"\x0a",  # code 2 without a length
        b"\x0a\xff",  # a two-byte length cut off
        b"\x0a\x09ab",  # a frame longer than its packet
        b"\x0b",  # code 3 without a count
        b"\x0b\x00",  # no frames
        b"\x0b\x3fabc",  # more than 120 ms
        b"\x0b\x41",  # no padding length
        b"\x0b\x41\xff\xff",  # an endless padding length
        b"\x0b\x41\x09ab",  # padding longer than its packet
        b"\x0b\x02abc",  # two equal frames of three bytes
        b"\x0b\x83\x05\x05abc",  # listed frames longer than their packet
        b"\x08" + bytes(1276),  # a frame longer than any may be
    ],
)
def test_a_malformed_packet_is_refused(packet: bytes) -> None:
    with pytest.raises(ValueError, match="Opus"):
        extract(packet)


@given(st.binary(max_size=1500))
def test_garbage_is_taken_apart_or_refused(packet: bytes) -> None:
    try:
        voice_part, extra = extract(packet)
    except ValueError:
        return
    assert len(voice_part) + len(extra) <= len(packet)
    assert extract(voice_part) == (voice_part, b"")
