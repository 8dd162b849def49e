"""An endpoint that remembers what it was given, and one end of a call on it."""

from collections.abc import Callable
from pathlib import Path

from callcodec.call.config import CallConfig
from callcodec.call.end import Recorder, Workers, build_end
from callcodec.call.participant import Participant
from callcodec.call.source import SilentSource, Source
from callcodec.config import load_config
from callcodec.face.shape_finder import ShapeFinder
from callcodec.transport.endpoint import (
    ByteCounts,
    Channel,
    ConnectionState,
    MessageArrival,
    VoiceArrival,
    WireStatistics,
)
from callcodec.transport.worker import InlineWorker
from models.registry import create_reconstructor


class FakeEndpoint:
    """Connected at once; nothing arrives unless a test calls ``on_voice`` or ``on_message``."""

    def __init__(self) -> None:
        self.on_voice: Callable[[VoiceArrival], None] | None = None
        self.on_message: Callable[[MessageArrival], None] | None = None
        self.on_state: Callable[[ConnectionState], None] | None = None
        self.voice: list[tuple[bytes, int]] = []
        self.messages: list[tuple[Channel, bytes]] = []

    @property
    def state(self) -> ConnectionState:
        return ConnectionState.CONNECTED

    def send_voice(self, payload: bytes, rtp_timestamp: int) -> None:
        self.voice.append((payload, rtp_timestamp))

    def send_message(self, channel: Channel, data: bytes) -> None:
        self.messages.append((channel, data))

    def unacknowledged_bytes(self, channel: Channel) -> int:  # noqa: ARG002
        return 0

    def wire_statistics(self) -> WireStatistics:
        return WireStatistics(ByteCounts(), ByteCounts(), 0.0)

    def hear_voice(self, payload: bytes, sequence: int, rtp_timestamp: int, now_s: float) -> None:
        assert self.on_voice is not None
        self.on_voice(VoiceArrival(sequence, rtp_timestamp, payload, now_s))

    def hear_message(self, channel: Channel, data: bytes, now_s: float) -> None:
        assert self.on_message is not None
        self.on_message(MessageArrival(channel, data, now_s))


def make_end(
    folder: Path,
    source: Source | None = None,
    config: CallConfig | None = None,
    shapes: ShapeFinder | None = None,
) -> tuple[FakeEndpoint, Participant]:
    """One end with plain enlargement as its reconstructor."""
    endpoint = FakeEndpoint()
    workers = Workers(InlineWorker(), InlineWorker())
    recorder = Recorder(folder, 8, keep_captures=False, keep_pictures=True)
    participant = build_end(
        config or load_config("calls/phone", CallConfig),
        endpoint,
        source or SilentSource(),
        create_reconstructor("bicubic"),
        workers,
        recorder,
        shapes,
    )
    return endpoint, participant
