"""What the receiver is showing, in the words that the user reads."""

from enum import StrEnum


class State(StrEnum):
    """Ordered from nothing to everything, then the two ways in which it stops."""

    WAITING = "waiting"
    VOICE_ONLY = "voice only"
    LOW_RESOLUTION = "low resolution"
    RECONSTRUCTING = "reconstructing"
    FROZEN = "frozen"
    LOST = "lost"
