"""Clips' figures as one row of a table: means, intervals over people, and differences between two methods."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from callcodec.measure.metrics.blinks import BlinkCount
from callcodec.measure.metrics.spread import Estimate, estimate
from callcodec.measure.upsampler.scoring import ClipFigures

FIGURES = tuple(
    f.name for f in fields(ClipFigures) if f.name not in ("clip", "person", "blinks", "blinks_of_labels")
)


@dataclass(frozen=True)
class Row:
    """One method over all clips. ``figures``: by the names of ClipFigures; None where no clip has it."""

    name: str
    figures: dict[str, Estimate | None]
    blinks: BlinkCount | None
    blinks_of_labels: BlinkCount | None
    clips: tuple[ClipFigures, ...]

    def mean(self, name: str) -> float | None:
        """A figure's mean over clips."""
        found = self.figures[name]
        return None if found is None else found.mean

    @property
    def blinks_shown(self) -> float | None:
        """Share of the blinks made, 0..1; None where nobody blinked or it was not measured."""
        return None if self.blinks is None or not self.blinks.made else self.blinks.shown / self.blinks.made


def summarise(name: str, clips: Sequence[ClipFigures]) -> Row:
    """The row of one method; ``clips``: at least one."""
    people = [clip.person for clip in clips]
    figures = {f: estimate([_finite(getattr(clip, f)) for clip in clips], people) for f in FIGURES}
    return Row(
        name,
        figures,
        _total([clip.blinks for clip in clips]),
        _total([clip.blinks_of_labels for clip in clips]),
        tuple(clips),
    )


def difference(ours: Row, other: Row, figure: str) -> Estimate | None:
    """Mean of ours − other, clip by clip."""
    mine = {clip.clip: clip for clip in ours.clips}
    pairs = [
        (getattr(mine[clip.clip], figure), getattr(clip, figure), clip.person)
        for clip in other.clips
        if clip.clip in mine
    ]
    values = [None if a is None or b is None else _finite(a - b) for a, b, _ in pairs]
    return estimate(values, [person for _, _, person in pairs])


def ratio(ours: Row, other: Row, figure: str) -> float | None:
    """Our mean over the other's."""
    mine, theirs = ours.mean(figure), other.mean(figure)
    return mine / theirs if mine is not None and theirs else None


def _finite(value: float | None) -> float | None:
    """Without the PSNR of an exact copy, which is infinite and has no mean."""
    return value if value is not None and np.isfinite(value) else None


def _total(counts: Sequence[BlinkCount | None]) -> BlinkCount | None:
    known = [count for count in counts if count is not None]
    return sum(known, BlinkCount()) if known else None
