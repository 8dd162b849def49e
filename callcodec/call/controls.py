"""What the keys of a call do: what they switch, and what reaches the sender because of it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from callcodec.call.emotion import EmotionChoice
from callcodec.call.keys import Key
from callcodec.call.source import Source
from callcodec.call.status import Switches
from callcodec.media.clip import ClipFrame
from callcodec.wire.emotion import EmotionState
from sender.sender import Sender

TALK_HOLD_S = 0.7
"""A press lasts so long: terminals and windows tell of presses, never of releases, and a key that is held down
repeats after 0.5-0.66 s for the first time."""

EMOTIONS: tuple[EmotionState | None, ...] = (
    None,
    EmotionState.NEUTRAL,
    EmotionState.CALM,
    EmotionState.HAPPY,
    EmotionState.SAD,
    EmotionState.ANGRY,
    EmotionState.FEARFUL,
    EmotionState.DISGUSTED,
    EmotionState.SURPRISED,
)
AUTO = "auto"


@dataclass(frozen=True)
class Actions:
    """What keys ask of others. ``record``: begins or ends a recording, answers whether one runs now."""

    record: Callable[[], bool]
    enlarge: Callable[[], None]
    quit_call: Callable[[], None]
    say: Callable[[str], None]


class Controls:
    """Takes keys. ``now``: seconds of any steady clock. ``recording``: whether one runs from the start."""

    def __init__(
        self,
        actions: Actions,
        now: Callable[[], float],
        recording: bool = False,
    ) -> None:
        self._actions = actions
        self._now = now
        self._sender: Sender | None = None
        self._muted = self._camera_off = self._push_to_talk = False
        self._recording = recording
        self._auto = False
        self._emotion: EmotionState | None = None
        self._talk_until_s = float("-inf")

    def attach(self, sender: Sender, emotion: EmotionChoice = None) -> None:
        """From now on, keys reach this sender, which announces ``emotion``."""
        self._sender = sender
        self._auto = emotion == AUTO
        self._emotion = EmotionState(emotion) if isinstance(emotion, int) else None

    @property
    def switches(self) -> Switches:
        """How everything stands now."""
        emotion = AUTO if self._auto else None if self._emotion is None else self._emotion.label
        return Switches(
            muted=self._muted,
            camera_off=self._camera_off,
            push_to_talk=self._push_to_talk,
            talking=self._now() < self._talk_until_s,
            recording=self._recording,
            emotion=emotion,
        )

    def press(self, key: Key) -> None:
        """Do what the key is for."""
        if key is Key.MUTE:
            self._muted = not self._muted
        elif key is Key.CAMERA:
            self._camera_off = not self._camera_off
        elif key is Key.PUSH_TO_TALK:
            self._push_to_talk = not self._push_to_talk
            if self._push_to_talk:
                self._actions.say("Push to talk: the other side hears you while you hold the space bar.")
        elif key is Key.TALK:
            self._talk_until_s = self._now() + TALK_HOLD_S
        elif key is Key.RECORD:
            self._recording = self._actions.record()
        elif key is Key.IDENTITY:
            self._new_identity()
        elif key is Key.EMOTION:
            self._next_emotion()
        elif key is Key.ENLARGE:
            self._actions.enlarge()
        elif key is Key.QUIT:
            self._actions.quit_call()

    def _new_identity(self) -> None:
        if self._sender is not None:
            self._sender.choose_identity_anew()
            self._actions.say("Look into the camera: a new identity image is being chosen.")

    def _next_emotion(self) -> None:
        if self._sender is None:
            return
        if self._auto:
            self._auto = False
            self._sender.estimate_emotion(lambda _: None)
        index = EMOTIONS.index(self._emotion) if self._emotion in EMOTIONS else -1
        self._emotion = EMOTIONS[(index + 1) % len(EMOTIONS)]
        self._sender.set_emotion(None if self._emotion is None else int(self._emotion))


class SwitchedSource:
    """A source behind the switches: silence while it must not be heard, no pictures while the camera is off."""

    def __init__(self, source: Source, switches: Callable[[], Switches]) -> None:
        self._source = source
        self._switches = switches

    def pictures(self, until_s: float) -> list[ClipFrame]:
        """See Source."""
        due = self._source.pictures(until_s)
        return [] if self._switches().camera_off else due

    def voice(self, until_s: float) -> NDArray[np.int16]:
        """See Source."""
        pcm = self._source.voice(until_s)
        return pcm if self._switches().heard else np.zeros_like(pcm)

    def finished(self, now_s: float) -> bool:
        """See Source."""
        return self._source.finished(now_s)

    def close(self) -> None:
        """See Source."""
        self._source.close()
