"""The sending half of one end: pictures and voice in, voice packets that carry face packets out. No clock, no I/O."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from callcodec.face.crop import FaceCropper
from callcodec.face.shape import Shape
from callcodec.transport.carriers import Carrier
from callcodec.transport.endpoint import Channel, Endpoint
from callcodec.transport.worker import Worker
from callcodec.wire.bundle import Acknowledgement, Bundle
from callcodec.wire.face_packet import (
    MAX_CAPTURE_OFFSET_MS,
    MIN_CAPTURE_OFFSET_MS,
    RUNGS,
    FacePacket,
)
from callcodec.wire.hints import origin_tag
from callcodec.wire.identity import IdentityHeader
from callcodec.wire.report import Report
from sender.expression import ExpressionTracker, Find, Origin
from sender.face import EncodedFace, FaceEncoder
from sender.identity import IdentityChooser, IdentityImage, IdentityStream, encode_layers
from sender.ladder import Ladder, LadderRung
from sender.link_state import LinkState
from sender.rate_control import RateControl
from sender.settings import SenderSettings
from sender.video import VideoSender
from sender.voice import EncodedVoice, VoiceEncoder


@dataclass(frozen=True)
class Captured:
    """One cropped picture, (256, 256, 3) uint8 RGB, and when it came. ``face_number``: None if it was not sent."""

    number: int
    media_time_s: float
    wall_s: float
    picture: NDArray[np.uint8]
    face_number: int | None


@dataclass
class SenderCounts:
    """What has left, for the report."""

    voice_packets: int = 0
    voice_bytes: int = 0
    face_packets: int = 0
    face_repeats: int = 0
    face_bytes: int = 0
    hint_bytes: int = 0
    bundle_bytes: int = 0


class Sender:
    """Encodes what it is given and hands it to the endpoint at the moment a voice packet is complete."""

    def __init__(
        self,
        settings: SenderSettings,
        endpoint: Endpoint,
        carrier: Carrier,
        worker: Worker,
        next_acknowledgement: Callable[[], Acknowledgement | None],
        captured: Callable[[Captured], None],
        find_shape: Find | None = None,
        next_report: Callable[[float], Report | None] | None = None,
        ladder: Ladder | None = None,
    ) -> None:
        """find_shape: where a picture's landmarks and irises are, for expression hints; without it there are none.

        next_report: what to tell the other side, at a wall time, of the way from it, if it reads reports.
        ladder: its rungs take the place of the settings' voice and face, as the other side's reports allow.
        """
        self._settings = settings
        self._endpoint = endpoint
        self._carrier = carrier
        self._worker = worker
        self._next_acknowledgement = next_acknowledgement
        self._next_report = next_report
        self._peer_reads_reports = False
        self._captured = captured
        self._cropper = FaceCropper()
        self._voice = VoiceEncoder(settings.voice.bitrate_bps, settings.voice.packet_ms, settings.voice.dtx)
        self._expression = _tracker(settings, find_shape)
        self._find_shape = find_shape
        self._next_origin: Origin | None = None
        self._origin_on_its_way = False
        self._face = FaceEncoder(RUNGS[settings.face.rung], settings.face.quality, self._expression)
        self._faces_waiting: list[EncodedFace] = []
        self._faces_before: tuple[EncodedFace, ...] = ()
        self._chooser: IdentityChooser | None = IdentityChooser(settings.identity.choose_within_s)
        self._identity_stream = IdentityStream(
            lambda message: endpoint.send_message(Channel.IDENTITY, message),
            lambda: endpoint.unacknowledged_bytes(Channel.IDENTITY),
            settings.identity.chunk_gap_ms / 1000,
        )
        self._identity_layers: list[list[bytes]] = []
        self._next_face_s = 0.0
        self._estimate_emotion: Callable[[Shape], int | None] | None = None
        self.pictures_seen = 0
        self.faces_found = 0
        self.identity: IdentityImage | None = None
        self.counts = SenderCounts()
        self.video: VideoSender | None = None
        self.link = LinkState()
        self._ladder = ladder
        self._rates = None if ladder is None else RateControl(ladder)
        self._rung: LadderRung | None = None
        if ladder is not None:
            self._stand_on(ladder.rungs[ladder.first])

    @property
    def rung_name(self) -> str:
        """What is being sent, such as "8×8 at 5"."""
        if self.video is not None and self.video.wanted and self._sends_video:
            return f"H.264 at {self.video.kbps:g} kbps"
        rung = self._face.rung
        return f"{rung.size}×{rung.size} at {rung.frames_per_second:g}"

    @property
    def identity_bytes(self) -> int:
        """Bytes of identity messages handed to the endpoint so far."""
        return self._identity_stream.sent_bytes

    def set_emotion(self, emotion: int | None) -> None:
        """Announce an emotion state (0-14), or none, from the next face packet on."""
        self._face.set_emotion(emotion)

    def estimate_emotion(self, estimate: Callable[[Shape], int | None]) -> None:
        """Announce what ``estimate`` makes of the face's shapes whenever it is sure; None leaves things as they are.

        Shapes are looked for while hints are sent. Raises ValueError where the settings send none.
        """
        if self._expression is None:
            raise ValueError("an emotion can be told from the face only where expression hints are sent")
        self._estimate_emotion = estimate

    def set_peer_reads_hints(self, reads: bool) -> None:
        """Whether the other side knows expression hints; until it says so, none are sent."""
        if self._expression is not None:
            self._expression.wanted = reads

    def set_peer_reads_reports(self, reads: bool) -> None:
        """Whether the other side knows reports; until it says so, none are sent."""
        self._peer_reads_reports = reads

    def take_report(self, report: Report, now_s: float) -> None:
        """The other side tells of the way there."""
        self.link.reported(report, now_s)
        if self._rates is not None:
            self._step_to(self._rates.reported(report.loss, report.queue_s, now_s))

    def set_peer_rungs(self, rungs: int) -> None:
        """Which rungs the other side decodes, bit i for rung i of the wire: the ladder ends below the first other."""
        if self._rates is not None and self._ladder is not None:
            usable = [rung.h264_kbps is not None or rungs >> rung.face & 1 for rung in self._ladder.rungs]
            self._rates.top = max(0, (*usable, 0).index(0) - 1)

    def use_video(self, video: VideoSender) -> None:
        """Send pictures as H.264, where the other side takes that; else as low resolution, as without it."""
        self.video = video

    def use_identity(self, picture: NDArray[np.uint8]) -> None:
        """Send the user's own (256, 256, 3) RGB picture instead of choosing one."""
        self._take_identity(IdentityImage(picture, None))

    def choose_identity_anew(self) -> None:
        """Choose another identity image from the pictures that come now, and send it."""
        self._chooser = IdentityChooser(self._settings.identity.choose_within_s)

    def resend_identity(self, layer: int) -> None:
        """The other side asks for the identity image again, from ``layer`` on."""
        layers = self._identity_layers[layer:]
        self._identity_stream.replace([message for messages in layers for message in messages])

    def pause_identity(self) -> None:
        """The connection was replaced: what was under way is lost."""
        self._identity_stream.replace([])

    def send_missing_identity(self, held: Collection[bytes]) -> None:
        """Go on with the identity image over a new connection; `held`: how the SHA-256 of what is there begins."""
        missing = [layer for layer in self._identity_layers if not _is_held(layer, held)]
        self._identity_stream.replace([message for messages in missing for message in messages])

    def push_picture(self, frame: NDArray[np.uint8], number: int, media_time_s: float, wall_s: float) -> None:
        """Take one (H, W, 3) RGB frame of any size; it is cropped, and every few of them become face packets."""
        crop = self._cropper.crop(frame, number)
        self.pictures_seen += 1
        self.faces_found += crop.face_found
        if self.video is not None and self.video.wanted and self._sends_video:
            self.video.push(crop.rgb, media_time_s)
            self._captured(Captured(number, media_time_s, wall_s, crop.rgb, None))
            return
        if crop.jumped and self.identity is not None and self.identity.media_time_s is not None:
            self._chooser = IdentityChooser(self._settings.identity.choose_within_s)
        self._offer_identity(crop.rgb, media_time_s)
        face_number = None
        due = self._face_due(media_time_s)
        if self._expression is not None:
            self._judge_emotion(self._expression.look(crop.rgb, media_time_s, due))
        if due:
            face_number = self._face.next_number
            self._faces_waiting.append(self._face.encode(crop.rgb, media_time_s))
        self._captured(Captured(number, media_time_s, wall_s, crop.rgb, face_number))

    def push_voice(self, pcm: NDArray[np.int16], now_s: float) -> None:
        """Take the next mono 16 kHz samples; complete packets leave at once, with the faces that wait."""
        for packet in self._voice.push(pcm):
            self._send(packet, now_s)

    def acknowledge(self, acknowledgement: Acknowledgement) -> None:
        """The other side has decoded these frames."""
        self._face.acknowledge(acknowledgement)

    def tick(self, now_s: float) -> None:
        """Let the identity image advance, and step down where reports stay away."""
        if self._rates is not None:
            self._step_to(self._rates.tick(now_s))
        self._identity_stream.tick(now_s)
        # Hints start from the new identity's shape when its first layer has left: before, nobody could read them.
        if self._origin_on_its_way and self._identity_stream.waiting <= len(self._identity_layers[-1]):
            self._origin_on_its_way = False
            if self._expression is not None:
                self._expression.use_origin(self._next_origin)

    @property
    def _sends_video(self) -> bool:
        """Whether faces give way to H.264, where there is a line for it."""
        return self._rung is None or self._rung.h264_kbps is not None

    def _step_to(self, index: int) -> None:
        if self._ladder is None:
            return
        rung = self._ladder.rungs[index]
        if rung.h264_kbps is not None and (self.video is None or not self.video.wanted):
            rung = self._ladder.rungs[index - 1]  # no line for it: what lies below is sent
        if rung is not self._rung:
            self._stand_on(rung)

    def _stand_on(self, rung: LadderRung) -> None:
        self._rung = rung
        self._voice.change(rung.voice_bps, rung.packet_ms)
        self._face.change(RUNGS[rung.face], rung.quality)
        if self.video is not None and rung.h264_kbps is not None:
            self.video.aim(rung.h264_kbps)

    def _offer_identity(self, picture: NDArray[np.uint8], media_time_s: float) -> None:
        if self._chooser is None:
            return
        chosen = self._chooser.offer(picture, media_time_s)
        if chosen is not None:
            self._take_identity(chosen)

    def _judge_emotion(self, shape: Shape | None) -> None:
        if self._estimate_emotion is None or shape is None:
            return
        emotion = self._estimate_emotion(shape)
        if emotion is not None:
            self.set_emotion(emotion)

    def _face_due(self, media_time_s: float) -> bool:
        interval_s = 1 / self._face.rung.frames_per_second
        if media_time_s < self._next_face_s - interval_s / 10:
            return False
        self._next_face_s = max(self._next_face_s + interval_s, media_time_s)
        return True

    def _take_identity(self, image: IdentityImage) -> None:
        self._chooser = None
        self.identity = image
        settings = self._settings.identity
        find = None if self._expression is None else self._find_shape

        def prepare() -> tuple[list[list[bytes]], Shape | None]:
            layers = encode_layers(image.picture, settings.layer_bytes, settings.chunk_bytes)
            return layers, None if find is None else find(image.picture)

        self._worker.submit(prepare, self._send_identity)

    def _send_identity(self, prepared: tuple[list[list[bytes]], Shape | None]) -> None:
        self._identity_layers, shape = prepared
        tag = origin_tag(IdentityHeader.parse(self._identity_layers[0][0]).sha256)
        self._next_origin = None if shape is None else Origin(shape, tag)
        self._origin_on_its_way = True
        self.resend_identity(0)

    def _send(self, voice: EncodedVoice, now_s: float) -> None:
        faces = self._faces_for(voice)
        report = None
        if self._peer_reads_reports and self._next_report is not None:
            report = self._next_report(now_s)
        extra = Bundle(self._next_acknowledgement(), faces, report).serialise()
        if voice.silent and not extra:
            return
        self._carrier.send(self._endpoint, voice.payload, voice.rtp_timestamp, extra)
        self.link.sent(voice.rtp_timestamp, now_s)
        self.counts.voice_packets += 1
        self.counts.voice_bytes += len(voice.payload)
        self.counts.bundle_bytes += len(extra)
        for face in faces:
            self.counts.face_packets += not face.repeat
            self.counts.face_repeats += face.repeat
            self.counts.face_bytes += len(face.serialise())
            self.counts.hint_bytes += len(face.hints or b"")

    def _faces_for(self, voice: EncodedVoice) -> tuple[FacePacket, ...]:
        """What waits, behind what went with the packet before if many are lost: two in a row seldom are."""
        until_s = voice.start_s + MAX_CAPTURE_OFFSET_MS / 1000
        since_s = voice.start_s + MIN_CAPTURE_OFFSET_MS / 1000
        # After a stumble much comes at once: what a packet cannot refer to goes with a later one.
        new = tuple(face for face in self._faces_waiting if since_s <= face.media_time_s <= until_s)
        before = tuple(face for face in self._faces_before if since_s <= face.media_time_s)
        self._faces_waiting = [face for face in self._faces_waiting if face.media_time_s > until_s]
        self._faces_before = new
        again = tuple(face.packet(voice.start_s, repeat=True) for face in before if self.link.lossy)
        return again + tuple(face.packet(voice.start_s) for face in new)


def _is_held(layer: list[bytes], held: Collection[bytes]) -> bool:
    return any(IdentityHeader.parse(layer[0]).sha256.startswith(tag) for tag in held)


def _tracker(settings: SenderSettings, find: Find | None) -> ExpressionTracker | None:
    face = settings.face
    if find is None or not face.hints:
        return None
    return ExpressionTracker(find, RUNGS[face.rung], face.hint_bytes, face.hint_every)
