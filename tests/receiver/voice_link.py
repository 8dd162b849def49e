"""A voice stream over a made-up link, played back on a made-up clock."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from receiver.pcm_timeline import Pcm
from receiver.playout import Playout

CONCEALED = -1
TOC_60_MS = 0x58  # SILK, wideband, one 60 ms frame (RFC 6716, table 2)
READ_SAMPLES = 320
READ_S = 0.02


@dataclass(frozen=True)
class Sent:
    """A packet as it left and when it will arrive."""

    sequence: int
    rtp_timestamp: int
    payload: bytes
    arrival_s: float


class CountingDecoder:
    """Decodes the packets of `stream`: each sounds as its number, concealment as CONCEALED."""

    def decode(self, packet: bytes) -> Pcm:
        return np.full(960, int.from_bytes(packet[1:], "big") % 30_000, np.int16)

    def conceal(self, samples: int) -> Pcm:
        return np.full(samples, CONCEALED, np.int16)


def stream(
    count: int,
    transit_s: Callable[[int], float | None] = lambda _: 0.05,
    *,
    packet_s: float = 0.06,
    first_sequence: int = 1000,
    first_timestamp: int = 480_000,
    payload: Callable[[int], bytes] = lambda number: bytes([TOC_60_MS]) + number.to_bytes(3, "big"),
) -> list[Sent]:
    """`count` packets in order of arrival, sent when their last sample is captured; transit None is a loss.

    Capture of the first one begins at 0 s of the receiver's clock.
    """
    sent = []
    for number in range(count):
        transit = transit_s(number)
        if transit is not None:
            timestamp = first_timestamp + number * round(packet_s * 48_000)
            sequence = first_sequence + number
            arrival_s = (number + 1) * packet_s + transit
            sent.append(Sent(sequence % 2**16, timestamp % 2**32, payload(number), arrival_s))
    return in_order_of_arrival(sent)


def in_order_of_arrival(packets: Sequence[Sent]) -> list[Sent]:
    return sorted(packets, key=lambda packet: packet.arrival_s)


def later(packets: Sequence[Sent], seconds: float) -> list[Sent]:
    """The same packets, arriving `seconds` later."""
    return [replace(packet, arrival_s=packet.arrival_s + seconds) for packet in packets]


def uniform(seed: int, low_s: float, high_s: float) -> Callable[[int], float]:
    """Independent transits between two bounds."""
    dice = random.Random(seed)
    return lambda _: dice.uniform(low_s, high_s)


@dataclass(frozen=True)
class Heard:
    """What came out: the sound, and for each read its time, depth, delay and media time."""

    pcm: Pcm
    time_s: np.ndarray[tuple[int], np.dtype[np.float64]]
    depth_ms: np.ndarray[tuple[int], np.dtype[np.float64]]
    delay_ms: np.ndarray[tuple[int], np.dtype[np.float64]]
    media_s: np.ndarray[tuple[int], np.dtype[np.float64]]

    def from_second(self, second: float) -> Pcm:
        return self.pcm[round((second - self.time_s[0]) * 16_000) :]


def play(
    playout: Playout, packets: Sequence[Sent], until_s: float, read_samples: int = READ_SAMPLES
) -> Heard:
    """Feeds the packets at their times and reads the sound in between, as a loudspeaker would."""
    waiting = iter(packets)
    packet = next(waiting, None)
    pcm, times, depths, delays, media = [], [], [], [], []
    reads = 0
    start_s = packet.arrival_s if packet else 0.0
    while (now_s := start_s + reads * read_samples / 16_000) < until_s:
        while packet is not None and packet.arrival_s <= now_s:
            playout.push(packet.sequence, packet.rtp_timestamp, packet.payload, packet.arrival_s)
            packet = next(waiting, None)
        pcm.append(playout.read(read_samples, now_s))
        statistics = playout.statistics(now_s)
        times.append(now_s)
        depths.append(statistics.depth_ms)
        delays.append(statistics.delay_ms)
        media.append(playout.media_time(now_s) or 0.0)
        reads += 1
    return Heard(np.concatenate(pcm), np.array(times), np.array(depths), np.array(delays), np.array(media))
