"""Which frame a face packet is predicted from, and what it says about itself."""

import numpy as np
from numpy.typing import NDArray

from callcodec.wire.bundle import Acknowledgement
from callcodec.wire.face_packet import MAX_REFERENCE_DISTANCE, RUNGS
from sender.face import FaceEncoder, area_average


def picture(level: int) -> NDArray[np.uint8]:
    return np.full((256, 256, 3), level, np.uint8)


def test_the_area_average_is_the_rounded_mean_of_every_block() -> None:
    values = np.random.default_rng(1).integers(0, 256, (256, 256, 3), dtype=np.uint8)
    expected = np.floor(values.reshape(8, 32, 8, 32, 3).mean((1, 3)) + 0.5)
    assert np.array_equal(area_average(values, 8), expected)


def test_frames_are_intra_coded_until_one_is_acknowledged() -> None:
    encoder = FaceEncoder(RUNGS[0], 2)
    assert [encoder.encode(picture(90), i / 5).reference_distance for i in range(3)] == [None, None, None]
    encoder.acknowledge(Acknowledgement(1, 0b1))
    assert encoder.encode(picture(90), 0.6).reference_distance == 2


def test_the_newest_acknowledged_frame_is_the_reference() -> None:
    encoder = FaceEncoder(RUNGS[0], 2)
    for i in range(4):
        encoder.encode(picture(90), i / 5)
    encoder.acknowledge(Acknowledgement(3, 0))
    encoder.acknowledge(Acknowledgement(1, 0))
    assert encoder.encode(picture(90), 0.8).reference_distance == 1


def test_a_reference_that_is_too_old_is_not_used() -> None:
    encoder = FaceEncoder(RUNGS[0], 2)
    encoder.encode(picture(90), 0.0)
    encoder.acknowledge(Acknowledgement(0, 0))
    distances = [
        encoder.encode(picture(90), i / 5).reference_distance for i in range(MAX_REFERENCE_DISTANCE + 1)
    ]
    assert distances == [*range(1, MAX_REFERENCE_DISTANCE + 1), None]


def test_an_acknowledgement_of_what_was_never_sent_changes_nothing() -> None:
    encoder = FaceEncoder(RUNGS[0], 2)
    encoder.encode(picture(90), 0.0)
    encoder.acknowledge(Acknowledgement(77, 0xFF))
    assert encoder.encode(picture(90), 0.2).reference_distance is None


def test_frame_numbers_wrap_and_references_still_work() -> None:
    encoder = FaceEncoder(RUNGS[0], 2)
    for i in range(300):
        face = encoder.encode(picture(90), i / 5)
        encoder.acknowledge(Acknowledgement(face.frame_number, 0))
    assert face.frame_number == 299 - 256
    assert face.reference_distance == 1


def test_an_emotion_is_told_until_a_frame_that_told_it_is_acknowledged() -> None:
    encoder = FaceEncoder(RUNGS[0], 2)
    encoder.encode(picture(90), 0.0)
    encoder.set_emotion(3)
    assert encoder.encode(picture(90), 0.2).emotion == 3
    encoder.acknowledge(Acknowledgement(0, 0))
    assert encoder.encode(picture(90), 0.4).emotion == 3
    encoder.acknowledge(Acknowledgement(1, 0))
    assert encoder.encode(picture(90), 0.6).emotion is None


def test_the_capture_offset_is_counted_from_the_voice_packet_in_steps_of_5_ms() -> None:
    face = FaceEncoder(RUNGS[0], 2).encode(picture(90), 1.0)
    assert face.packet(0.96).capture_offset_ms == 40
    assert face.packet(1.02).capture_offset_ms == -20
