"""The known-speaker case: a network that is trained a little further for one person (MMSD Fig. 8, MDVD's Obama)."""

from __future__ import annotations

from pathlib import Path

from models.training.cache import ClipCache, DataError, open_cache
from models.training.task import TrainingData


def clips_of_person(data: Path, person: str | None, cache: Path) -> TrainingData:
    """The train clips of ``person`` in the folder ``data``, to be judged on other footage of the same person.

    That footage is the split ``known`` where the folder has one, ``val`` otherwise. ``person`` may be left out
    where it holds one person alone. Raises DataError.
    """
    split = "known" if (data / "known.tsv").is_file() else "val"
    judged, training = open_cache(data, split, cache), open_cache(data, "train", cache)
    both = _people(judged) & _people(training)
    if person is None and len(both) == 1:
        (person,) = both
    if person not in both:
        raise DataError(
            f"{'--speaker is missing' if person is None else f'there is no speaker {person!r}'}: people with clips in "
            f"both train.tsv and {split}.tsv of {data} are {', '.join(sorted(both)) or 'none'}"
        )
    return TrainingData(
        training.only(lambda c: c.person == person), judged.only(lambda c: c.person == person)
    )


def _people(clips: ClipCache) -> set[str]:
    return {clip.person for clip in clips.clips}
