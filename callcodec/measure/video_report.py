"""Scores the H.264 of a finished call: what was decoded and what was restored, against what was captured."""

from dataclasses import dataclass

import numpy as np

from callcodec.call.log import EndLog, ShowNote
from callcodec.call.video_settings import VideoSettings
from callcodec.measure.quality import QualityMeter
from callcodec.measure.report import VideoReport
from callcodec.measure.scoring import KeptFrames, nearest
from callcodec.media.timeline import SLOT_S
from receiver.state import State

FROM_VIDEO = (State.RESTORING.value, State.DECODED.value)
SAME_MOMENT_S = 0.002
"""RTP timestamps count in 1/90000 s, captures in fractions of a second."""


@dataclass(frozen=True)
class VideoQuality:
    """Over every slot from the first picture on. dB against what was captured one delay earlier; SSIM of RGB."""

    decoded_psnr_db: float | None = None
    decoded_ssim: float | None = None
    restored_psnr_db: float | None = None
    restored_ssim: float | None = None


def video_delays_s(near: EndLog, far: EndLog) -> list[float]:
    """Glass to glass of every new picture of an H.264 track, from its capture to the slot that shows it."""
    captured = {round(note.media_time_s / SAME_MOMENT_S): note.wall_s for note in near.captures}
    delays = []
    for show in far.shows:
        if show.fresh and show.state in FROM_VIDEO and show.media_time_s is not None:
            wall_s = captured.get(round(show.media_time_s / SAME_MOMENT_S))
            if wall_s is not None:
                delays.append(show.wall_s - wall_s)
    return delays


def video_quality(near: EndLog, far: EndLog, frames: KeptFrames) -> VideoQuality:
    """Scores what was on the screen, and what would have been without restoration. Freezes count."""
    delays = video_delays_s(near, far)
    if not delays:
        return VideoQuality()
    delay_s = float(np.median(delays))
    walls = [note.wall_s for note in near.captures]
    decoded, restored = QualityMeter(), QualityMeter()
    for show in _shown(far):
        index = nearest(walls, show.wall_s - delay_s)
        if index is None or show.wall_s - delay_s > walls[-1] + SLOT_S:
            continue
        original = frames.captured[index]
        decoded.add(frames.lowres[show.slot], original)
        restored.add(frames.shown[show.slot], original)
    return VideoQuality(decoded.psnr_db, decoded.ssim, restored.psnr_db, restored.ssim)


def video_report(
    settings: VideoSettings, near: EndLog, far: EndLog, quality: VideoQuality, seconds: float
) -> VideoReport:
    """The figures of a call in which the near end sent H.264."""
    sent, received = near.counts, far.counts
    shows = _shown(far)
    fresh = [note for note in shows if note.fresh]
    times = [note.made_in_s for note in fresh if note.state == State.RESTORING.value]
    span_s = fresh[-1].wall_s - fresh[0].wall_s if len(fresh) > 1 else 0.0
    return VideoReport(
        codec=settings.codec,
        asked_kbps=settings.kbps,
        payload_kbps=sent["video_unit_bytes_sent"] * 8 / 1000 / seconds,
        key_frames=int(sent["video_key_frames"]),
        pictures_sent=int(sent["video_units_sent"]),
        pictures_received=int(received["video_units_received"]),
        pictures_restored=int(received["video_restored"]),
        pictures_only_decoded=int(received["video_unrestored"]),
        pictures_damaged=int(received["video_damaged"]),
        packets_lost=int(received["video_packets_lost"]),
        key_frames_asked_for=int(received["video_key_requests_sent"]),
        restorer=settings.restorer,
        restorer_fps=1 / float(np.median(times)) if times and np.median(times) > 0 else None,
        pictures_per_second=(len(fresh) - 1) / span_s if span_s > 0 else None,
        longest_freeze_s=longest_freeze_s(shows),
        decoded_psnr_db=quality.decoded_psnr_db,
        decoded_ssim=quality.decoded_ssim,
        restored_psnr_db=quality.restored_psnr_db,
        restored_ssim=quality.restored_ssim,
    )


def longest_freeze_s(shows: list[ShowNote]) -> float:
    """For how long the same picture stood at most."""
    longest, run = 0, 0
    for show in shows:
        run = 1 if show.fresh else run + 1
        longest = max(longest, run)
    return longest * SLOT_S


def _shown(far: EndLog) -> list[ShowNote]:
    """The slots from the first picture of the track to the last new one: what follows is the end of the call."""
    new = [i for i, note in enumerate(far.shows) if note.fresh and note.state in FROM_VIDEO]
    return far.shows[new[0] : new[-1] + 1] if new else []
