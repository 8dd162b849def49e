"""The best that a codec's settings give at each rate: the upper convex envelope of its points.

Between two corners lies what one gets by using one setting part of the time and the other for the rest. The first
picture repeated costs nothing when first pictures are free, and is every codec's leftmost corner.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from callcodec.measure.comparison.summary import PointSummary

LESS_IS_BETTER = ("gmsd", "lpips", "dists", "landmark_distance", "flicker", "head_pose_error_degrees")


@dataclass(frozen=True)
class Corner:
    """A setting on the envelope. ``value``: of the figure, as it is."""

    kbps: float
    value: float
    summary: PointSummary


@dataclass(frozen=True)
class Mixture:
    """What an envelope gives at a rate: ``share`` (0..1) of the time ``high``, otherwise ``low``."""

    low: Corner
    high: Corner
    share: float

    @property
    def value(self) -> float:
        """Of the figure."""
        return (1 - self.share) * self.low.value + self.share * self.high.value

    @property
    def kbps(self) -> float:
        """The rate."""
        return (1 - self.share) * self.low.kbps + self.share * self.high.kbps

    @property
    def first_bytes(self) -> float:
        """Of the first picture; the still itself has none, and is sent as the other corner sends it."""
        low, high = self.low.summary.first_bytes, self.high.summary.first_bytes
        return (1 - self.share) * (low or high) + self.share * high

    def by_clip(self, figure: str) -> dict[str, float]:
        """The figure of every clip that both corners have."""
        low, high = self.low.summary.by_clip(figure), self.high.summary.by_clip(figure)
        return {clip: (1 - self.share) * low[clip] + self.share * high[clip] for clip in low if clip in high}

    @property
    def label(self) -> str:
        """In words."""
        if self.share in (0.0, 1.0) or self.low is self.high:
            return (self.high if self.share else self.low).summary.label
        return f"{1 - self.share:.0%} {self.low.summary.label} + {self.share:.0%} {self.high.summary.label}"


@dataclass(frozen=True)
class Envelope:
    """``corners`` by rising rate, each better than the one before."""

    figure: str
    corners: tuple[Corner, ...]

    def at(self, kbps: float) -> Mixture | None:
        """The best at no more than ``kbps``; None below the first corner."""
        if not self.corners or kbps < self.corners[0].kbps:
            return None
        for low, high in zip(self.corners, self.corners[1:], strict=False):
            if kbps <= high.kbps:
                return Mixture(low, high, (kbps - low.kbps) / (high.kbps - low.kbps))
        return Mixture(self.corners[-1], self.corners[-1], 1.0)

    def reaching(self, value: float) -> Mixture | None:
        """The cheapest that is as good as ``value``; None where nothing is, or where the first corner is already."""
        sign = sign_of(self.figure)
        if not self.corners or sign * self.corners[0].value >= sign * value:
            return None
        for low, high in zip(self.corners, self.corners[1:], strict=False):
            if sign * high.value >= sign * value:
                return Mixture(low, high, (value - low.value) / (high.value - low.value))
        return None


def sign_of(figure: str) -> int:
    """1 where more is better, −1 where less is."""
    return -1 if figure in LESS_IS_BETTER else 1


def envelope(summaries: Sequence[PointSummary], figure: str) -> Envelope:
    """Of all points that have the figure, over the mean payload rate without the first picture."""
    sign = sign_of(figure)
    corners = [
        Corner(summary.kbps.mean, value, summary)
        for summary in summaries
        if (value := summary.mean(figure)) is not None
    ]
    hull: list[Corner] = []
    for corner in sorted(corners, key=lambda c: (c.kbps, -sign * c.value)):
        if hull and (
            corner.kbps == hull[-1].kbps
            or sign * corner.value <= sign * max(hull, key=lambda c: sign * c.value).value
        ):
            continue
        while len(hull) >= 2 and _below(hull[-2], hull[-1], corner, sign):
            hull.pop()
        hull.append(corner)
    return Envelope(figure, tuple(hull))


def _below(left: Corner, middle: Corner, right: Corner, sign: int) -> bool:
    """Whether ``middle`` lies on or below the line from ``left`` to ``right``."""
    slope = (right.value - left.value) / (right.kbps - left.kbps)
    return sign * middle.value <= sign * (left.value + slope * (middle.kbps - left.kbps))
