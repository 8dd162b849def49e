"""The receiver decodes what has its reference, and says so."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from callcodec.wire.bundle import Acknowledgement
from callcodec.wire.face_packet import RUNGS, FacePacket
from callcodec.wire.hints import HintReference, encode_hints
from callcodec.wire.lowres import DEFAULT_QUALITY
from receiver.face import FaceDecoder
from sender.face import FaceEncoder

QUALITY = DEFAULT_QUALITY


def pictures(count: int) -> list[NDArray[np.uint8]]:
    base = np.linspace(40, 180, 256)[:, None, None] * np.array([1.0, 0.9, 0.8]) + np.zeros((256, 256, 3))
    return [(base + 2 * i).astype(np.uint8) for i in range(count)]


def packets(count: int, acknowledge: bool = True) -> list[FacePacket]:
    encoder = FaceEncoder(RUNGS[0], QUALITY)
    made = []
    for i, picture in enumerate(pictures(count)):
        face = encoder.encode(picture, i / 5)
        made.append(face.packet(i / 5))
        if acknowledge:
            encoder.acknowledge(Acknowledgement(face.frame_number, 0))
    return made


def test_sender_and_receiver_see_the_same_picture() -> None:
    decoder = FaceDecoder()
    for packet, picture in zip(packets(5), pictures(5), strict=True):
        face = decoder.decode(packet, 1.0)
        assert face is not None
        exact = picture.reshape(8, 32, 8, 32, 3).mean((1, 3))
        assert np.abs(face.picture - exact).mean() < 6


def test_a_packet_without_its_reference_is_counted_and_shows_nothing() -> None:
    first, second, third = packets(3)
    decoder = FaceDecoder()
    assert decoder.decode(first, 0.0) is not None
    assert decoder.decode(third, 0.4) is None
    assert decoder.counts.undecodable == 1
    assert decoder.decode(second, 0.2) is not None


def test_after_an_outage_the_numbers_may_have_gone_round() -> None:
    decoder = FaceDecoder()
    late = packets(180, acknowledge=False)
    assert decoder.decode(late[0], 0.0) is not None
    for number in range(150, 160):
        face = decoder.decode(late[number], number / 5)
        assert face is not None
    assert decoder.acknowledgement() == Acknowledgement(159, 0xFF)


def test_a_repeated_packet_is_ignored() -> None:
    decoder = FaceDecoder()
    packet = packets(1)[0]
    assert decoder.decode(packet, 0.0) is not None
    assert decoder.decode(packet, 0.0) is None
    assert (decoder.counts.received, decoder.counts.duplicate) == (1, 1)


def test_the_acknowledgement_names_only_what_was_decoded() -> None:
    decoder = FaceDecoder()
    assert decoder.acknowledgement() is None
    made = packets(4, acknowledge=False)
    for index in (0, 1, 3):
        decoder.decode(made[index], 0.0)
    acknowledgement = decoder.acknowledgement()
    assert acknowledgement is not None
    assert set(acknowledgement.frames()) == {3, 1, 0}


def test_an_emotion_stays_until_another_is_told() -> None:
    encoder = FaceEncoder(RUNGS[0], QUALITY)
    decoder = FaceDecoder()
    encoder.set_emotion(5)
    told = []
    for i, picture in enumerate(pictures(3)):
        face = encoder.encode(picture, i / 5)
        encoder.acknowledge(Acknowledgement(face.frame_number, 0))
        decoded = decoder.decode(face.packet(0.0), 0.0)
        told.append(None if decoded is None else decoded.emotion)
    assert told == [5, 5, 5]


def test_hints_that_cannot_be_read_do_not_cost_the_picture() -> None:
    packet = replace(packets(1)[0], hints=bytes([0xFF] * 6))
    decoder = FaceDecoder()
    face = decoder.decode(packet, 0.0)
    assert face is not None
    assert face.hints is None
    assert (decoder.counts.decoded, decoder.counts.hinted) == (1, 0)


def test_hints_are_predicted_from_those_of_the_reference() -> None:
    shape = np.full((70, 2), 12, np.float32)
    first, _, third = packets(3)
    told = encode_hints(shape, 3, RUNGS[0], None)
    assert told is not None
    decoder = FaceDecoder()
    seen = decoder.decode(replace(first, hints=told.payload), 0.0)
    assert seen is not None
    assert seen.hints is not None
    distance = 2
    again = encode_hints(shape, 3, RUNGS[0], HintReference(seen.hints, distance))
    assert again is not None
    decoder.decode(packets(2)[1], 0.2)
    face = decoder.decode(replace(third, reference_distance=distance, hints=again.payload), 0.4)
    assert face is not None
    assert face.hints is not None
    assert np.array_equal(face.hints.state, again.decoded.state)
