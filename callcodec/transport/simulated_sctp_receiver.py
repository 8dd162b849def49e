"""The receiving half of a simulated SCTP association, and the chunks that travel (RFC 9260, RFC 3758)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from callcodec.transport.endpoint import Channel

COMMON_HEADER_BYTES = 12
DATA_HEADER_BYTES = 16
SACK_BYTES = 16
FORWARD_TSN_BYTES = 8


@dataclass(frozen=True)
class Fragment:
    """Part of a message as it travels in a DATA chunk."""

    tsn: int
    channel: Channel
    message: int
    """Number of the message within its channel."""
    index: int
    count: int
    data: bytes


@dataclass(frozen=True)
class Acknowledgement:
    """SACK: everything up to `cumulative` was received or given up, and `beyond` was received."""

    cumulative: int
    beyond: frozenset[int]


@dataclass(frozen=True)
class Forward:
    """FORWARD TSN: nothing up to `cumulative` will be repeated."""

    cumulative: int


Chunk = Fragment | Acknowledgement | Forward


def chunk_bytes(chunk: Chunk) -> int:
    """Size of the SCTP packet that carries `chunk`."""
    if isinstance(chunk, Fragment):
        return COMMON_HEADER_BYTES + DATA_HEADER_BYTES + (len(chunk.data) + 3) // 4 * 4
    if isinstance(chunk, Forward):
        return COMMON_HEADER_BYTES + FORWARD_TSN_BYTES
    gaps = sum(tsn - 1 not in chunk.beyond for tsn in chunk.beyond)
    return COMMON_HEADER_BYTES + SACK_BYTES + 4 * gaps


@dataclass
class SimulatedSctpReceiver:
    """The receiving half of one side: joins messages, keeps the order of reliable channels, acknowledges."""

    transmit: Callable[[Chunk], None]
    deliver: Callable[[Channel, bytes], None]
    cumulative: int = 0
    beyond: set[int] = field(default_factory=set)
    parts: dict[tuple[Channel, int], list[Fragment]] = field(default_factory=dict)
    next_message: dict[Channel, int] = field(default_factory=lambda: dict.fromkeys(Channel, 0))

    def take(self, chunk: Fragment | Forward) -> None:
        """Takes a chunk and answers it with an acknowledgement."""
        if isinstance(chunk, Forward):
            self.cumulative = max(self.cumulative, chunk.cumulative)
            self.beyond = {tsn for tsn in self.beyond if tsn > self.cumulative}
            self._advance()
            for key, parts in list(self.parts.items()):
                if not key[0].reliable and parts[-1].tsn <= self.cumulative:
                    del self.parts[key]
        elif chunk.tsn > self.cumulative and chunk.tsn not in self.beyond:
            self.beyond.add(chunk.tsn)
            self._advance()
            self.parts.setdefault((chunk.channel, chunk.message), []).append(chunk)
            self._deliver_complete(chunk)
        self.transmit(Acknowledgement(self.cumulative, frozenset(self.beyond)))

    def _advance(self) -> None:
        while self.cumulative + 1 in self.beyond:
            self.cumulative += 1
            self.beyond.remove(self.cumulative)

    def _deliver_complete(self, newest: Fragment) -> None:
        channel = newest.channel
        number = self.next_message[channel] if channel.reliable else newest.message
        while len(parts := self.parts.get((channel, number), [])) > 0 and len(parts) == parts[0].count:
            del self.parts[channel, number]
            self.next_message[channel] = number = number + 1
            self.deliver(channel, b"".join(part.data for part in sorted(parts, key=lambda part: part.index)))
