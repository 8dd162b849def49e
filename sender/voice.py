"""The outgoing voice: PCM in blocks of any length becomes Opus packets of one length."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from callcodec.speech import SAMPLE_RATE_HZ
from callcodec.speech.opus import OpusEncoder, is_silent

RTP_CLOCK_HZ = 48_000  # RFC 7587, section 4.1: always 48 kHz, whatever the coded rate
RTP_PER_SAMPLE = RTP_CLOCK_HZ // SAMPLE_RATE_HZ


@dataclass(frozen=True)
class EncodedVoice:
    """One Opus packet. ``start_s``: media time of its first sample; ``silent``: DTX says it need not travel."""

    payload: bytes
    start_s: float
    rtp_timestamp: int
    silent: bool


class VoiceEncoder:
    """Cuts mono 16 kHz int16 PCM into packets of ``packet_ms`` and encodes them."""

    def __init__(self, bitrate_bps: int, packet_ms: int, dtx: bool) -> None:
        self._opus = OpusEncoder(bitrate_bps, packet_ms, dtx)
        self._packet_samples = SAMPLE_RATE_HZ * packet_ms // 1000
        self._pending = np.zeros(0, np.int16)
        self._encoded_samples = 0

    def change(self, bitrate_bps: int, packet_ms: int) -> None:
        """Another rate and length from the next packet on; the sound goes on without a seam."""
        self._opus.bitrate_bps = bitrate_bps
        self._opus.change_packet_length(packet_ms)
        self._packet_samples = SAMPLE_RATE_HZ * packet_ms // 1000

    def push(self, pcm: NDArray[np.int16]) -> list[EncodedVoice]:
        """Take the next samples; returns the packets that they complete."""
        self._pending = np.concatenate([self._pending, pcm])
        packets = []
        while len(self._pending) >= self._packet_samples:
            block, self._pending = np.split(self._pending, [self._packet_samples])
            payload = self._opus.encode(block)
            start = self._encoded_samples
            self._encoded_samples += self._packet_samples
            packets.append(
                EncodedVoice(
                    payload,
                    start / SAMPLE_RATE_HZ,
                    (start * RTP_PER_SAMPLE) & 0xFFFFFFFF,
                    is_silent(payload),
                )
            )
        return packets
