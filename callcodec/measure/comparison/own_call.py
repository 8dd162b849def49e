"""Our own codec on one clip, through the whole simulated call, or as the paper counts its bits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from callcodec.call.config import CallConfig
from callcodec.call.end import CAPTURED_FRAMES, SHOWN_FRAMES
from callcodec.call.log import EndLog
from callcodec.call.source import Source
from callcodec.config import load_config
from callcodec.measure.call_report import FinishedCall, build_report
from callcodec.measure.codecs.reduced import Picture
from callcodec.measure.comparison.clips import ClipFile
from callcodec.measure.comparison.points import OwnPoint
from callcodec.measure.comparison.rehearsal import (
    AWAKE_SLOTS,
    IDENTITY_WITHIN_S,
    REHEARSAL_S,
    REHEARSAL_SLOTS,
    RehearsedSource,
    SparingReconstructor,
)
from callcodec.measure.comparison.result import Delays, Effort, Rates
from callcodec.measure.loopback_end import EndJob
from callcodec.measure.loopback_simulated import run_both
from callcodec.measure.scoring import face_delays_s, nearest
from callcodec.media.frame_store import FrameStore
from callcodec.media.timeline import SLOT_S
from callcodec.transport.link import LinkProfile
from callcodec.wire.face_packet import RUNGS
from models.reconstructor import Reconstructor

CALL = "calls/phone"
ONE_WAY_MS = 70.0
"""A frame is acknowledged before the second one after it is coded, as over most links."""
GREY = 128


@dataclass
class _Stage:
    """What both ends' jobs share: whether the clip itself has nearly begun."""

    source: RehearsedSource | None = None

    def awake(self) -> bool:
        return self.source is not None and self.source.given >= REHEARSAL_SLOTS - AWAKE_SLOTS


@dataclass(frozen=True)
class _RehearsedEnd(EndJob):
    """An end whose clip is rehearsed, and whose pictures are reconstructed from shortly before it on."""

    limit: int | None = None
    silent: bool = False
    stage: _Stage = field(default_factory=_Stage)

    def source(self, prefetch: bool) -> Source:
        """See EndJob."""
        if self.clip is None:
            return super().source(prefetch)
        self.stage.source = RehearsedSource(self.clip, self.limit, self.silent)
        return self.stage.source

    def reconstructor(self) -> Reconstructor:
        """See EndJob."""
        inner = super().reconstructor()
        return SparingReconstructor(inner, self.stage.awake) if self.reconstructs else inner


@dataclass(frozen=True)
class OwnCall:
    """A finished call as a ``Method``: what was on the screen when each slot of the clip should have been."""

    name: str
    kbps: float
    rates: Rates
    effort: Effort
    delays: Delays
    shown: FrameStore
    captured: FrameStore
    places: tuple[int, ...]

    def pictures(self, slots: Sequence[int]) -> Iterator[Picture]:
        """(256, 256, 3) for each of ``slots``; the same array again where the screen did not change."""
        before, place = np.zeros(0, np.uint8), -1
        for slot in slots:
            if self.places[slot] != place:
                place = self.places[slot]
                before = np.array(self.shown[place])
            yield before


def make_own_call(file: ClipFile, point: OwnPoint, slots: int, folder: Path, device: str = "cpu") -> OwnCall:
    """Hold the call; its frames lie in ``folder`` and must be read before that is deleted.

    slots: of the clip's own. Raises ValueError where the clip or the weights are of no use, or no face ever arrived.
    """
    config = call_config(point)
    link, stage = LinkProfile(delay_ms=ONE_WAY_MS), _Stage()
    grey = None if point.identity else np.full((256, 256, 3), GREY, np.uint8)
    near = _RehearsedEnd(
        folder=folder / "near",
        config=config,
        clip=file.path,
        seconds=None,
        device="cpu",
        reconstructs=False,
        emotion=file.emotion if point.emotion else None,
        identity=grey,
        link=link,
        limit=slots,
        silent=not point.voice,
        stage=stage,
    )
    far = _RehearsedEnd(folder / "far", config, None, None, device, True, stage=stage)
    run_both(near, far, link, _unheard)
    call = FinishedCall(file.path.name, near.folder, far.folder, config, link, True, device)
    return _judgeable(call, point, slots)


def call_config(point: OwnPoint) -> CallConfig:
    """A phone call's settings with what ``point`` changes."""
    config = load_config(CALL, CallConfig)
    face = replace(config.sender.face, rung=point.rung, quality=point.quality, hints=point.hints)
    identity = replace(config.sender.identity, choose_within_s=IDENTITY_WITHIN_S)
    receiver = replace(
        config.receiver,
        reconstructor=point.reconstructor,
        consistency_iterations=config.receiver.consistency_iterations if point.consistency else 0,
        weights=point.weights,
    )
    sender = replace(config.sender, face=face, identity=identity)
    return replace(config, carrier=point.carrier, sender=sender, receiver=receiver)


def _judgeable(call: FinishedCall, point: OwnPoint, slots: int) -> OwnCall:
    near, far = call.logs()
    delays = face_delays_s(near, far)
    if not delays or len(near.captures) < REHEARSAL_SLOTS + slots:
        raise ValueError("no face arrived in the simulated call: " + "; ".join(near.warnings + far.warnings))
    shown = FrameStore(call.far / SHOWN_FRAMES)
    report = build_report(call, score_pictures=False)
    rates = _rates(near, point, slots)
    walls = [note.wall_s for note in far.shows[: len(shown)]]
    delay_s = float(np.median(delays))
    captures = near.captures[REHEARSAL_SLOTS : REHEARSAL_SLOTS + slots]
    places = tuple(nearest(walls, note.wall_s + delay_s) or 0 for note in captures)
    made = [note.made_in_s for note in far.shows if note.fresh and note.wall_s >= captures[0].wall_s]
    return OwnCall(
        point.label,
        rates.kbps,
        rates,
        Effort(receiving_s=float(np.median(made)) if made else None),
        Delays(
            report.latency.glass_to_glass_p50_ms,
            report.latency.glass_to_glass_p95_ms,
            report.latency.voice_ms,
            report.latency.audio_visual_offset_ms,
        ),
        shown,
        FrameStore(call.near / CAPTURED_FRAMES),
        places,
    )


def _rates(near: EndLog, point: OwnPoint, slots: int) -> Rates:
    """From the end of the rehearsal to the hanging up."""
    began_s = near.events["started"] + REHEARSAL_S
    notes = [note for note in near.wire if note.wall_s <= near.events["hung_up"]]
    first = min(notes, key=lambda note: abs(note.wall_s - began_s))
    last, goodbye = near.wire[-1], notes[-1]
    clip_s, wire_s = began_s + slots * SLOT_S - first.wall_s, goodbye.wall_s - first.wall_s

    def kbps(sent: int, seconds: float) -> float:
        return sent * 8 / 1000 / seconds

    return Rates(
        first_bytes=int(near.counts["identity_bytes_sent"]),
        kbps=kbps(last.face_bytes - first.face_bytes, clip_s),
        packets_per_second=RUNGS[point.rung].frames_per_second,
        voice_kbps=kbps(goodbye.voice_bytes - first.voice_bytes, wire_s) if wire_s > 0 else None,
        wire_kbps=kbps(sum(goodbye.sent.values()) - sum(first.sent.values()), wire_s) if wire_s > 0 else None,
    )


def _unheard(seconds: float, state: str) -> None:
    """Nobody watches."""


def check_same_pictures(call: OwnCall, frames: Sequence[NDArray[np.uint8]]) -> None:
    """The sender must have been given what every other codec is given. RuntimeError where it was not."""
    for number, frame in enumerate(frames):
        if not np.array_equal(call.captured[REHEARSAL_SLOTS + number], frame):
            raise RuntimeError(
                f"picture {number} was cropped differently for our call than for the other codecs"
            )
