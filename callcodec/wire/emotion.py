"""The 15 emotion states of MMSD (section 3.4): neutral, and seven emotions at two intensities.

The eight emotions and the two intensities (normal, strong; neutral has one) are those of RAVDESS, which MMSD
was trained on.
"""

from __future__ import annotations

from enum import IntEnum


class EmotionState(IntEnum):
    """A state's number on the wire; `label` is its name on the command line."""

    NEUTRAL = 0
    CALM = 1
    CALM_STRONG = 2
    HAPPY = 3
    HAPPY_STRONG = 4
    SAD = 5
    SAD_STRONG = 6
    ANGRY = 7
    ANGRY_STRONG = 8
    FEARFUL = 9
    FEARFUL_STRONG = 10
    DISGUSTED = 11
    DISGUSTED_STRONG = 12
    SURPRISED = 13
    SURPRISED_STRONG = 14

    @property
    def label(self) -> str:
        """The name on the command line, such as `happy-strong`."""
        return self.name.lower().replace("_", "-")

    @classmethod
    def from_label(cls, label: str) -> EmotionState:
        """The state called `label` (case does not matter); ValueError lists the names otherwise."""
        for state in cls:
            if state.label == label.strip().lower():
                return state
        names = ", ".join(state.label for state in cls)
        raise ValueError(f"no emotion is called {label!r}; there are {names}")
