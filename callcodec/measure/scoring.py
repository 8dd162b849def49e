"""Scores a finished call: what was on the screen against what was captured one glass-to-glass delay earlier."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from callcodec.call.log import CaptureNote, EndLog, ShowNote
from callcodec.measure.quality import QualityMeter
from callcodec.measure.report import LatencyReport, QualityReport
from callcodec.media.frame_store import FrameStore
from callcodec.media.timeline import SLOT_S
from receiver.state import State

IDENTITY_MARGIN_S = 0.5


@dataclass(frozen=True)
class KeptFrames:
    """The losslessly kept pictures of a call, and the identity image that was sent (None: none was)."""

    captured: FrameStore
    shown: FrameStore
    lowres: FrameStore
    identity: NDArray[np.uint8] | None


def face_delays_s(near: EndLog, far: EndLog) -> list[float]:
    """Glass to glass by frame number: for every face frame, from its capture to the slot that shows its moment."""
    captured = {note.face_number: note.wall_s for note in near.captures if note.face_number is not None}
    shows = [note for note in far.shows if note.media_time_s is not None and note.fresh]
    times = [note.media_time_s or 0.0 for note in shows]
    base = _number_base(near, far)
    delays = []
    for face in far.faces:
        wall_s = captured.get(face.number - base)
        index = nearest(times, face.media_time_s)
        if wall_s is None or index is None or abs(times[index] - face.media_time_s) > SLOT_S / 2 + 1e-6:
            continue
        delays.append(shows[index].wall_s + (face.media_time_s - times[index]) - wall_s)
    return delays


def latency(near: EndLog, far: EndLog, pictures: Sequence[float] | None = None) -> LatencyReport:
    """Delays of picture and voice between the two ends, on the clock that both share.

    ``pictures``: the delays of these, in seconds; None: as face packets tell them.
    """
    pictures = face_delays_s(near, far) if pictures is None else pictures
    started = near.events.get("started")
    voices = [] if started is None else [n.wall_s - (started + n.media_time_s) for n in far.plays]
    picture_ms = float(np.median(pictures)) * 1000 if pictures else None
    voice_ms = float(np.median(voices)) * 1000 if voices else None
    return LatencyReport(
        glass_to_glass_p50_ms=picture_ms,
        glass_to_glass_p95_ms=float(np.percentile(pictures, 95)) * 1000 if pictures else None,
        voice_ms=voice_ms,
        audio_visual_offset_ms=None if picture_ms is None or voice_ms is None else picture_ms - voice_ms,
    )


def scored_slots(near: EndLog, far: EndLog, delay_s: float) -> list[tuple[ShowNote, CaptureNote, int]]:
    """The slots that count, each with the picture it should have shown and that picture's place in the store."""
    first = next((i for i, n in enumerate(far.shows) if n.state == State.RECONSTRUCTING.value), None)
    if first is None or not near.captures:
        return []
    walls = [note.wall_s for note in near.captures]
    identity_s = near.events.get("identity_media_time")
    slots = []
    for show in far.shows[first:]:
        index = nearest(walls, show.wall_s - delay_s)
        if index is None or show.wall_s - delay_s > walls[-1] + SLOT_S:
            continue
        capture = near.captures[index]
        if identity_s is not None and abs(capture.media_time_s - identity_s) <= IDENTITY_MARGIN_S:
            continue
        slots.append((show, capture, index))
    return slots


def quality(near: EndLog, far: EndLog, frames: KeptFrames) -> QualityReport:
    """Scores every slot that counts, beside bicubic enlargement and the repeated identity image."""
    delays = face_delays_s(near, far)
    slots = scored_slots(near, far, float(np.median(delays))) if delays else []
    received, bicubic, copied = QualityMeter(), QualityMeter(), QualityMeter()
    errors = []
    for show, _, index in slots:
        original = frames.captured[index]
        received.add(frames.shown[show.slot], original)
        bicubic.add(enlarge(frames.lowres[show.slot], original.shape[0]), original)
        if frames.identity is not None:
            copied.add(frames.identity, original)
        errors.append(show.consistency_error)
    return QualityReport(
        slots_scored=received.pictures,
        psnr_db=received.psnr_db,
        ssim=received.ssim,
        bicubic_psnr_db=bicubic.psnr_db,
        bicubic_ssim=bicubic.ssim,
        identity_copy_psnr_db=copied.psnr_db,
        identity_copy_ssim=copied.ssim,
        consistency_error=float(np.mean(errors)) if errors else None,
    )


def enlarge(picture: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """(S, S, 3) → (size, size, 3), bicubic: what a receiver without any network would show."""
    return np.asarray(cv2.resize(picture, (size, size), interpolation=cv2.INTER_CUBIC), np.uint8)


def _number_base(near: EndLog, far: EndLog) -> int:
    """What the receiver's unwrapping added to the sender's face numbers: a multiple of 256."""
    sent = [note.face_number for note in near.captures if note.face_number is not None]
    if not sent or not far.faces:
        return 0
    return (far.faces[0].number // 256) * 256


def nearest(values: Sequence[float], value: float) -> int | None:
    """Index of the nearest of ascending ``values``; None when there are none."""
    if not values:
        return None
    index = bisect_left(values, value)
    candidates = [i for i in (index - 1, index) if 0 <= i < len(values)]
    return min(candidates, key=lambda i: abs(values[i] - value))
