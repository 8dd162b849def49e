"""Which points a run measures: everything, a quick look, or our own rates alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from callcodec.measure.codecs.catalogue import CODECS, Mode, find_codec
from callcodec.measure.codecs.reduced import RATES, SIZES, CodecPoint
from callcodec.measure.comparison.points import OfflinePoint, OwnPoint, Point, RestoredPoint, StillPoint
from callcodec.wire.face_packet import RUNGS

OURS, RESTORED = "ours", "restored"
USUAL = (*CODECS, OURS)
EVERYTHING = (*USUAL, RESTORED)
PHONE, FRUGAL = OwnPoint(), OwnPoint(quality=5)
BARE = OwnPoint("bicubic", hints=False)
"""The received pictures, enlarged."""
RATE_LADDER = (
    replace(PHONE, quality=1), FRUGAL, PHONE, replace(PHONE, quality=13),
    replace(PHONE, rung=2), replace(PHONE, rung=4),
)  # fmt: skip
"""Our rate-distortion curve: six rates, each the best that we know at its rate."""


@dataclass(frozen=True)
class Plan:
    """``screened`` points are judged by a few figures, those on an envelope by all; ``judged`` ones always by all."""

    screened: tuple[CodecPoint, ...]
    judged: tuple[Point, ...]


def full_plan(names: Sequence[str], thorough: bool = False, weights: Path | None = None) -> Plan:
    """Six rates of the codecs and of ours, among ``names`` (codecs, "ours", "restored").

    ``thorough``: all rungs of ours too, and what each part of a call is worth. ``weights``: of the paper's network.
    """
    codecs = codecs_of(names)
    low_delay = tuple(
        CodecPoint(codec, size, rate, crf)
        for codec in codecs
        for size in SIZES
        for rate in RATES
        for crf in CODECS[codec].rates
    )
    offline = tuple(
        CodecPoint(codec, 256, 25.0, crf, Mode.OFFLINE) for codec in codecs for crf in CODECS[codec].rates
    )
    own: tuple[Point, ...] = ()
    if OURS in names:
        own = (*RATE_LADDER, BARE)
        own += (*other_rungs(), *single_changes(), *offline_points()) if thorough else ()
        if weights is not None:
            own += (replace(PHONE, reconstructor="paper", hints=False, weights=weights),)
    restored = restored_points() if RESTORED in names else ()
    return Plan(low_delay + offline, (StillPoint(), *own, *restored))  # fmt: skip


def quick_plan(names: Sequence[str]) -> Plan:
    """Two clips in two minutes: fewer rates and sizes, the two calls that people make, and bicubic."""
    low_delay = tuple(
        CodecPoint(codec, size, rate, crf)
        for codec in codecs_of(names) for size, rate in ((256, 25.0), (128, 5.0), (64, 5.0))
        for crf in CODECS[codec].rates[:4:2]
    )  # fmt: skip
    own = (FRUGAL, PHONE, BARE) if OURS in names else ()
    return Plan(low_delay, (StillPoint(), *own))


def with_points(plan: Plan, more: Sequence[Point]) -> Plan:
    """``plan`` with ``more`` points that are judged by all figures."""
    new = tuple(point for point in dict.fromkeys(more) if point not in plan.judged)
    return replace(plan, judged=plan.judged + new)


def other_rungs() -> tuple[OwnPoint, ...]:
    """The rungs that the rate ladder leaves out."""
    used = {point.rung for point in RATE_LADDER}
    return tuple(replace(PHONE, rung=rung.index) for rung in RUNGS if rung.index not in used)


def single_changes() -> tuple[OwnPoint, ...]:
    """A phone call with one thing changed at a time; BARE is the change of the reconstructor."""
    return (
        replace(PHONE, hints=False),
        replace(PHONE, voice=False),
        replace(PHONE, hints=False, voice=False),
        replace(PHONE, identity=False),
        replace(PHONE, consistency=False),
        replace(PHONE, emotion=True),
        replace(PHONE, carrier="channel"),
    )


def offline_points() -> tuple[OfflinePoint, ...]:
    """The paper's accounting beside the coded one, and 25 coded 8×8 pictures a second, which no rung carries."""
    raw = tuple(OfflinePoint(name, rate) for name in ("compact", "bicubic") for rate in (5.0, 12.5, 25.0))
    return (*raw, OfflinePoint("compact", 25.0, PHONE.quality))


def restored_points() -> tuple[RestoredPoint, ...]:
    """H.264 with each restorer at one rate, small H.264 with mmsd, AV1 with gavn; each beside what it restores."""
    at_60 = tuple(RestoredPoint(name) for name in ("none", "mdvd", "gavn"))
    small = tuple(RestoredPoint(name, "h264", 32, by_rate=False, size=64) for name in ("none", "mmsd"))
    av1 = tuple(RestoredPoint(name, "av1", 63) for name in ("none", "gavn"))
    return (*at_60, *small, *av1)


def codecs_of(names: Sequence[str]) -> tuple[str, ...]:
    """The conventional ones of ``names``. ValueError for one that nobody knows."""
    return tuple(find_codec(name).name for name in names if name not in (OURS, RESTORED))
