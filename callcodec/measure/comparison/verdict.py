"""The headline: what a call's few bits buy against conventional codecs, said first, whatever it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from callcodec.measure.codecs.catalogue import CODECS
from callcodec.measure.comparison.envelope import Mixture, envelope, sign_of
from callcodec.measure.comparison.points import OwnPoint, StillPoint
from callcodec.measure.comparison.summary import PointSummary
from callcodec.measure.comparison.sweep import of_codec
from callcodec.measure.metrics.spread import Estimate, estimate

FACE_KBPS = 0.8
GAIN_DB = 2.0
TIMES_THE_RATE = 3.0
MET, MISSED, NOT_MEASURED = "met", "missed", "not measured"
STEPS = 2000  # at which two envelopes are compared
TITLES = {"psnr_db": "PSNR", "ssim": "SSIM", "gmsd": "GMSD (less is better)", "ms_ssim": "MS-SSIM"}


@dataclass(frozen=True)
class Claim:
    """``asked``: the bar; ``found``: what was measured, with its interval over people; ``against``: which settings."""

    name: str
    asked: str
    found: str
    against: str
    verdict: str


@dataclass(frozen=True)
class Crossing:
    """From which rate on a codec is better than everything of ours at that rate; None: nowhere in what was measured."""

    codec: str
    figure: str
    kbps: float | None
    said: str


def headline(summaries: Mapping[str, PointSummary]) -> tuple[Claim, ...]:
    """The two bars of the project, for our best point of at most 0.8 kbit/s of face payload."""
    gain_name = f"PSNR at ≤ {FACE_KBPS} kbps of face payload over the conventional envelope at that rate"
    gain_asked = f"≥ {GAIN_DB:.0f} dB, first picture left out on both sides"
    best = best_within(summaries, FACE_KBPS)
    if best is None:
        nothing = f"no call of ours with at most {FACE_KBPS} kbps was measured"
        return (Claim(gain_name, gain_asked, nothing, "-", NOT_MEASURED),)
    everybody = [summary for codec in CODECS for summary in with_still(summaries, codec)]
    claims = [_gain(gain_name, gain_asked, best, envelope(everybody, "psnr_db").at(best.kbps.mean))]
    av1 = with_still(summaries, "svt-av1")
    for figure in ("ssim", "gmsd"):
        at = envelope(av1, figure).at(TIMES_THE_RATE * best.kbps.mean) if len(av1) > 1 else None
        claims.append(_better(best, figure, at))
    return tuple(claims)


def best_within(summaries: Mapping[str, PointSummary], kbps: float) -> PointSummary | None:
    """Our call of the highest PSNR among those of at most ``kbps``."""
    within = [
        summary
        for summary in summaries.values()
        if isinstance(summary.point, OwnPoint) and summary.kbps.mean <= kbps and not summary.point.emotion
        and summary.mean("psnr_db") is not None
    ]  # fmt: skip
    return max(within, key=lambda summary: summary.mean("psnr_db") or 0.0, default=None)


def with_still(summaries: Mapping[str, PointSummary], codec: str) -> list[PointSummary]:
    """A codec's points as a call uses them, and the still, which is anybody's; empty where it was not measured."""
    found = of_codec(dict(summaries), codec)
    return found + [s for s in summaries.values() if isinstance(s.point, StillPoint)] if found else []


def crossing(
    ours: Sequence[PointSummary],
    still: Sequence[PointSummary],
    codec: str,
    theirs: Sequence[PointSummary],
    figure: str,
) -> Crossing:
    """Where the codec's envelope passes ours, at the corners and between them."""
    mine, other = envelope([*still, *ours], figure), envelope(theirs, figure)
    sign = sign_of(figure)
    if len(mine.corners) < 2 or len(other.corners) < 2:
        return Crossing(codec, figure, None, "not measured")
    last = max(mine.corners[-1].kbps, other.corners[-1].kbps)
    for step in range(1, STEPS + 1):
        kbps = last * (step / STEPS) ** 2  # denser where rates are low
        a, b = mine.at(kbps), other.at(kbps)
        if a is not None and b is not None and sign * b.value > sign * a.value + 1e-9:
            return Crossing(codec, figure, kbps, f"from {kbps:.2f} kbps on")
    return Crossing(codec, figure, None, f"nowhere up to {last:.1f} kbps")


def difference(ours: PointSummary, theirs: Mixture, figure: str) -> Estimate | None:
    """Ours less theirs, clip by clip, with its interval over people."""
    mine, other = ours.by_clip(figure), theirs.by_clip(figure)
    people = {result.clip: result.person for result in ours.results}
    clips = [clip for clip in mine if clip in other]
    return estimate([mine[clip] - other[clip] for clip in clips], [people[clip] for clip in clips])


def _gain(name: str, asked: str, best: PointSummary, at: Mixture | None) -> Claim:
    found = None if at is None else difference(best, at, "psnr_db")
    if at is None or found is None or (at.high.summary is at.low.summary and at.kbps == 0):
        return Claim(name, asked, "no conventional codec was measured", "-", NOT_MEASURED)
    said = (
        f"{found.mean:+.2f} dB ({found.low:+.2f} to {found.high:+.2f}): {best.label} has "
        f"{best.mean('psnr_db'):.2f} dB at {best.kbps.mean:.2f} kbps, they {at.value:.2f} dB"
    )
    return Claim(name, asked, said, at.label, MET if found.mean >= GAIN_DB else MISSED)


def _better(best: PointSummary, figure: str, at: Mixture | None) -> Claim:
    name = f"{TITLES[figure]} against SVT-AV1 at three times the rate"
    found = None if at is None else difference(best, at, figure)
    if at is None or found is None:
        return Claim(name, "better", "SVT-AV1 was not measured", "-", NOT_MEASURED)
    said = (
        f"{best.mean(figure):.3f} at {best.kbps.mean:.2f} kbps, AV1 {at.value:.3f} at {at.kbps:.2f} kbps; "
        f"difference {found.mean:+.3f} ({found.low:+.3f} to {found.high:+.3f})"
    )
    return Claim(name, "better", said, at.label, MET if sign_of(figure) * found.mean > 0 else MISSED)


def own_curve(summaries: Mapping[str, PointSummary], ladder: Sequence[OwnPoint]) -> list[PointSummary]:
    """The points of our rate-distortion curve that were measured."""
    return [summaries[point.label] for point in ladder if point.label in summaries]
