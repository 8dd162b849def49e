"""One end of a call: routes what arrives to its sender and receiver, and keeps the small talk between the two ends."""

from callcodec import __version__
from callcodec.call.guard import CONTROL, FACES, IDENTITY, IDENTITY_REQUESTS, VOICE, Allowance, Complaints
from callcodec.call.source import Source
from callcodec.call.status import LinkFigures
from callcodec.transport.carriers import Carried, Carrier
from callcodec.transport.endpoint import Channel, Endpoint, MessageArrival, VoiceArrival
from callcodec.wire.bundle import Bundle
from callcodec.wire.control import (
    IDENTITY_TAG_BYTES,
    Bye,
    Capability,
    Control,
    Hello,
    Holding,
    IdentityRequest,
    Reason,
    Refusal,
    VersionMismatch,
    parse_control,
    serialise_control,
)
from callcodec.wire.face_packet import RUNGS
from receiver.receiver import Receiver
from sender.sender import Sender

CAPABILITIES = (
    Capability.OPUS_CARRIER
    | Capability.CHANNEL_CARRIER
    | Capability.EMOTION
    | Capability.HINTS
    | Capability.IDENTITY_AV1
    | Capability.IDENTITY_AVIF
    | Capability.IDENTITY_WEBP
    | Capability.IDENTITY_JPEG
    | Capability.REPORTS
)
IDENTITY_PATIENCE_S = 6.0
FIGURES_INTERVAL_S = 1.0
ALL_RUNGS = (1 << len(RUNGS)) - 1


class Participant:
    """Sender and receiver on one endpoint. Driven by ``tick``; knows no clock and starts no thread."""

    def __init__(
        self,
        endpoint: Endpoint,
        carrier: Carrier,
        sender: Sender,
        receiver: Receiver,
        source: Source,
    ) -> None:
        self.endpoint = endpoint
        self.sender = sender
        self.receiver = receiver
        self._carrier = carrier
        self._source = source
        self._started_s: float | None = None
        self._hung_up = False
        self._resuming = False
        self._identity_asked_s: float | None = None
        self._complaints = Complaints()
        self._voices = Allowance(VOICE)
        self._faces = Allowance(FACES)
        self._messages = {
            Channel.CONTROL: Allowance(CONTROL),
            Channel.IDENTITY: Allowance(IDENTITY),
            Channel.FACE: Allowance(FACES),
        }
        self._identity_requests = Allowance(IDENTITY_REQUESTS)
        self.link = LinkFigures()
        self._next_figures_s = 0.0
        self.peer: Hello | None = None
        self.goodbye: Bye | None = None
        self.refusal: str | None = None
        endpoint.on_voice = self._voice_arrived
        endpoint.on_message = self._message_arrived

    @property
    def malformed(self) -> int:
        """How much of what came was dropped, because it is not understood or too much."""
        return self._complaints.total

    @property
    def dropped(self) -> dict[str, int]:
        """The same by kind."""
        return dict(self._complaints.counts)

    @property
    def started_s(self) -> float | None:
        """Wall time at which this end's media timeline began."""
        return self._started_s

    def start(self, now_s: float) -> None:
        """The connection is up: greet the other side and start the media timeline."""
        self._started_s = now_s
        self._greet()

    def resume(self) -> None:
        """A new connection has taken the place of the one before: greet again, and say what need not come again."""
        self._resuming = True
        self.sender.pause_identity()
        self._greet()
        self._say(Holding(tuple(digest[:IDENTITY_TAG_BYTES] for digest in self.receiver.identities_held)))

    def tick(self, now_s: float) -> None:
        """Capture, send, play and show everything that is due at ``now_s``."""
        if self._started_s is None:
            return
        if not self._hung_up:
            media_s = now_s - self._started_s
            for frame in self._source.pictures(media_s):
                self.sender.push_picture(frame.rgb, frame.number, frame.time_s, now_s)
            self.sender.push_voice(self._source.voice(media_s), now_s)
            self.sender.tick(now_s)
            self._ask_for_identity(now_s)
        self.receiver.advance(now_s)
        self._look_at_the_link(now_s)

    def source_finished(self, now_s: float) -> bool:
        """Whether this end has nothing more to say."""
        return self._started_s is not None and self._source.finished(now_s - self._started_s)

    def warnings(self) -> list[str]:
        """What the user should know about this call, in sentences."""
        found = [] if self.refusal is None else [f"The call was refused: {self.refusal}."]
        if self.sender.pictures_seen and not self.sender.faces_found:
            found.append("No face was found in the picture: its centre was sent.")
        if self.malformed:
            found.append(
                f"{self.malformed} packets were dropped: they made no sense, or there were too many."
            )
        if self.receiver.video is not None:
            found += self.receiver.video.warnings()
        return found + [f"An identity image was refused: {why}." for why in self.receiver.identity_refusals]

    def hang_up(self) -> None:
        """Say goodbye; nothing is sent after it."""
        if not self._hung_up:
            self._hung_up = True
            self._say(Bye(Reason.USER))

    def _voice_arrived(self, arrival: VoiceArrival) -> None:
        if not self._voices.grants(arrival.arrival_s):
            self._complaints.note("voice packets beyond the limit", f"more than {VOICE.per_s:g} a second")
            return
        try:
            carried = self._carrier.voice_arrived(arrival)
        except ValueError as error:
            self._complaints.note("malformed voice packets", str(error))
            return
        self._carried(carried)

    def _message_arrived(self, arrival: MessageArrival) -> None:
        self.receiver.heard(arrival.arrival_s)
        name = arrival.channel.name.lower()
        if not self._messages[arrival.channel].grants(arrival.arrival_s):
            self._complaints.note(f"{name} messages beyond the limit", "too many a second")
            return
        if arrival.channel is Channel.IDENTITY:
            self.receiver.receive_identity(arrival.data, arrival.arrival_s)
            return
        try:
            if arrival.channel is Channel.CONTROL:
                self._control(arrival.data, arrival.arrival_s)
                return
            carried = self._carrier.message_arrived(arrival)
        except ValueError as error:
            self._complaints.note(f"malformed {name} messages", str(error))
            return
        if carried is not None:
            self._carried(carried)

    def _carried(self, carried: Carried) -> None:
        if carried.opus is not None and carried.sequence is not None:
            self.receiver.receive_voice(
                carried.sequence, carried.rtp_timestamp, carried.opus, carried.arrival_s
            )
        if not carried.bundle:
            return
        try:
            bundle = Bundle.parse(carried.bundle)
        except ValueError as error:
            self._complaints.note("malformed bundles", str(error))
            return
        if bundle.acknowledgement is not None:
            self.sender.acknowledge(bundle.acknowledgement)
        if bundle.report is not None:
            self.sender.take_report(bundle.report, carried.arrival_s)
        for face in bundle.faces:
            if not self._faces.grants(carried.arrival_s):
                self._complaints.note("faces beyond the limit", f"more than {FACES.per_s:g} a second")
                return
            self.receiver.receive_face(face, carried.rtp_timestamp, carried.arrival_s)

    def _look_at_the_link(self, now_s: float) -> None:
        if now_s < self._next_figures_s:
            return
        self._next_figures_s = now_s + FIGURES_INTERVAL_S
        round_trip_s = self.sender.link.round_trip_s
        rtt_ms = None if round_trip_s is None else 1000 * round_trip_s
        waits_ms = self.receiver.waits_ms(now_s)
        # The two clocks have nothing in common: the way here is taken for half of the way there and back.
        delay_ms = None if rtt_ms is None or waits_ms is None else rtt_ms / 2 + waits_ms
        self.link = LinkFigures(self.receiver.loss(now_s), rtt_ms, self.sender.rung_name, delay_ms)

    def _greet(self) -> None:
        software = f"callcodec {__version__}"
        self._say(Hello(capabilities=CAPABILITIES, rungs=ALL_RUNGS, software=software))

    def _go_on(self, holding: Holding) -> None:
        if self._resuming:
            self._resuming = False
            self.sender.send_missing_identity(holding.identities)

    def _ask_for_identity(self, now_s: float) -> None:
        """Faces come, but no identity image: ask for it, patiently."""
        waiting_since_s = self.receiver.identity_missing_since_s
        if waiting_since_s is None:
            return
        if now_s - max(waiting_since_s, self._identity_asked_s or 0.0) >= IDENTITY_PATIENCE_S:
            self._identity_asked_s = now_s
            self._say(IdentityRequest(0))

    def _say(self, message: Control) -> None:
        self.endpoint.send_message(Channel.CONTROL, serialise_control(message))

    def _control(self, data: bytes, now_s: float) -> None:
        try:
            message = parse_control(data)
        except VersionMismatch as error:
            if self.refusal is not None:
                return
            self.refusal = str(error)
            self._say(Refusal(Reason.VERSION, str(error)))
            return
        if isinstance(message, Hello):
            self.peer = message
            self.sender.set_peer_reads_hints(Capability.HINTS in message.capabilities)
            self.sender.set_peer_reads_reports(Capability.REPORTS in message.capabilities)
            self.sender.set_peer_rungs(message.rungs)
        elif isinstance(message, Bye):
            self.goodbye = message
            self.receiver.finish()
        elif isinstance(message, Refusal):
            self.refusal = message.text
        elif isinstance(message, Holding):
            self._go_on(message)
        elif isinstance(message, IdentityRequest):
            if self._identity_requests.grants(now_s):
                self.sender.resend_identity(message.layer)
            else:
                self._complaints.note("identity requests beyond the limit", "the image is on its way")
