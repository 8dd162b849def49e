"""Does the network's own error tell that identity image and frames are of two people? (Hegde et al., Fig. 12.)"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from callcodec.measure.upsampler.methods import Reconstructed
from models.training.evaluate import FIRST_SCORED_FRAME

SECOND_SLOTS = 25
SLOTS_APART = 12  # first, middle and last, at all distances from key pictures
ALLOWED_FALSE_ALARMS = 0.01


@dataclass(frozen=True)
class WrongIdentity:
    """Pairs of one person's frames with another's image, and how many were found by the median error of a second.

    Without a shipped threshold, that for a person is drawn from everybody else's frames with their own image, so
    that at most 1 % of those seconds alarm; ``false_alarms`` are the share of the person's own seconds beyond it.
    """

    pairs: int
    found: float
    own_seconds: int
    false_alarms: float
    threshold: float  # median over people, RMS in 0..1


def find_wrong_identities(
    shown: Sequence[tuple[str, Reconstructed]], alarm: float | None, say: Callable[[str], None]
) -> WrongIdentity | None:
    """Judge every clip of ``shown`` (person, its reconstruction) with every other person's image.

    ``alarm``: the threshold that calls use; None: one is drawn. None for clips of a single person.
    """
    people = [person for person, _ in shown]
    images = {person: clip.material for person, clip in reversed(shown)}
    if len(images) < 2:
        return None
    own: list[tuple[str, float]] = []
    foreign: list[tuple[str, float]] = []
    for n, (person, clip) in enumerate(shown):
        say(f"wrong identity {n + 1}/{len(people)}")
        frames = len(clip.material.delivery.slots)
        for first in range(FIRST_SCORED_FRAME, frames - SECOND_SLOTS + 1, SECOND_SLOTS):
            own.append((person, clip.identity_error(_second(first))))
        for other, image in images.items():
            if other != person:
                material = replace(
                    clip.material, identity=image.identity, identity_shape=image.identity_shape
                )
                swapped = replace(clip, material=material)
                foreign.append((person, swapped.identity_error(_second(FIRST_SCORED_FRAME))))
    return judge(own, foreign, alarm)


def judge(
    own: Sequence[tuple[str, float]], foreign: Sequence[tuple[str, float]], alarm: float | None
) -> WrongIdentity:
    """(person, error) of seconds with the own image and with another's → how well a threshold parts them."""

    def drawn(person: str) -> float:
        others = [e for p, e in own if p != person]
        return float(np.quantile(others, 1 - ALLOWED_FALSE_ALARMS, method="higher"))

    thresholds = {p: drawn(p) if alarm is None else alarm for p, _ in [*own, *foreign]}
    return WrongIdentity(
        pairs=len(foreign),
        found=float(np.mean([e > thresholds[p] for p, e in foreign])),
        own_seconds=len(own),
        false_alarms=float(np.mean([e > thresholds[p] for p, e in own])),
        threshold=float(np.median(list(thresholds.values()))),
    )


def _second(first: int) -> range:
    return range(first, first + SECOND_SLOTS, SLOTS_APART)
