"""What the receiver is showing, in the words that the user reads."""

from enum import StrEnum


class State(StrEnum):
    """Ordered from nothing to everything, for an H.264 track, too; then the three ways in which that fails."""

    WAITING = "waiting"
    VOICE_ONLY = "voice only"
    LOW_RESOLUTION = "low resolution"
    RECONSTRUCTING = "reconstructing"
    DECODED = "decoded, not restored"
    RESTORING = "restoring"
    WRONG_IDENTITY = "identity image does not belong to this face"
    FROZEN = "frozen"
    LOST = "lost"
