"""Packets in any order become a gapless voice, and each is counted for what became of it."""

import numpy as np

from callcodec.speech.opus import OpusError
from receiver.pcm_timeline import Pcm
from receiver.voice_buffer import FADE_SAMPLES, MAX_WAITING, Arrival, VoiceBuffer
from tests.receiver.voice_link import CONCEALED, TOC_60_MS, CountingDecoder

PACKET = 960
START = 160_000
DTX = bytes([TOC_60_MS])


def push(buffer: VoiceBuffer, number: int, at: int | None = None) -> Arrival:
    """Packet `number`, at its regular place or at place `at` (in packets)."""
    start = START + (number if at is None else at) * PACKET
    return buffer.push(number, 3 * start, bytes([TOC_60_MS]) + number.to_bytes(3, "big"), PACKET)


def voice(buffer: VoiceBuffer, first: int, last: int) -> list[int]:
    """What stands at the middle of packets first..last-1."""
    return [int(buffer.read(START + n * PACKET + PACKET // 2, 1)[0]) for n in range(first, last)]


def hear(buffer: VoiceBuffer, packets: float) -> None:
    buffer.hear_until(START + round(packets * PACKET))


def test_packets_in_order_are_decoded_as_they_come() -> None:
    buffer = VoiceBuffer(CountingDecoder)
    for number in range(5):
        assert push(buffer, number) is Arrival.ACCEPTED
    assert buffer.decoded_until == START + 5 * PACKET
    assert voice(buffer, 0, 5) == [0, 1, 2, 3, 4]


def test_reordered_packets_sound_in_their_order() -> None:
    buffer = VoiceBuffer(CountingDecoder)
    for number in (0, 2, 3, 1, 4):
        push(buffer, number)
    assert voice(buffer, 0, 5) == [0, 1, 2, 3, 4]
    assert buffer.counts.concealed == 0


def test_a_gap_waits_until_playout_needs_it() -> None:
    buffer = VoiceBuffer(CountingDecoder)
    for number in (0, 2):
        push(buffer, number)
    hear(buffer, 1.0)
    assert buffer.decoded_until == START + PACKET
    hear(buffer, 2.5)
    assert voice(buffer, 0, 3) == [0, CONCEALED, 2]
    assert (buffer.counts.played, buffer.counts.concealed) == (2, 1)


def test_a_packet_that_comes_after_its_time_is_late_and_was_concealed() -> None:
    buffer = VoiceBuffer(CountingDecoder)
    push(buffer, 0)
    hear(buffer, 2.0)
    assert push(buffer, 1) is Arrival.LATE
    push(buffer, 2)
    hear(buffer, 3.0)
    assert voice(buffer, 0, 3) == [0, CONCEALED, 2]
    assert (buffer.counts.played, buffer.counts.concealed, buffer.counts.late) == (2, 1, 1)


def test_a_packet_late_by_a_third_of_its_length_sounds_with_its_rest() -> None:
    buffer = VoiceBuffer(CountingDecoder)
    for number in range(1000, 1002):
        buffer.push(number, 3 * (START + (number - 1000) * PACKET), bytes([TOC_60_MS, 0, 3, 232]), PACKET)
    hear(buffer, 2 + 1 / 3)
    assert (
        buffer.push(1002, 3 * (START + 2 * PACKET), bytes([TOC_60_MS, 0, 3, 232]), PACKET) is Arrival.ACCEPTED
    )
    sound = buffer.read(START + 2 * PACKET, PACKET)
    assert (sound[: PACKET // 3] == CONCEALED).all()
    assert (sound[PACKET // 3 + FADE_SAMPLES :] == 1000).all()
    assert (np.diff(sound) >= 0).all()
    assert (buffer.counts.played, buffer.counts.concealed) == (3, 0)


def test_a_packet_of_which_less_than_half_is_heard_counts_as_concealed() -> None:
    buffer = VoiceBuffer(CountingDecoder)
    push(buffer, 0)
    hear(buffer, 1.6)
    push(buffer, 1)
    assert (buffer.counts.played, buffer.counts.concealed) == (1, 1)


def test_a_pause_of_dtx_is_neither_waited_for_nor_counted() -> None:
    buffer = VoiceBuffer(CountingDecoder)
    for number in range(3):
        push(buffer, number)
    push(buffer, 3, at=9)
    assert buffer.decoded_until == START + 10 * PACKET
    hear(buffer, 10)
    assert buffer.counts.concealed == 0
    assert buffer.counts.played == 4


def test_a_loss_at_the_edge_of_a_pause_counts_once() -> None:
    buffer = VoiceBuffer(CountingDecoder)
    push(buffer, 0)
    push(buffer, 2, at=9)
    hear(buffer, 10)
    assert (buffer.counts.played, buffer.counts.concealed) == (2, 1)


def test_a_leap_of_the_sequence_does_not_count_more_losses_than_there_was_time_for() -> None:
    buffer = VoiceBuffer(CountingDecoder)
    push(buffer, 0)
    push(buffer, 30_000, at=3)
    hear(buffer, 4)
    assert (buffer.counts.played, buffer.counts.concealed) == (2, 2)


def test_a_repetition_is_not_admitted() -> None:
    buffer = VoiceBuffer(CountingDecoder)
    assert buffer.admit(7, DTX) == PACKET
    assert buffer.admit(7, DTX) is None
    assert buffer.counts.duplicate == 1


def test_what_is_no_opus_is_not_admitted() -> None:
    buffer = VoiceBuffer(CountingDecoder)
    assert buffer.admit(7, b"") is None
    assert buffer.counts.damaged == 1


def test_what_looks_like_opus_but_does_not_decode_is_concealed() -> None:
    class Refusing(CountingDecoder):
        def decode(self, packet: bytes) -> Pcm:
            if packet[-1] == 1:
                raise OpusError("damaged")
            return super().decode(packet)

    buffer = VoiceBuffer(Refusing)
    for number in range(3):
        push(buffer, number)
    hear(buffer, 3)
    assert voice(buffer, 0, 3) == [0, CONCEALED, 2]
    assert (buffer.counts.played, buffer.counts.concealed, buffer.counts.damaged) == (2, 1, 1)


def test_four_seconds_ahead_is_the_end() -> None:
    buffer = VoiceBuffer(CountingDecoder)
    push(buffer, 0)
    assert push(buffer, 60, at=66) is Arrival.ACCEPTED
    assert push(buffer, 61, at=67) is Arrival.AHEAD
    assert buffer.counts.ahead == 1


def test_only_so_many_packets_wait() -> None:
    buffer = VoiceBuffer(CountingDecoder)
    push(buffer, 0)
    verdicts = [push(buffer, 2 + number, at=5) for number in range(MAX_WAITING + 1)]
    assert verdicts[-1] is Arrival.AHEAD
    assert set(verdicts[:-1]) == {Arrival.ACCEPTED}


def test_the_last_second_stays_readable() -> None:
    buffer = VoiceBuffer(CountingDecoder)
    for number in range(1, 500):
        push(buffer, number)
        hear(buffer, number)
    assert voice(buffer, 482, 499) == list(range(482, 499))


def test_history_is_bounded() -> None:
    buffer = VoiceBuffer(CountingDecoder)
    for number in range(1, 1000):
        push(buffer, number)
        hear(buffer, number)
    assert not buffer.read(START, 16_000 * 50).any()


def test_playout_that_was_suspended_for_minutes_does_not_conceal_them_all() -> None:
    buffer = VoiceBuffer(CountingDecoder)
    push(buffer, 0)
    hear(buffer, 10_000)
    assert (buffer.read(START + 9_999 * PACKET, PACKET) == CONCEALED).all()
    assert not buffer.read(START + 5_000 * PACKET, PACKET).any()
