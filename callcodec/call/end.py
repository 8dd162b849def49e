"""Builds one end of a call from its configuration, with a log and a store of what was captured or shown."""

import asyncio
import contextlib
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from callcodec.call.config import CallConfig
from callcodec.call.log import CaptureNote, EndLog, FaceNote, PlayNote, ShowNote, WireNote
from callcodec.call.observer import Observer
from callcodec.call.participant import Participant
from callcodec.call.source import Source
from callcodec.config import load_config
from callcodec.face.shape_finder import ShapeFinder
from callcodec.media.frame_store import FrameStoreWriter
from callcodec.transport.carriers import create_carrier
from callcodec.transport.endpoint import ByteCounts, Endpoint
from callcodec.transport.worker import ThreadWorker, Worker
from models.reconstructor import Reconstructor
from receiver.face import DecodedFace
from receiver.receiver import Receiver
from receiver.sink import Shown
from sender.ladder import Ladder
from sender.sender import Captured, Sender

PICTURE_SIZE = 256
CAPTURED_FRAMES = "captured.rgb"
SHOWN_FRAMES = "shown.rgb"
LOWRES_FRAMES = "lowres.rgb"
PLAYED_VOICE = "played.s16"
IDENTITY = "identity.png"
LOG = "log.json"
MAX_PICTURE_THREADS = 4
VOICE_PACKET_OVERHEAD_BYTES = 50
"""IPv4 and UDP (28), RTP (12), SRTP tag (10)."""


@dataclass(frozen=True)
class Workers:
    """``picture``: reconstruction and identity decoding, in order; ``background``: identity encoding."""

    picture: Worker
    background: Worker


def open_workers(stack: contextlib.AsyncExitStack, failed: Callable[[BaseException], None]) -> Workers:
    """A thread for each, which ``stack`` ends; what is submitted after that is not begun. Called on the event loop."""
    loop = asyncio.get_running_loop()

    def opened() -> ThreadWorker:
        worker = ThreadWorker(loop, stack.enter_context(ThreadPoolExecutor(1)), failed)
        stack.callback(worker.close)
        return worker

    return Workers(picture=opened(), background=opened())


class Recorder:
    """The sink of a recorded call: frames kept losslessly, voice as raw samples; nothing is encoded meanwhile."""

    def __init__(self, folder: Path, lowres_size: int, keep_captures: bool, keep_pictures: bool) -> None:
        self.folder = folder
        self._lowres_size = lowres_size
        self.log = EndLog()
        folder.mkdir(parents=True, exist_ok=True)
        self._captured = _store(folder / CAPTURED_FRAMES, PICTURE_SIZE) if keep_captures else None
        self._shown = _store(folder / SHOWN_FRAMES, PICTURE_SIZE) if keep_pictures else None
        self._lowres = _store(folder / LOWRES_FRAMES, lowres_size) if keep_pictures else None
        self._voice = (folder / PLAYED_VOICE).open("wb")

    def captured(self, captured: Captured) -> None:
        """Note one picture that went in."""
        self.log.captures.append(
            CaptureNote(captured.number, captured.media_time_s, captured.wall_s, captured.face_number)
        )
        if self._captured is not None:
            self._captured.append(captured.picture)

    def decoded(self, face: DecodedFace, wall_s: float) -> None:
        """Note one face packet that came out."""
        self.log.faces.append(FaceNote(face.number, face.media_time_s, wall_s))

    def show(self, shown: Shown) -> None:
        """See receiver.sink.Sink."""
        self.log.shows.append(
            ShowNote(
                shown.slot,
                shown.wall_s,
                shown.state.value,
                shown.media_time_s,
                shown.consistency_error,
                shown.fresh,
                shown.made_in_s,
            )
        )
        if self._shown is None or self._lowres is None:
            return
        side = self._lowres_size
        lowres = np.zeros((side, side, 3), np.uint8) if shown.lowres is None else shown.lowres
        self._shown.append(_sized(shown.picture, PICTURE_SIZE))
        self._lowres.append(_sized(lowres, side))

    def play(self, pcm: NDArray[np.int16], media_time_s: float, wall_s: float) -> None:
        """See receiver.sink.Sink."""
        self.log.plays.append(PlayNote(wall_s, media_time_s, len(pcm)))
        self._voice.write(pcm.astype("<i2").tobytes())

    def happened(self, event: str, wall_s: float) -> None:
        """Note when something happened for the first time."""
        self.log.events.setdefault(event, wall_s)

    def note_wire(self, participant: Participant, wall_s: float) -> None:
        """Note what has crossed the wire so far, and how much of it was face and identity."""
        statistics = participant.endpoint.wire_statistics()
        sender = participant.sender
        self.log.wire.append(
            WireNote(
                wall_s,
                _by_class(statistics.sent),
                _by_class(statistics.received),
                sender.counts.bundle_bytes,
                sender.identity_bytes,
                sender.counts.face_bytes,
                sender.counts.voice_bytes,
                _video_bytes(participant, statistics.sent.rtp),
            )
        )

    def close(self) -> None:
        """Finish the files."""
        for store in (self._captured, self._shown, self._lowres):
            if store is not None:
                store.close()
        self._voice.close()


def _sized(picture: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """A square picture in the size of its store: the other end may send another one at any time."""
    if picture.shape[0] == side:
        return picture
    return np.asarray(cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA), np.uint8)


def _store(path: Path, size: int) -> FrameStoreWriter:
    return FrameStoreWriter(path, size, size)


def _video_bytes(participant: Participant, rtp_bytes: int) -> int:
    """What the voice leaves of all RTP packets."""
    if participant.sender.video is None:
        return 0
    counts = participant.sender.counts
    voice = counts.voice_bytes + counts.bundle_bytes + counts.voice_packets * VOICE_PACKET_OVERHEAD_BYTES
    return max(0, rtp_bytes - voice)


def _by_class(counts: ByteCounts) -> dict[str, int]:
    return {"rtp": counts.rtp, "rtcp": counts.rtcp, "stun": counts.stun, "dtls": counts.dtls}


def build_end(
    config: CallConfig,
    endpoint: Endpoint,
    source: Source,
    reconstructor: Reconstructor,
    workers: Workers,
    observer: Observer,
    shapes: ShapeFinder | None = None,
) -> Participant:
    """Everything of one end, wired up; ``start`` and ``tick`` drive it. ``shapes``: without it no hints are used."""
    find_shape = None if shapes is None else shapes.find
    carrier = create_carrier(config.carrier)
    receiver = Receiver(
        config.receiver, reconstructor, workers.picture, observer, observer.decoded, find_shape
    )
    sender = Sender(
        config.sender,
        endpoint,
        carrier,
        workers.background,
        receiver.next_acknowledgement,
        observer.captured,
        find_shape,
        receiver.next_report,
        None if config.sender.ladder is None else load_config(config.sender.ladder, Ladder),
    )
    return Participant(endpoint, carrier, sender, receiver, source)


def picture_threads() -> int:
    """Threads for the network: half of the cores. A thread that waits for a core makes the others wait for it."""
    return max(1, min(MAX_PICTURE_THREADS, (os.cpu_count() or 2) // 2))


def finish_log(participant: Participant, recorder: Recorder, now_s: float) -> None:
    """Add the counts that both halves kept, and write the log."""
    log, counts = recorder.log, participant.sender.counts
    receiver = participant.receiver
    log.warnings += participant.warnings()
    log.counts |= {
        "voice_packets_sent": counts.voice_packets,
        "voice_bytes_sent": counts.voice_bytes,
        "face_packets_sent": counts.face_packets,
        "face_repeats_sent": counts.face_repeats,
        "face_bytes_sent": counts.face_bytes,
        "hint_bytes_sent": counts.hint_bytes,
        "bundle_bytes_sent": counts.bundle_bytes,
        "identity_bytes_sent": participant.sender.identity_bytes,
        "malformed": participant.malformed,
        "cpu_s": time.process_time(),
    } | receiver.counts(now_s)
    if participant.sender.video is not None:
        log.counts |= participant.sender.video.figures()
    if participant.started_s is not None:
        log.events["started"] = participant.started_s
    identity = participant.sender.identity
    if identity is not None:
        cv2.imwrite(str(recorder.folder / IDENTITY), identity.picture[:, :, ::-1])
        if identity.media_time_s is not None:
            log.events["identity_media_time"] = identity.media_time_s
    log.save(recorder.folder / LOG)
