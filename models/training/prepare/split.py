"""Which people are trained on and which are kept for choosing: nobody is on both sides."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

TRAIN, VALIDATION = "train", "val"


def assign_people(
    people: Iterable[str], validation_share: float, settled: Mapping[str, str]
) -> dict[str, str]:
    """The split of every person; of two people or more, one at least is kept where ``validation_share`` is above 0.

    Who is kept follows from the names alone, so that two runs agree. ``settled``: splits that stay as they are.
    """
    everybody = sorted(set(people), key=lambda name: hashlib.sha256(name.encode()).digest())
    wanted = round(validation_share * len(everybody))
    if validation_share > 0 and len(everybody) > 1:
        wanted = min(max(wanted, 1), len(everybody) - 1)
    splits = {name: settled[name] for name in everybody if name in settled}
    wanted -= sum(split == VALIDATION for split in splits.values())
    for name in everybody:
        if name not in splits:
            splits[name] = VALIDATION if wanted > 0 else TRAIN
            wanted -= splits[name] == VALIDATION
    return splits
