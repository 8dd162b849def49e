"""The receiving half of one end: packets in, a picture every 40 ms and a steady voice out. No clock, no I/O."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from callcodec.face.shape import Shape
from callcodec.media.timeline import SLOT_S
from callcodec.speech import SAMPLE_RATE_HZ
from callcodec.speech.opus import RTP_CLOCK_HZ
from callcodec.transport.access_units import AccessUnit
from callcodec.transport.worker import Worker
from callcodec.wire.bundle import Acknowledgement
from callcodec.wire.face_packet import RUNGS, FacePacket
from callcodec.wire.report import Report
from models.identity_check import shipped_thresholds
from models.reconstructor import Reconstructor
from receiver.face import DecodedFace, FaceDecoder
from receiver.identity import PICTURE_SIZE, IdentityReceiver
from receiver.identity_check import IdentityCheck
from receiver.interpolators import create_interpolator
from receiver.picture import VOICE_SPAN_S, PictureMaker, Prepared
from receiver.playout import Playout
from receiver.playout_clock import PlayoutSettings
from receiver.reporting import Reporter
from receiver.settings import ReceiverSettings
from receiver.sink import Shown, Sink
from receiver.state import State
from receiver.unwrap import TIMESTAMP_BITS, Unwrapper
from receiver.video import CreateVideo, VideoReceiver

BLANK_LEVEL = 24  # nearly black: nothing to show yet


class Receiver:
    """Driven by arrivals and by ``advance``; everything that is shown or played goes to the sink."""

    def __init__(
        self,
        settings: ReceiverSettings,
        reconstructor: Reconstructor,
        worker: Worker,
        sink: Sink,
        decoded: Callable[[DecodedFace, float], None],
        find_shape: Callable[[NDArray[np.uint8]], Shape | None] | None = None,
    ) -> None:
        """find_shape: where landmarks and irises of an identity image are; without it hints go unused."""
        self._settings = settings
        self._sink = sink
        self._decoded = decoded
        interval_s = 1 / RUNGS[0].frames_per_second
        interpolator = create_interpolator(settings.interpolation, interval_s, self._voice)
        self._pictures = PictureMaker(
            interpolator,
            reconstructor,
            settings.consistency_iterations,
            worker,
            IdentityCheck(shipped_thresholds(reconstructor.name)),
            find_shape,
        )
        self._identity = IdentityReceiver(worker, self._pictures.set_identity)
        # The picture of a slot is begun one slot ahead, when the frame on the far side of it must be there.
        self._playout = Playout(PlayoutSettings(extra_delay_s=interpolator.wait_s + SLOT_S))
        self._faces = FaceDecoder()
        self._reporter = Reporter()
        self._timestamps = Unwrapper(TIMESTAMP_BITS)
        self._emotion: int | None = None
        self._heard_s: float | None = None
        self._first_face_s: float | None = None
        self._identity_heard_s: float | None = None
        self._acknowledgement_due = False
        self._rung = 0
        self._faces_from_s: float | None = None
        self._slot = 0
        self._first_slot_s: float | None = None
        self._played_samples = 0
        self._media_s = 0.0
        self._newest_voice_s = 0.0
        self._finished = False
        self._ready: Prepared | None = None
        self._on_screen: Prepared | None = None
        self.video: VideoReceiver | None = None

    def use_video(self, create: CreateVideo) -> Callable[[AccessUnit], None]:
        """Take an H.264 track, too, and show it in the place of faces. Returns what its line must call."""
        self.video = create(self._playout)
        return self._receive_video

    def heard(self, now_s: float) -> None:
        """Something arrived, of any kind: the other side lives."""
        self._heard_s = now_s

    @property
    def heard_s(self) -> float | None:
        """When something arrived last; None before the first time."""
        return self._heard_s

    def receive_voice(self, sequence: int, rtp_timestamp: int, opus: bytes, now_s: float) -> None:
        """Take one voice packet as it arrived, in any order."""
        self.heard(now_s)
        self._timestamps.unwrap(rtp_timestamp)
        media_s = self._playout.push(sequence, rtp_timestamp, opus, now_s)
        self._newest_voice_s = max(self._newest_voice_s, media_s)
        self._reporter.arrived(sequence, rtp_timestamp, media_s, now_s)

    def receive_face(self, packet: FacePacket, rtp_timestamp: int, now_s: float) -> None:
        """Take one face packet that rode with, or referred to, the voice packet of ``rtp_timestamp``."""
        self.heard(now_s)
        face = self._faces.decode(packet, self._timestamps.unwrap(rtp_timestamp) / RTP_CLOCK_HZ)
        if face is None:
            return
        self._first_face_s = now_s if self._first_face_s is None else self._first_face_s
        self._acknowledgement_due = True
        if packet.rung != self._rung:
            self._rung = packet.rung
            interpolator = self._pictures.interpolator
            interpolator.use_interval(1 / RUNGS[packet.rung].frames_per_second)
            self._playout.set_extra_delay(interpolator.wait_s + SLOT_S, now_s)
        if self._faces_from_s is None and self.video is not None and self.video.begun:
            self._faces_from_s = face.media_time_s
            self._playout.set_extra_delay(self._pictures.interpolator.wait_s + SLOT_S, now_s)
        self._emotion = face.emotion
        self._pictures.interpolator.add(face.media_time_s, face.picture, face.step)
        if face.hints is not None:
            self._pictures.expressions.add(face.number, face.media_time_s, face.hints)
        self._decoded(face, now_s)

    def receive_identity(self, message: bytes, now_s: float) -> None:
        """Take one message of the identity channel."""
        self._identity_heard_s = now_s
        self._identity.receive(message)

    def _receive_video(self, unit: AccessUnit) -> None:
        self.heard(unit.arrival_s)
        self._faces_from_s = None
        if self.video is not None:
            self.video.receive(unit)

    def next_acknowledgement(self) -> Acknowledgement | None:
        """What the next outgoing voice packet should confirm: nothing if nothing was decoded since the last one."""
        due, self._acknowledgement_due = self._acknowledgement_due, False
        return self._faces.acknowledgement() if due else None

    def next_report(self, now_s: float) -> Report | None:
        """What the next outgoing voice packet should tell of the way here; mostly nothing."""
        return self._reporter.report(now_s)

    def loss(self, now_s: float) -> float | None:
        """Share of the voice packets of the last seconds that never came; None while none come."""
        return self._reporter.loss(now_s)

    def waits_ms(self, now_s: float) -> float | None:
        """From the beginning of a packet's recording to its playout, the way here apart; None before the first."""
        statistics = self._playout.statistics(now_s)
        return statistics.depth_ms if statistics.received else None

    @property
    def identity_refusals(self) -> list[str]:
        """Why identity images were not believed."""
        return self._identity.refused

    @property
    def identity_missing_since_s(self) -> float | None:
        """Since when faces have come without a sign of an identity image; None when nothing is amiss."""
        if self._first_face_s is None or self._identity.layers_complete:
            return None
        return max(self._first_face_s, self._identity_heard_s or 0.0)

    @property
    def identities_held(self) -> tuple[bytes, ...]:
        """SHA-256 of the other side's identity images that are here: they need not come again."""
        return self._identity.held

    @property
    def identity_layers(self) -> int:
        """How many identity images are complete."""
        return self._identity.layers_complete

    def advance(self, now_s: float) -> None:
        """Play and show everything that is due at ``now_s``."""
        media_s = self._playout.media_time(now_s)
        if self.video is not None:
            self.video.advance(media_s, now_s)
        if media_s is None or self.played_out:
            return
        if self._first_slot_s is None:
            self._first_slot_s = now_s
        self._media_s = media_s
        self._play(now_s)
        slot_before = self._slot
        while self._first_slot_s + self._slot * SLOT_S <= now_s + 1e-9:
            self._show(now_s)
        if self._slot > slot_before:
            self._prepare(media_s + SLOT_S)

    def finish(self) -> None:
        """The other side has said goodbye: play out what is there, then stop."""
        self._finished = True

    @property
    def played_out(self) -> bool:
        """Whether the other side has said goodbye and its last voice packet has begun to sound."""
        return self._finished and self._media_s >= self._newest_voice_s

    def counts(self, now_s: float) -> dict[str, float]:
        """What arrived and what became of it."""
        faces, voice = self._faces.counts, self._playout.statistics(now_s)
        return {
            "face_packets_received": faces.received,
            "face_packets_decoded": faces.decoded,
            "face_packets_undecodable": faces.undecodable,
            "face_packets_hinted": faces.hinted,
            "voice_packets_received": voice.received,
            "voice_frames_played": voice.played,
            "voice_frames_concealed": voice.concealed,
            "voice_frames_late": voice.late,
            "playout_delay_ms": voice.delay_ms,
            "playout_depth_ms": voice.depth_ms,
            "identity_bytes_received": self._identity.received_bytes,
            "identity_layers": self._identity.layers_complete,
            "slots_skipped": self._pictures.skipped,
        } | ({} if self.video is None else self.video.figures())

    def _play(self, now_s: float) -> None:
        # A sound card counts samples, not steps of the caller: the block begins where the one before ended.
        began_s = (self._first_slot_s or now_s) + self._played_samples / SAMPLE_RATE_HZ
        samples = round((now_s - began_s) * SAMPLE_RATE_HZ)
        if samples > 0:
            media_s = self._playout.media_time(began_s)
            self._sink.play(self._playout.read(samples, began_s), media_s or 0.0, began_s)
            self._played_samples += samples

    def _shown_video(self) -> VideoReceiver | None:
        """The track, once it has begun, and until faces come in its place again."""
        if self.video is None or not self.video.begun:
            return None
        back_to_faces = self._faces_from_s is not None and self._media_s >= self._faces_from_s
        return None if back_to_faces else self.video

    def _prepare(self, media_time_s: float) -> None:
        if self._shown_video() is not None:
            return
        voice = self._playout.pcm_around(media_time_s, VOICE_SPAN_S, VOICE_SPAN_S)
        self._pictures.prepare(media_time_s, voice, self._emotion, self._prepared)

    def _voice(self, from_s: float, to_s: float) -> NDArray[np.int16]:
        return self._playout.pcm_around(from_s, 0.0, to_s - from_s)

    def _prepared(self, prepared: Prepared) -> None:
        self._ready = prepared

    def _take_video(self, video: VideoReceiver) -> None:
        """The track's picture for this slot, or the one before, which has grown older."""
        picture = video.picture_at(self._media_s)
        if picture is not None:
            self._ready = Prepared.of_video(picture)
        elif self._on_screen is not None:
            age_s = max(0.0, self._media_s - self._on_screen.media_time_s)
            self._on_screen = replace(self._on_screen, age_s=age_s)

    def _show(self, now_s: float) -> None:
        video = self._shown_video()
        if video is not None:
            self._take_video(video)
        fresh = self._ready is not None
        if self._ready is not None:
            self._on_screen, self._ready = self._ready, None
        screen = self._on_screen
        self._sink.show(
            Shown(
                slot=self._slot,
                wall_s=now_s,
                state=self.state(now_s),
                picture=_blank() if screen is None else screen.picture,
                lowres=None if screen is None else screen.lowres,
                media_time_s=None if screen is None else screen.media_time_s,
                consistency_error=0.0 if screen is None else screen.consistency_error,
                fresh=fresh,
                made_in_s=0.0 if screen is None else screen.seconds,
                note=None if screen is None else screen.note,
                age_s=0.0 if screen is None else screen.age_s,
            )
        )
        self._slot += 1

    def state(self, now_s: float) -> State:
        """What is being shown, in the user's words."""
        if self._heard_s is None:
            return State.WAITING
        if now_s - self._heard_s > self._settings.lost_after_s:
            return State.LOST
        if self._on_screen is None:
            return State.VOICE_ONLY
        if self._on_screen.age_s > self._settings.frozen_after_s:
            return State.FROZEN
        if self._on_screen.wrong_identity:
            return State.WRONG_IDENTITY
        if self._on_screen.is_video:
            made, only_received = State.RESTORING, State.DECODED
        else:
            made, only_received = State.RECONSTRUCTING, State.LOW_RESOLUTION
        return made if self._on_screen.reconstructed else only_received


def _blank() -> NDArray[np.uint8]:
    return np.full((PICTURE_SIZE, PICTURE_SIZE, 3), BLANK_LEVEL, np.uint8)
