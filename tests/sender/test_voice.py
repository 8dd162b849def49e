"""PCM in blocks of any length becomes Opus packets of one length."""

import numpy as np

from callcodec.speech.opus import packet_duration_samples
from sender.voice import VoiceEncoder


def test_packets_are_complete_whatever_the_blocks_were() -> None:
    encoder = VoiceEncoder(8000, 60, dtx=False)
    tone = (8000 * np.sin(np.arange(16_000) * 0.1)).astype(np.int16)
    packets = [packet for block in np.array_split(tone, 37) for packet in encoder.push(block)]
    assert [packet.rtp_timestamp for packet in packets] == [2880 * i for i in range(16)]
    assert all(packet_duration_samples(packet.payload, 48_000) == 2880 for packet in packets)


def test_pauses_are_marked_when_dtx_is_on() -> None:
    encoder = VoiceEncoder(6000, 60, dtx=True)
    packets = encoder.push(np.zeros(32_000, np.int16))
    assert packets[-1].silent
