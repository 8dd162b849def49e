"""From the two logs and the kept frames of a finished call to its report and its films."""

import platform
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from callcodec.call.config import CallConfig
from callcodec.call.end import CAPTURED_FRAMES, IDENTITY, LOG, LOWRES_FRAMES, PLAYED_VOICE, SHOWN_FRAMES
from callcodec.call.log import EndLog, WireNote
from callcodec.call.recording import FILM_COMMENT
from callcodec.measure.report import (
    ClassRates,
    FaceReport,
    IdentityReport,
    QualityReport,
    Report,
    SpeedReport,
    VideoReport,
    VoiceReport,
    WireReport,
)
from callcodec.measure.scoring import KeptFrames, face_delays_s, latency, nearest, quality
from callcodec.measure.video_report import VideoQuality, video_delays_s, video_quality, video_report
from callcodec.media.frame_store import FrameStore
from callcodec.media.movie import write_movie
from callcodec.media.timeline import FRAMES_PER_SECOND, SLOT_S
from callcodec.transport.link import LinkProfile
from receiver.state import State

PIXELS = 256 * 256
H264_COMMENT = "The picture was sent as H.264 and restored by callcodec; it is not a recording of the camera."
PACKAGES = ("callcodec", "torch", "aiortc", "av", "numpy", "opencv-python")
EMPTY_QUALITY = QualityReport(0, None, None, None, None, None, None, None)


@dataclass(frozen=True)
class FinishedCall:
    """What the two ends left behind, each in its own folder, and what they were told."""

    clip: str
    near: Path
    far: Path
    config: CallConfig
    link: LinkProfile
    simulated: bool
    device: str

    def logs(self) -> tuple[EndLog, EndLog]:
        """The sending and the receiving end's log."""
        return EndLog.load(self.near / LOG), EndLog.load(self.far / LOG)

    def frames(self) -> KeptFrames | None:
        """The kept pictures; None when no picture was ever shown."""
        shown = FrameStore(self.far / SHOWN_FRAMES)
        if not len(shown):
            return None
        sent = self.near / IDENTITY
        identity = cv2.imread(str(sent)) if sent.exists() else None
        return KeptFrames(
            FrameStore(self.near / CAPTURED_FRAMES),
            shown,
            FrameStore(self.far / LOWRES_FRAMES),
            None if identity is None else np.asarray(identity[:, :, ::-1], np.uint8),
        )

    def voice(self) -> NDArray[np.int16]:
        """The played voice, mono 16 kHz, from the first slot on."""
        return np.fromfile(self.far / PLAYED_VOICE, "<i2").astype(np.int16)


def build_report(call: FinishedCall, score_pictures: bool = True) -> Report:
    """Measure everything that the report holds; without the pictures' quality it takes no time."""
    near, far = call.logs()
    frames = call.frames() if score_pictures else None
    seconds = max(_talked_s(near), SLOT_S)
    video: VideoReport | None = None
    if call.config.video.sends:
        judged = VideoQuality() if frames is None else video_quality(near, far, frames)
        video = video_report(call.config.video, near, far, judged, seconds)
    return Report(
        clip=call.clip,
        simulated=call.simulated,
        device=call.device,
        reconstructor=call.config.receiver.reconstructor,
        versions={"python": platform.python_version()} | {name: version(name) for name in PACKAGES},
        configuration=asdict(call.config),
        link={key: value for key, value in asdict(call.link).items() if key != "outages_s"},
        states_s={state: count * SLOT_S for state, count in Counter(n.state for n in far.shows).items()},
        warnings=near.warnings + far.warnings,
        face=_face(near, far, seconds),
        voice=_voice(near, far, seconds),
        identity=_identity(near, far),
        wire=_wire(near, far),
        quality=EMPTY_QUALITY if frames is None or video is not None else quality(near, far, frames),
        latency=latency(near, far, delays_s(near, far)),
        speed=_speed(near, far),
        video=video,
    )


def write_films(call: FinishedCall, received: Path, side_by_side: Path) -> None:
    """Encode what was seen and heard, alone and beside the original and the low-resolution picture."""
    frames = call.frames()
    if frames is None:
        return
    near, far = call.logs()
    voice = call.voice()
    metadata = {"comment": H264_COMMENT if call.config.video.sends else FILM_COMMENT}
    write_movie(received, iter(frames.shown), voice, metadata=metadata)
    delays = delays_s(near, far)
    triples = _triples(near, far, frames, float(np.median(delays)) if delays else 0.0)
    write_movie(side_by_side, triples, voice, metadata=metadata)


def _triples(near: EndLog, far: EndLog, frames: KeptFrames, delay_s: float) -> Iterator[NDArray[np.uint8]]:
    walls = [note.wall_s for note in near.captures]
    for show, shown in zip(far.shows, frames.shown, strict=False):
        index = nearest(walls, show.wall_s - delay_s)
        original = np.zeros_like(shown) if index is None else frames.captured[index]
        blocks = cv2.resize(frames.lowres[show.slot], shown.shape[:2], interpolation=cv2.INTER_NEAREST)
        yield np.hstack([original, np.asarray(blocks, np.uint8), shown])


def delays_s(near: EndLog, far: EndLog) -> list[float]:
    """Glass to glass of every new picture, whatever it came as."""
    return video_delays_s(near, far) or face_delays_s(near, far)


def _talked_s(near: EndLog) -> float:
    return near.events.get("hung_up", 0.0) - near.events.get("started", 0.0)


def _face(near: EndLog, far: EndLog, seconds: float) -> FaceReport:
    sent_bytes = near.counts["face_bytes_sent"]
    packets = near.counts["face_packets_sent"]
    return FaceReport(
        packets_sent=int(packets),
        packets_received=int(far.counts["face_packets_received"]),
        packets_undecodable=int(far.counts["face_packets_undecodable"]),
        bytes_per_packet_mean=sent_bytes / packets if packets else 0.0,
        hint_bytes_per_packet_mean=near.counts["hint_bytes_sent"] / packets if packets else 0.0,
        payload_kbps=sent_bytes * 8 / 1000 / seconds,
        bpp=sent_bytes * 8 / seconds / (PIXELS * FRAMES_PER_SECOND),
    )


def _voice(near: EndLog, far: EndLog, seconds: float) -> VoiceReport:
    return VoiceReport(
        payload_kbps=near.counts["voice_bytes_sent"] * 8 / 1000 / seconds,
        frames_sent=int(near.counts["voice_packets_sent"]),
        frames_played=int(far.counts["voice_frames_played"]),
        frames_concealed=int(far.counts["voice_frames_concealed"]),
        frames_late=int(far.counts["voice_frames_late"]),
    )


def _identity(near: EndLog, far: EndLog) -> IdentityReport:
    connected = far.events.get("started")
    first = next((n.wall_s for n in far.shows if n.state == State.RECONSTRUCTING.value), None)
    refined = far.events.get("identity_layer_2")
    return IdentityReport(
        bytes=int(near.counts["identity_bytes_sent"]),
        seconds_to_first_face=None if connected is None or first is None else first - connected,
        seconds_to_refined=None if connected is None or refined is None else refined - connected,
        layers_received=int(far.counts["identity_layers"]),
    )


def _wire(near: EndLog, far: EndLog) -> WireReport:
    refined = far.events.get("identity_layer_2", float("inf"))
    hung_up = near.events.get("hung_up", float("inf"))
    steady = [[n for n in log.wire if refined <= n.wall_s <= hung_up] for log in (near, far)]
    sent, received = (_rates([n for n in log.wire if n.wall_s <= hung_up]) for log in (near, far))
    steady_sent, steady_received = (_rates(notes) if len(notes) > 1 else None for notes in steady)
    return WireReport(
        sent_kbps=sent.total,
        received_kbps=received.total,
        sent_by_class_kbps=sent,
        received_by_class_kbps=received,
        steady_seconds=steady[0][-1].wall_s - steady[0][0].wall_s if len(steady[0]) > 1 else 0.0,
        steady_sent_by_class_kbps=steady_sent,
        steady_received_by_class_kbps=steady_received,
    )


def _rates(notes: list[WireNote]) -> ClassRates:
    """Mean rates between the first and the last note of what that end sent, in kbit/s."""
    if len(notes) < 2 or notes[-1].wall_s <= notes[0].wall_s:
        return ClassRates(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    first, last = notes[0], notes[-1]
    scale = 8 / 1000 / (last.wall_s - first.wall_s)
    by_class = {name: (last.sent[name] - first.sent[name]) * scale for name in last.sent}
    face = (last.bundle_bytes - first.bundle_bytes) * scale
    video = (last.video_bytes - first.video_bytes) * scale
    identity = (last.identity_bytes - first.identity_bytes) * scale
    return ClassRates(
        voice=by_class["rtp"] - min(face + video, by_class["rtp"]),
        face=face,
        identity=identity,
        rtcp=by_class["rtcp"],
        stun=by_class["stun"],
        dtls_sctp=by_class["dtls"] - min(identity, by_class["dtls"]),
        total=sum(by_class.values()),
        video=video,
    )


def _speed(near: EndLog, far: EndLog) -> SpeedReport:
    fresh = [note for note in far.shows if note.fresh]
    times = [note.made_in_s for note in fresh if note.state == State.RECONSTRUCTING.value]
    span = fresh[-1].wall_s - fresh[0].wall_s if len(fresh) > 1 else 0.0
    return SpeedReport(
        reconstructor_fps=1 / float(np.median(times)) if times else None,
        receiver_fps=(len(fresh) - 1) / span if span > 0 else None,
        slots_shown=len(far.shows),
        slots_skipped=int(far.counts["slots_skipped"]),
        cpu_s=near.counts["cpu_s"] + far.counts["cpu_s"],
        seconds=far.shows[-1].wall_s - far.shows[0].wall_s + SLOT_S if far.shows else 0.0,
    )
