"""The voice's jitter buffer: packets in any order become a gapless timeline of PCM.

Packets are decoded as soon as all before them are there, and at a gap only when playout reaches it: the
missing packet may still come. What did not come is concealed by libopus, ten milliseconds at a time, so that
a packet that is late by less than its length still sounds with its rest. A timestamp that jumps while the
sequence goes on is a pause of DTX, not a loss.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol

from callcodec.speech import SAMPLE_RATE_HZ
from callcodec.speech.opus import OpusDecoder, OpusError, packet_duration_samples
from receiver.pcm_timeline import Pcm, PcmTimeline

RTP_UNITS_PER_SAMPLE = 3
MAX_AHEAD_SAMPLES = 4 * SAMPLE_RATE_HZ
MAX_WAITING = 512
REMEMBERED_SEQUENCES = 1024
FADE_SAMPLES = SAMPLE_RATE_HZ // 200
CONCEALMENT_SAMPLES = SAMPLE_RATE_HZ // 100
"""SILK conceals whole 10 ms frames; shorter requests would tear its signal."""
MAX_CONCEALMENT_SAMPLES = 12 * CONCEALMENT_SAMPLES


class VoiceDecoder(Protocol):
    """What the buffer needs of `OpusDecoder`."""

    def decode(self, packet: bytes) -> Pcm:
        """The packet's sound at 16 kHz; OpusError when it is damaged."""
        ...

    def conceal(self, samples: int) -> Pcm:
        """`samples` that carry the sound on."""
        ...


class Arrival(Enum):
    """What became of a packet."""

    ACCEPTED = auto()
    LATE = auto()
    """Its place on the timeline has been heard."""
    AHEAD = auto()
    """It stands more than 4 s ahead of playout, or too many wait already."""


@dataclass
class VoiceCounts:
    """Packets by what became of them; `played` + `concealed` is what was sent up to the last one played."""

    received: int = 0
    played: int = 0
    concealed: int = 0
    late: int = 0
    duplicate: int = 0
    ahead: int = 0
    damaged: int = 0


@dataclass(frozen=True)
class _Packet:
    start: int
    duration: int
    payload: bytes

    @property
    def end(self) -> int:
        return self.start + self.duration


class VoiceBuffer:
    """One sender's voice. Sequences and RTP timestamps are unwrapped; positions are samples at 16 kHz."""

    def __init__(self, create_decoder: Callable[[], VoiceDecoder] = OpusDecoder) -> None:
        self._create_decoder = create_decoder
        self.counts = VoiceCounts()
        self.restart()

    def restart(self) -> None:
        """Forgets everything but the counts: the sender's timeline has begun anew."""
        self._decoder = self._create_decoder()
        self._waiting: dict[int, _Packet] = {}
        self._seen: set[int] = set()
        self._timeline: PcmTimeline | None = None
        self._heard = 0
        self._next_sequence = 0
        self._next_start = 0

    def admit(self, sequence: int, payload: bytes) -> int | None:
        """Samples in a packet that may be pushed; None, and counted, for a repetition or what is no Opus."""
        try:
            duration = packet_duration_samples(payload, SAMPLE_RATE_HZ)
        except OpusError:
            self.counts.damaged += 1
            return None
        if sequence in self._seen:
            self.counts.duplicate += 1
            return None
        self._seen.add(sequence)
        if len(self._seen) > 2 * REMEMBERED_SEQUENCES:
            self._seen = set(sorted(self._seen)[-REMEMBERED_SEQUENCES:])
        return duration

    def push(self, sequence: int, rtp_timestamp: int, payload: bytes, duration: int) -> Arrival:
        """One admitted packet of `duration` samples; decoded at once if nothing is missing before it."""
        packet = _Packet(round(rtp_timestamp / RTP_UNITS_PER_SAMPLE), duration, payload)
        self.counts.received += 1
        if self._timeline is None:
            self._timeline = PcmTimeline(packet.start)
            self._heard = self._next_start = packet.start
            self._next_sequence = sequence
        if packet.end <= self._heard or sequence < self._next_sequence:
            self.counts.late += 1
            return Arrival.LATE
        if packet.start > self._heard + MAX_AHEAD_SAMPLES or len(self._waiting) >= MAX_WAITING:
            self.counts.ahead += 1
            return Arrival.AHEAD
        self._waiting[sequence] = packet
        self._decode_ready(self._timeline)
        return Arrival.ACCEPTED

    def hear_until(self, end: int) -> None:
        """Playout needs everything before sample `end` now: what is missing there is concealed."""
        timeline = self._timeline
        if timeline is None or end <= self._heard:
            return
        if end > timeline.end + MAX_AHEAD_SAMPLES:
            timeline = self._timeline = PcmTimeline(end - MAX_CONCEALMENT_SAMPLES)
        while timeline.end < end:
            self._decode_ready(timeline)
            if timeline.end < end:
                timeline.append(self._decoder.conceal(self._concealment_length(timeline, end)))
        self._heard = end
        self._decode_ready(timeline)
        timeline.forget_before(end)

    def read(self, index: int, count: int) -> Pcm:
        """`count` samples from sample `index` on, as far as decoded, (count,); silence elsewhere."""
        return self._timeline.read(index, count) if self._timeline else PcmTimeline(0).read(index, count)

    @property
    def decoded_until(self) -> int:
        """The first sample that is not decoded or concealed yet."""
        return self._timeline.end if self._timeline else 0

    @property
    def heard_until(self) -> int:
        """The first sample that playout has not asked for yet."""
        return self._heard

    def _concealment_length(self, timeline: PcmTimeline, end: int) -> int:
        # Some concealed sound is kept ahead of playout: a late packet's rest is blended into it.
        wanted = -(-(end + FADE_SAMPLES - timeline.end) // CONCEALMENT_SAMPLES) * CONCEALMENT_SAMPLES
        if self._waiting:
            wanted = min(wanted, self._waiting[min(self._waiting)].start - timeline.end)
        return min(wanted, MAX_CONCEALMENT_SAMPLES)

    def _decode_ready(self, timeline: PcmTimeline) -> None:
        while self._waiting:
            sequence = min(self._waiting)
            packet = self._waiting[sequence]
            if sequence == self._next_sequence:
                self._fill_pause(timeline, packet.start)
            elif packet.start > timeline.end:
                return
            del self._waiting[sequence]
            self._count_missing(sequence, packet)
            self._place(timeline, packet)
            self._next_sequence = sequence + 1
            self._next_start = packet.end

    def _fill_pause(self, timeline: PcmTimeline, until: int) -> None:
        while timeline.end < until:
            timeline.append(self._decoder.conceal(min(until - timeline.end, MAX_CONCEALMENT_SAMPLES)))

    def _count_missing(self, sequence: int, packet: _Packet) -> None:
        # Never more than fit into the gap: a sender may restart its sequence, or pause within what was lost.
        fitting = -(-max(0, packet.start - self._next_start) // packet.duration)
        self.counts.concealed += min(sequence - self._next_sequence, fitting)

    def _place(self, timeline: PcmTimeline, packet: _Packet) -> None:
        try:
            pcm = self._decoder.decode(packet.payload)
        except OpusError:
            self.counts.damaged += 1
            self.counts.concealed += 1
            return
        begin = max(packet.start, self._heard, timeline.start)
        if packet.end - begin < packet.duration / 2:
            self.counts.concealed += 1
        else:
            self.counts.played += 1
        if begin < packet.end:
            timeline.replace_from(begin, pcm[begin - packet.start :], FADE_SAMPLES)
