"""How face packets travel: a carrier attaches a bundle of them to a voice packet and takes it off again."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from callcodec.transport.endpoint import Channel, Endpoint, MessageArrival, VoiceArrival
from callcodec.wire import opus_padding


@dataclass(frozen=True)
class Carried:
    """What an arrival held: a voice packet, a bundle, or both."""

    rtp_timestamp: int
    """Of the voice packet, and what the bundle's capture offsets refer to; modulo 2**32."""
    arrival_s: float
    opus: bytes | None
    """The Opus packet to decode; None when only a bundle arrived."""
    bundle: bytes
    """A serialised wire.bundle.Bundle, not yet parsed; b"" when there was none."""
    sequence: int | None
    """RTP sequence number of the voice packet; None when only a bundle arrived."""


class Carrier(Protocol):
    """A way for bundles to reach the other side. Both sides of a call use the same one."""

    def send(self, endpoint: Endpoint, opus: bytes, rtp_timestamp: int, bundle: bytes) -> None:
        """Sends a voice packet and, unless it is b"", the bundle that belongs to it."""
        ...

    def voice_arrived(self, arrival: VoiceArrival) -> Carried:
        """What a voice packet held. ValueError if it is no Opus packet."""
        ...

    def message_arrived(self, arrival: MessageArrival) -> Carried | None:
        """What a message held; None if the message is not the carrier's. ValueError if it is malformed."""
        ...


class OpusCarrier:
    """`opus`: inside the voice packet, as the padding that RFC 6716, 3.2.5 lets a decoder skip."""

    def send(self, endpoint: Endpoint, opus: bytes, rtp_timestamp: int, bundle: bytes) -> None:
        """See Carrier."""
        endpoint.send_voice(opus_padding.embed(opus, bundle) if bundle else opus, rtp_timestamp)

    def voice_arrived(self, arrival: VoiceArrival) -> Carried:
        """See Carrier."""
        opus, bundle = opus_padding.extract(arrival.payload)
        return Carried(arrival.rtp_timestamp, arrival.arrival_s, opus, bundle, arrival.sequence)

    def message_arrived(self, arrival: MessageArrival) -> Carried | None:  # noqa: ARG002
        """See Carrier: nothing comes beside the voice."""
        return None


class ChannelCarrier:
    """`channel`: a FACE message: the 4-byte RTP timestamp of the voice packet, then the bundle."""

    def send(self, endpoint: Endpoint, opus: bytes, rtp_timestamp: int, bundle: bytes) -> None:
        """See Carrier."""
        endpoint.send_voice(opus, rtp_timestamp)
        if bundle:
            endpoint.send_message(Channel.FACE, struct.pack("!I", rtp_timestamp % 2**32) + bundle)

    def voice_arrived(self, arrival: VoiceArrival) -> Carried:
        """See Carrier."""
        return Carried(arrival.rtp_timestamp, arrival.arrival_s, arrival.payload, b"", arrival.sequence)

    def message_arrived(self, arrival: MessageArrival) -> Carried | None:
        """See Carrier."""
        if arrival.channel is not Channel.FACE:
            return None
        if len(arrival.data) <= 4:
            raise ValueError(
                f"A face message is longer than its 4-byte timestamp, this one has {len(arrival.data)} bytes."
            )
        (rtp_timestamp,) = struct.unpack_from("!I", arrival.data)
        return Carried(rtp_timestamp, arrival.arrival_s, None, arrival.data[4:], None)


CARRIERS: dict[str, Callable[[], Carrier]] = {"opus": OpusCarrier, "channel": ChannelCarrier}
"""Every carrier under the name it has on the command line and in the hello message."""


def create_carrier(name: str) -> Carrier:
    """The carrier of that name. ValueError if there is none."""
    if name not in CARRIERS:
        raise ValueError(f"There is no carrier {name!r}; choose one of {', '.join(sorted(CARRIERS))}.")
    return CARRIERS[name]()
