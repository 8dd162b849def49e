"""The keys of a call: one letter each, the same in the window and at the terminal."""

from enum import Enum


class Key(Enum):
    """A key; the value is what is typed."""

    MUTE = "m"
    CAMERA = "c"
    RECORD = "r"
    IDENTITY = "i"
    EMOTION = "e"
    PUSH_TO_TALK = "t"
    TALK = " "
    ENLARGE = "z"
    QUIT = "q"


LEGEND: tuple[tuple[Key, str], ...] = (
    (Key.MUTE, "mute"),
    (Key.CAMERA, "camera"),
    (Key.RECORD, "record"),
    (Key.IDENTITY, "new identity"),
    (Key.EMOTION, "emotion"),
    (Key.PUSH_TO_TALK, "push to talk"),
    (Key.QUIT, "quit"),
)
"""What the window shows about them."""
LEGEND_LINE = ", ".join(f"{key.value} {words}" for key, words in LEGEND)


def key_of(typed: str) -> Key | None:
    """The key of one typed character, capitals too; None: it means nothing."""
    try:
        return Key(typed.lower())
    except ValueError:
        return None
