"""What back projection is worth to a restorer: without it, with fitted intervals, with the paper's half step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from models.restoration.back_projection import HALF_STEP, BackProjected, Intervals, shipped_intervals
from models.restoration.restorer import FacePicture, FacePlanes, Hearing, Restorer
from models.training.restoration.judging import Judged, mean_gains


class _Once:
    """A restorer that restores each picture once, however often it is asked for it."""

    def __init__(self, restorer: Restorer) -> None:
        self._restorer = restorer
        self._restored: dict[int, tuple[FacePicture, FacePlanes]] = {}
        self.name, self.side = restorer.name, restorer.side
        self.before, self.after = restorer.before, restorer.after

    def restore(self, window: Sequence[FacePicture], hearing: Hearing) -> FacePlanes:
        """See ``Restorer``; a picture is told by its object, its surroundings are taken to be the same."""
        picture = window[self.before]
        if id(picture) not in self._restored:
            self._restored[id(picture)] = picture, self._restorer.restore(window, hearing)
        return self._restored[id(picture)][1]


def back_projection_ablation(
    restorer: Restorer,
    judged: list[Judged],
    every: int = 5,
    intervals: Mapping[str, Intervals] | None = None,
) -> dict[str, dict[str, float]]:
    """Figures of judging.mean_gains by kind of back projection: ``none``, ``half_step``, and each of ``intervals``.

    ``restorer`` without back projection; ``judged``: from mdvd_scores.judged_streams, on clips that nobody was
    trained on; ``intervals``: those that come with the package if left out. Every network runs once a picture.
    """
    fitted = shipped_intervals() if intervals is None else intervals
    once = _Once(restorer)
    variants: dict[str, Restorer] = {"none": once, "half_step": BackProjected(once, HALF_STEP)}
    variants |= {name: BackProjected(once, one) for name, one in fitted.items()}
    return {name: mean_gains(variant, judged, every) for name, variant in variants.items()}
