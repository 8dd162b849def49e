"""A peer that means harm: every kind of message, valid once, then broken in every way, and far too often."""

from __future__ import annotations

import random
from collections.abc import Callable
from enum import Enum

import numpy as np

from callcodec.call.config import CallConfig
from callcodec.call.end import Workers, build_end
from callcodec.call.participant import Participant
from callcodec.call.source import SilentSource
from callcodec.config import load_config
from callcodec.measure.links.watch import Watch
from callcodec.speech.opus import OpusEncoder
from callcodec.transport.endpoint import (
    ByteCounts,
    Channel,
    ConnectionState,
    MessageArrival,
    VoiceArrival,
    WireStatistics,
)
from callcodec.transport.worker import InlineWorker
from callcodec.wire.bundle import Acknowledgement, Bundle
from callcodec.wire.control import (
    Bye,
    Capability,
    Control,
    Hello,
    Holding,
    IdentityRequest,
    Refusal,
    Statistics,
    serialise_control,
)
from callcodec.wire.control import Reason as Why
from callcodec.wire.face_packet import RUNGS, FacePacket
from callcodec.wire.identity import IdentityFormat, make_identity, split_identity
from callcodec.wire.lowres import encode
from callcodec.wire.opus_padding import embed
from callcodec.wire.report import Report
from models.registry import create_reconstructor

MAX_BYTES = 2048


class Kind(Enum):
    """Where a message goes in."""

    VOICE = "voice"
    BUNDLE = "bundle"
    CONTROL = "control"
    IDENTITY = "identity"
    FACE = "face"


class DeafEndpoint:
    """Connected, and counts what it is given to send."""

    def __init__(self) -> None:
        self.on_voice: Callable[[VoiceArrival], None] | None = None
        self.on_message: Callable[[MessageArrival], None] | None = None
        self.on_state: Callable[[ConnectionState], None] | None = None
        self.sent_bytes = 0

    @property
    def state(self) -> ConnectionState:
        """See Endpoint."""
        return ConnectionState.CONNECTED

    def send_voice(self, payload: bytes, rtp_timestamp: int) -> None:  # noqa: ARG002
        """See Endpoint."""
        self.sent_bytes += len(payload)

    def send_message(self, channel: Channel, data: bytes) -> None:  # noqa: ARG002
        """See Endpoint."""
        self.sent_bytes += len(data)

    def unacknowledged_bytes(self, channel: Channel) -> int:  # noqa: ARG002
        """See Endpoint."""
        return 0

    def wire_statistics(self) -> WireStatistics:
        """See Endpoint."""
        return WireStatistics(ByteCounts(), ByteCounts(), 0.0)


class Victim:
    """One end of a call that a hostile peer talks to."""

    def __init__(self, carrier: str = "opus") -> None:
        config = load_config("calls/phone", CallConfig)
        receiver = config.receiver
        plain = type(receiver)(
            reconstructor="bicubic",
            consistency_iterations=receiver.consistency_iterations,
            frozen_after_s=receiver.frozen_after_s,
            lost_after_s=receiver.lost_after_s,
            interpolation="adaptive",
        )
        self.endpoint = DeafEndpoint()
        workers = Workers(InlineWorker(), InlineWorker())
        self.participant: Participant = build_end(
            type(config)(carrier, config.sender, plain),
            self.endpoint,
            SilentSource(),
            create_reconstructor("bicubic"),
            workers,
            Watch(),
        )
        self.participant.start(0.0)
        with OpusEncoder(8000, 60) as opus:
            self._opus = opus.encode(np.zeros(960, np.int16))
        self._packets = 0

    def hear(self, kind: Kind, data: bytes, now_s: float) -> None:
        """Whatever it is, nothing may be raised."""
        endpoint = self.endpoint
        assert endpoint.on_voice is not None
        assert endpoint.on_message is not None
        if kind in (Kind.VOICE, Kind.BUNDLE):
            payload = embed(self._opus, data) if kind is Kind.BUNDLE else data
            number = self._packets
            self._packets += 1
            endpoint.on_voice(VoiceArrival(number % 2**16, number * 2880 % 2**32, payload, now_s))
            return
        channel = {Kind.CONTROL: Channel.CONTROL, Kind.IDENTITY: Channel.IDENTITY, Kind.FACE: Channel.FACE}[
            kind
        ]
        endpoint.on_message(MessageArrival(channel, data, now_s))

    def step(self, now_s: float) -> None:
        """Let the end do what is due."""
        self.participant.tick(now_s)


def seeds() -> dict[str, tuple[Kind, bytes]]:
    """One valid message of every type, small, by name."""
    made: dict[str, tuple[Kind, bytes]] = {}
    with OpusEncoder(6000, 60) as opus:
        voice = opus.encode((3000 * np.sin(np.arange(960) / 7)).astype(np.int16))
    made["voice"] = (Kind.VOICE, voice)
    for rung in (0, 3, 6):
        size = RUNGS[rung].size
        picture = np.linspace(20, 220, size * size * 3).reshape(size, size, 3).astype(np.uint8)
        first = encode(picture, 5, None)
        second = encode(picture[::-1].copy(), 5, first.reconstruction)
        intra = FacePacket(1, None, rung, 5, 20, first.payload, emotion=3)
        inter = FacePacket(2, 1, rung, 5, -20, second.payload, hints=b"\x12\x34")
        bundle = Bundle(Acknowledgement(7, 0x5A), (intra, inter), Report(10, 3, 7, 9)).serialise()
        made[f"bundle_rung_{rung}"] = (Kind.BUNDLE, bundle)
        made[f"face_rung_{rung}"] = (Kind.FACE, bytes(4) + intra.serialise())
    controls: dict[str, Control] = {
        "hello": Hello(capabilities=Capability(1023), rungs=127, software="hostile 1"),
        "other_version": Hello(major=9),
        "acknowledgement": Acknowledgement(3, 0xFF),
        "identity_request": IdentityRequest(0),
        "statistics": Statistics(1, 2, 3),
        "refusal": Refusal(Why.BUSY, "no"),
        "bye": Bye(Why.ERROR),
        "holding": Holding((b"12345678",)),
    }
    for name, message in controls.items():
        made[f"control_{name}"] = (Kind.CONTROL, serialise_control(message))
    identity = make_identity(bytes(range(200)), 0, IdentityFormat.WEBP, 1024, 1024)
    for number, part in enumerate(split_identity(identity.header, identity.payload, 100)):
        made[f"identity_{number}"] = (Kind.IDENTITY, part)
    return made


def mutated(data: bytes, dice: random.Random, others: list[bytes]) -> bytes:
    """`data` with a bit turned, a byte set, cut, lengthened, repeated, or crossed with another message."""
    values = bytearray(data)
    for _ in range(dice.choice((1, 1, 2, 4))):
        at = dice.randrange(len(values)) if values else 0
        how = dice.randrange(7)
        if how == 0 and values:
            values[at] ^= 1 << dice.randrange(8)
        elif how == 1 and values:
            values[at] = dice.choice((0, 1, 0x7F, 0x80, 0xFF, dice.randrange(256)))
        elif how == 2:
            del values[at:]
        elif how == 3:
            values += dice.randbytes(dice.randrange(1, 40))
        elif how == 4:
            values[at:at] = values[at : at + dice.randrange(1, 30)]
        elif how == 5:
            other = dice.choice(others)
            values[at:] = other[dice.randrange(len(other)) :]
        elif values:
            del values[at : at + dice.randrange(1, 8)]
    return bytes(values[:MAX_BYTES]) or b"\x00"
