"""How well lips and voice go together, and how well a network can tell: SyncNet's measures.

Everything begins with the cosines of all lip windows with all voice windows of one clip. The voice shifted by ±15
pictures gives a curve of distances; its least value is LSE-D, its depth LSE-C (Prajwal et al. 2020, section 4),
and where it is least is the offset that was found (Chung and Zisserman 2016, section 4.1).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

import torch
from torch import Tensor

OFFSETS = 15  # pictures on either side
OUT_OF_SYNC = 5  # pictures, 0.2 s: from here on a pair counts as shifted
FURTHEST_PAIR = 25  # pictures, 1 s
SECOND = 21  # windows that 25 pictures hold
OFFSET_TOLERANCE = 1  # picture


@dataclass(frozen=True)
class Accuracy:
    """What a network can tell on clips of people it was not trained on; means over clips, each 0..1.

    A pair is lips with their own voice against the same lips with the clip's voice 0.2 to 1 s earlier or later, all
    such shifts alike; it is told right where the first has the larger cosine: 0.5 is chance.
    """

    pairs: float  # lips of 5 pictures
    pairs_of_a_second: float  # 25 pictures: the mean cosine of their 21 windows, one shift for all
    threshold: (
        float  # one cosine for all clips divides in sync from shifted (5 pictures): right on either side
    )
    offset: float  # clips whose offset, of ±15 pictures, is found within one picture of none


@dataclass(frozen=True)
class OffsetCurve:
    """Mean distance of a clip's lips from its voice ``offsets`` pictures later."""

    offsets: tuple[int, ...]
    distances: tuple[float, ...]  # Euclidean, of embeddings of unit length: 0..2

    @property
    def offset(self) -> int:
        """Where lips and voice go together best; negative: the voice comes too early."""
        return self.offsets[self.distances.index(min(self.distances))]

    @property
    def distance(self) -> float:
        """LSE-D: the least distance."""
        return min(self.distances)

    @property
    def confidence(self) -> float:
        """LSE-C: the median distance less the least."""
        return float(torch.tensor(self.distances).median()) - self.distance


def offset_curve(lips: Tensor, voice: Tensor) -> OffsetCurve:
    """The curve of a clip from its embeddings, both (n, E) of unit length, window by window.

    Raises ValueError where the clip is too short for any voice to be shifted by 15 pictures.
    """
    if len(lips) != len(voice) or len(lips) <= OFFSETS:
        raise ValueError(
            f"lip sync needs more than {OFFSETS} windows of lips and as many of voice, not {len(lips)} and {len(voice)}"
        )
    cosines = lips @ voice.T
    distances = (2 - 2 * cosines).clamp(min=0).sqrt()
    offsets = range(-OFFSETS, OFFSETS + 1)
    return OffsetCurve(tuple(offsets), tuple(float(distances.diagonal(k).mean()) for k in offsets))


def measure_accuracy(clips: Sequence[tuple[Tensor, Tensor]]) -> Accuracy:
    """From each clip's embeddings (lips, voice), as for ``offset_curve``. Raises ValueError for no clips."""
    if not clips:
        raise ValueError("there are no clips whose lips go with their voice to measure the accuracy on")
    pairs, seconds, offsets = [], [], []
    in_sync, shifted = [], []
    for lips, voice in clips:
        cosines = lips @ voice.T
        own = cosines.diagonal()
        number = torch.arange(len(cosines))
        apart = (number[None] - number[:, None]).abs()
        far = (apart >= OUT_OF_SYNC) & (apart <= FURTHEST_PAIR)
        pairs.append(float((own[:, None] > cosines)[far].float().mean()))
        seconds.append(_pairs_of_a_second(cosines))
        offsets.append(float(abs(offset_curve(lips, voice).offset) <= OFFSET_TOLERANCE))
        in_sync.append(own)
        shifted.append(cosines[far])
    return Accuracy(
        pairs=fmean(pairs),
        pairs_of_a_second=fmean(seconds),
        threshold=_best_threshold(torch.cat(in_sync), torch.cat(shifted)),
        offset=fmean(offsets),
    )


def _pairs_of_a_second(cosines: Tensor) -> float:
    right, all_pairs = 0, 0
    own = cosines.diagonal()
    for shift in (*range(-FURTHEST_PAIR, -OUT_OF_SYNC + 1), *range(OUT_OF_SYNC, FURTHEST_PAIR + 1)):
        other = cosines.diagonal(shift)
        if len(other) < SECOND:
            continue
        matching = own[max(0, -shift) :][: len(other)]
        better = matching.unfold(0, SECOND, 1).mean(1) > other.unfold(0, SECOND, 1).mean(1)
        right, all_pairs = right + int(better.sum()), all_pairs + len(better)
    return right / max(all_pairs, 1)


def _best_threshold(in_sync: Tensor, shifted: Tensor) -> float:
    """The accuracy at the best dividing cosine, both kinds weighing the same."""
    candidates = torch.linspace(-1, 1, 201)
    above = (in_sync[:, None] > candidates).float().mean(0)
    below = (shifted[:, None] <= candidates).float().mean(0)
    return float(((above + below) / 2).max())
