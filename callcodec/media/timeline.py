"""From pictures at any times to pictures at exactly 25 a second."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

FRAMES_PER_SECOND = 25
SLOT_S = 1.0 / FRAMES_PER_SECOND

MAX_HOLD_S = 60.0
"""Longest time that a picture may stay; a longer gap is taken for a broken timestamp, not for a slide."""
_BACKWARD_JUMP_S = 1.0
# Containers round times to a millisecond and the first picture's time is subtracted from all, so that a
# picture meant for a slot may seem to come up to 2 ms late.
_TOLERANCE_S = 0.004

Picture = TypeVar("Picture")


@dataclass(frozen=True)
class Stamped(Generic[Picture]):
    """A picture as its container gave it: when it appears, if known, and how long it is said to stay."""

    stamp_s: float | None
    duration_s: float
    picture: Picture


@dataclass(frozen=True)
class Timed(Generic[Picture]):
    """A picture on a timeline that starts at 0 and never runs backwards, and when it ends at the latest."""

    time_s: float
    end_s: float
    picture: Picture


def steady_times(
    pictures: Iterable[Stamped[Picture]], on_jump: Callable[[], None]
) -> Iterator[Timed[Picture]]:
    """The same pictures with times that start at 0 and never run backwards.

    A picture without a time follows the previous one by that one's duration, and so does one whose time jumps
    back by more than a second or ahead by more than `MAX_HOLD_S`; `on_jump` hears of each such jump.
    """
    origin_s: float | None = None
    latest_s = follows_s = 0.0
    for item in pictures:
        if item.stamp_s is None:
            time_s = follows_s
        else:
            if origin_s is None:
                origin_s = item.stamp_s - follows_s
            time_s = item.stamp_s - origin_s
            if not latest_s - _BACKWARD_JUMP_S <= time_s <= latest_s + MAX_HOLD_S:
                on_jump()
                origin_s = item.stamp_s - follows_s
                time_s = follows_s
        latest_s = max(time_s, latest_s)
        follows_s = latest_s + min(max(item.duration_s, 0.0), MAX_HOLD_S)
        yield Timed(latest_s, follows_s, item.picture)


def on_slots(pictures: Iterable[Timed[Picture]]) -> Iterator[tuple[int, Picture]]:
    """(slot number, picture) for every 40 ms slot: what is on the screen then, the nearest earlier picture.

    The last picture stays until its end, and a single one gives one slot at least.
    """
    slot = 0
    current: Timed[Picture] | None = None
    for item in pictures:
        while current is not None and slot * SLOT_S < item.time_s - _TOLERANCE_S:
            yield slot, current.picture
            slot += 1
        current = item
    while current is not None and (slot == 0 or slot * SLOT_S < current.end_s - _TOLERANCE_S):
        yield slot, current.picture
        slot += 1
