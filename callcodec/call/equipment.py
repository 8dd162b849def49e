"""What a person calls with: the files and devices named on the command line, opened and closed together."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from callcodec.call.recording import Recording
from callcodec.call.source import (
    ClipSource,
    PairedSource,
    PictureSource,
    SilentSource,
    SoundSource,
    Source,
    VoiceSource,
)
from callcodec.media.camera import Camera
from callcodec.media.clip import open_clip
from callcodec.media.devices import DeviceError
from callcodec.media.microphone import Microphone
from callcodec.media.sound_file import read_voice
from callcodec.media.speaker import Speaker
from callcodec.media.window import Window

CAMERA, MICROPHONE, NONE = "camera", "mic", "none"


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

    def source(self) -> Source:
        """Opens camera and microphone, or what stands in for them. OSError or ValueError, with a sentence."""
        is_clip = self.video not in (CAMERA, NONE)
        if is_clip and self.audio is None:
            return ClipSource(Path(self.video), prefetch=True)
        with contextlib.ExitStack() as opened:
            pictures: PictureSource
            if is_clip:
                pictures = ClipSource(Path(self.video), prefetch=True)
            else:
                pictures = Camera() if self.video == CAMERA else SilentSource()
            opened.callback(pictures.close)
            voice = self._voice()
            opened.pop_all()
        return PairedSource(pictures, voice, voice if self.video == NONE else pictures)

    def _voice(self) -> VoiceSource:
        if self.audio == NONE:
            return SilentSource()
        if self.audio is None or self.audio == MICROPHONE:
            return Microphone()
        return SoundSource(read_voice(Path(self.audio)))


class Outputs:
    """Window, speaker and recording of one call; a context. A call goes on without a speaker, and says so."""

    def __init__(
        self, equipment: Equipment, quit_call: Callable[[], None], say: Callable[[str], None]
    ) -> None:
        """Opens them. OSError or ValueError, with a sentence, where the window or the recording cannot be had."""
        self._quit_call = quit_call
        self._window = Window() if equipment.window else None
        self.recording = None if equipment.record is None else Recording(equipment.record)
        self._speaker: Speaker | None = None
        if equipment.speaker:
            try:
                self._speaker = Speaker()
            except DeviceError as error:
                say(f"The other side will not be heard: {error}.")

    def show(self, picture: NDArray[np.uint8], caption: str) -> None:
        """Put a picture everywhere where pictures go."""
        if self.recording is not None:
            self.recording.show(picture)
        if self._window is not None and self._window.show(picture, caption):
            self._quit_call()

    def play(self, pcm: NDArray[np.int16]) -> None:
        """Put voice everywhere where voice goes."""
        if self.recording is not None:
            self.recording.play(pcm)
        if self._speaker is not None:
            self._speaker.play(pcm)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._window is not None:
            self._window.close()
        if self._speaker is not None:
            self._speaker.close()
        if self.recording is not None:
            self.recording.finish()
