"""What a person calls with: the files and devices named on the command line, opened and closed together."""

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from callcodec.call.controls import Actions, Controls
from callcodec.call.keys import key_of
from callcodec.call.recording import PICTURE_SIZE, Recording, new_film_path
from callcodec.call.screen import Picture, draw_screen
from callcodec.call.source import (
    ClipSource,
    PairedSource,
    PictureSource,
    SilentSource,
    SoundSource,
    Source,
    VoiceSource,
)
from callcodec.call.status import CallStatus
from callcodec.media.camera import Camera
from callcodec.media.clip import open_clip
from callcodec.media.devices import DeviceError
from callcodec.media.echo import EchoCanceller, find_canceller
from callcodec.media.microphone import Microphone
from callcodec.media.sound_card import SoundCard
from callcodec.media.sound_file import read_voice
from callcodec.media.speaker import Speaker
from callcodec.media.window import Window

CAMERA, MICROPHONE, NONE = "camera", "mic", "none"
SCALES = (2, 3)
"""How many times the window enlarges the picture."""
HEADPHONES = (
    "Use headphones: nothing cancels echoes here. pip install 'callcodec[echo]' brings a canceller; key t makes you "
    "heard only while you hold the space bar."
)
CANCELLED = "Echoes are cancelled; headphones are better still."
BLANK: Picture = np.full((PICTURE_SIZE, PICTURE_SIZE, 3), 24, np.uint8)
IDLE_S = 0.1


@dataclass(frozen=True)
class Sound:
    """What microphone and speaker share. ``say`` takes a sentence when a device goes or comes back."""

    card: SoundCard
    canceller: EchoCanceller | None
    say: Callable[[str], None]

    @classmethod
    def of(cls, equipment: "Equipment", say: Callable[[str], None]) -> "Sound":
        """An echo needs a speaker and a microphone; whether it is cancelled is said."""
        echoes = equipment.listens and equipment.speaker
        canceller = find_canceller() if echoes else None
        if echoes:
            say(HEADPHONES if canceller is None else CANCELLED)
        return cls(SoundCard(say=say), canceller, say)


@dataclass(frozen=True)
class Equipment:
    """``video``: a file, "camera" or "none". ``audio``: a file, "mic", "none", or None for the clip's own sound."""

    video: str = CAMERA
    audio: str | None = None
    record: Path | None = None
    window: bool = True
    speaker: bool = True

    def check(self) -> None:
        """ValueError, with a sentence, for a file that cannot be used; opens no device."""
        if self.video not in (CAMERA, NONE):
            open_clip(Path(self.video))
        if self.audio is not None and self.audio not in (MICROPHONE, NONE) and not Path(self.audio).is_file():
            raise ValueError(f"{self.audio} is no file; --audio takes a file, {MICROPHONE} or {NONE}")

    def source(self, sound: Sound) -> Source:
        """Opens camera and microphone, or what stands in for them. OSError or ValueError, with a sentence."""
        is_clip = self.video not in (CAMERA, NONE)
        if is_clip and self.audio is None:
            return ClipSource(Path(self.video), prefetch=True)
        with contextlib.ExitStack() as opened:
            pictures: PictureSource
            if is_clip:
                pictures = ClipSource(Path(self.video), prefetch=True)
            else:
                pictures = Camera(say=sound.say) if self.video == CAMERA else SilentSource()
            opened.callback(pictures.close)
            voice = self._voice(sound)
            opened.pop_all()
        return PairedSource(pictures, voice, voice if self.video == NONE else pictures)

    @property
    def listens(self) -> bool:
        """Whether a microphone is used."""
        return self.audio == MICROPHONE or (self.audio is None and self.video in (CAMERA, NONE))

    def _voice(self, sound: Sound) -> VoiceSource:
        if self.audio == NONE:
            return SilentSource()
        if self.listens:
            canceller = sound.canceller
            return Microphone(sound.card, None if canceller is None else canceller.clean)
        return SoundSource(read_voice(Path(self.audio or "")))


class Outputs:
    """Window, speaker, recordings and keys of one call; a context. A call goes on without a speaker, and says so."""

    def __init__(
        self, equipment: Equipment, quit_call: Callable[[], None], say: Callable[[str], None]
    ) -> None:
        """Opens them. OSError or ValueError, with a sentence, where the window or the recording cannot be had."""
        self._say = say
        self._quit_call = quit_call
        self._named = equipment.record
        self._recording = None if equipment.record is None else Recording(equipment.record)
        self._endings: list[threading.Thread] = []
        self._scale = SCALES[0]
        self._last: tuple[Picture, Picture | None, CallStatus] = (BLANK, None, CallStatus())
        self._shown_s = float("-inf")
        self._window = Window() if equipment.window else None
        actions = Actions(self.toggle_recording, self._enlarge, quit_call, say)
        self.controls = Controls(actions, time.monotonic, recording=self._recording is not None)
        self.sound = Sound.of(equipment, say)
        self._speaker: Speaker | None = None
        if equipment.speaker:
            canceller = self.sound.canceller
            try:
                self._speaker = Speaker(self.sound.card, None if canceller is None else canceller.played)
            except DeviceError as error:
                say(f"The other side will not be heard: {error}.")

    @property
    def has_window(self) -> bool:
        """Whether there is a window, with the status line in it."""
        return self._window is not None

    def show(self, picture: Picture, own: Picture | None, status: CallStatus) -> None:
        """Put a picture everywhere where pictures go, and take the keys that were typed into the window."""
        if self._recording is not None:
            self._recording.show(picture)
        self._last = (picture, own, status)
        self._shown_s = time.monotonic()
        self._draw()

    async def tend(self) -> None:
        """Keep the window alive while no pictures come; runs until it is cancelled."""
        while True:
            if self._window is not None and time.monotonic() - self._shown_s > IDLE_S:
                self._draw()
            await asyncio.sleep(IDLE_S)

    def play(self, pcm: NDArray[np.int16]) -> None:
        """Put voice everywhere where voice goes."""
        if self._recording is not None:
            self._recording.play(pcm)
        if self._speaker is not None:
            self._speaker.play(pcm)

    def take(self, character: str) -> None:
        """Do what that key is for, if it is for anything."""
        key = key_of(character)
        if key is not None:
            self.controls.press(key)

    def toggle_recording(self) -> bool:
        """End the recording that runs, or begin another one; says so, and answers whether one runs now."""
        if self._recording is not None:
            ended, self._recording = self._recording, None
            # Its index is written meanwhile; the call does not wait for a disk.
            ending = threading.Thread(target=lambda: self._say(_kept(ended)))
            ending.start()
            self._endings.append(ending)
            return False
        try:
            self._recording = Recording(new_film_path(self._named, Path(), time.time()))
        except ValueError as error:
            self._say(f"Not recorded: {error}.")
            return False
        self._say(f"Recording to {self._recording.path}.")
        return True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._window is not None:
            self._window.close()
        self.sound.card.close()
        for ending in self._endings:
            ending.join()
        if self._recording is not None:
            kept = _kept(self._recording)
            if error is None or self._recording.path.exists():
                self._say(kept)
            self._recording = None

    def _draw(self) -> None:
        if self._window is None:
            return
        picture, own, status = self._last
        self._window.show(
            draw_screen(picture, own, replace(status, switches=self.controls.switches), self._scale)
        )
        typed = self._window.typed()
        if typed is not None:
            self.take(typed)
        if self._window.closed:
            self._quit_call()

    def _enlarge(self) -> None:
        self._scale = SCALES[(SCALES.index(self._scale) + 1) % len(SCALES)]


def _kept(recording: Recording) -> str:
    """Ends a recording, and says what became of it."""
    if recording.finish():
        return f"Recorded: {recording.path}."
    return recording.error or "Nothing was received to record."
