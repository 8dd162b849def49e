"""Camera, microphone, speaker and window, each with a stand-in for the device."""

import queue
import sys
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from callcodec.media.camera import Camera
from callcodec.media.devices import DeviceError, load_sounddevice
from callcodec.media.microphone import Microphone
from callcodec.media.sample_buffer import SampleBuffer
from callcodec.media.speaker import FIRST_SAMPLES, Speaker
from callcodec.media.window import KEY_QUIT, SIDE_PX, Window


class FakePortAudio:
    """Opens one stream, whose callback a test calls."""

    class PortAudioError(Exception):
        """As sounddevice's."""

    def __init__(self, missing: bool = False) -> None:
        self.missing = missing
        self.callback: Callable[..., None] = lambda *_: None
        self.closed = False

    def InputStream(self, callback: Callable[..., None], **_: object) -> "FakePortAudio":  # noqa: N802
        if self.missing:
            raise self.PortAudioError("no device")
        self.callback = callback
        return self

    OutputStream = InputStream

    def start(self) -> None:
        """See sounddevice."""

    def close(self) -> None:
        self.closed = True

    def hear(self, pcm: NDArray[np.int16]) -> None:
        self.callback(pcm.reshape(-1, 1), len(pcm), None, None)

    def sound(self, samples: int) -> NDArray[np.int16]:
        out = np.full((samples, 1), 7, np.int16)
        self.callback(out, samples, None, None)
        return out[:, 0]


def test_the_microphone_gives_what_it_heard_and_never_more_than_is_due() -> None:
    audio = FakePortAudio()
    microphone = Microphone(audio)
    audio.hear(np.full(500, 9, np.int16))
    assert not microphone.voice(0.0).size
    audio.hear(np.arange(800, dtype=np.int16))
    assert microphone.voice(0.04).tolist() == list(range(640))
    assert microphone.voice(1 / 20).tolist() == list(range(640, 800))
    microphone.close()
    assert audio.closed


def test_a_microphone_that_stalls_is_replaced_by_silence_until_it_is_back() -> None:
    audio = FakePortAudio()
    microphone = Microphone(audio)
    assert not microphone.voice(0.2).size
    silence = microphone.voice(0.5)
    assert 6000 < silence.size < 8000
    assert not silence.any()
    audio.hear(np.ones(320, np.int16))
    assert microphone.voice(0.52).tolist() == [1] * 320


def test_the_speaker_waits_for_a_reserve_and_is_silent_when_it_runs_out() -> None:
    audio = FakePortAudio()
    speaker = Speaker(audio)
    speaker.play(np.full(FIRST_SAMPLES - 1, 5, np.int16))
    assert not audio.sound(320).any()
    speaker.play(np.full(1, 5, np.int16))
    assert (audio.sound(FIRST_SAMPLES) == 5).all()
    assert not audio.sound(320).any()
    speaker.close()
    assert audio.closed


@pytest.mark.parametrize(("device", "option"), [(Microphone, "--audio"), (Speaker, "speaker")])
def test_a_missing_sound_device_is_a_sentence(device: Callable[[Any], object], option: str) -> None:
    with pytest.raises(DeviceError, match=option):
        device(FakePortAudio(missing=True))


def test_a_missing_library_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_: str) -> None:
        raise OSError("PortAudio library not found")

    monkeypatch.setattr("importlib.import_module", missing)
    with pytest.raises(DeviceError, match="libportaudio2"):
        load_sounddevice()


def test_a_full_buffer_loses_the_oldest_samples() -> None:
    buffer = SampleBuffer(10)
    for start in range(0, 20, 4):
        buffer.push(np.arange(start, start + 4, dtype=np.int16))
    assert len(buffer) == 10
    assert buffer.pull(3).tolist() == [10, 11, 12]
    assert buffer.pull(100).tolist() == list(range(13, 20))
    assert not buffer.pull(1).size


class FakeCapture:
    """A camera that shows what a test puts into it; None: it was pulled out."""

    def __init__(self, pictures: "queue.Queue[NDArray[np.uint8] | None]") -> None:
        self._pictures = pictures
        self.waiting = queue.Queue[None]()

    def isOpened(self) -> bool:  # noqa: N802
        return True

    def read(self) -> tuple[bool, NDArray[np.uint8]]:
        self.waiting.put(None)
        picture = self._pictures.get()
        return picture is not None, np.zeros((2, 2, 3), np.uint8) if picture is None else picture

    def release(self) -> None:
        """See cv2."""


def test_the_camera_gives_its_newest_picture_once_a_slot_in_rgb(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("callcodec.media.camera.RETRY_S", 0.0)
    pictures: queue.Queue[NDArray[np.uint8] | None] = queue.Queue()
    pictures.put(np.full((4, 6, 3), (1, 2, 3), np.uint8))
    capture = FakeCapture(pictures)
    camera = Camera(lambda: capture)
    capture.waiting.get()
    capture.waiting.get()
    (first,) = camera.pictures(0.0)
    assert (first.number, first.rgb[0, 0].tolist()) == (0, [3, 2, 1])
    assert not camera.pictures(0.03)
    pictures.put(None)
    pictures.put(np.full((4, 6, 3), 9, np.uint8))
    capture.waiting.get()
    capture.waiting.get()
    (later,) = camera.pictures(0.13)
    assert later.number == 3
    assert later.time_s == pytest.approx(0.12)
    assert (later.rgb == 9).all()
    pictures.put(None)
    camera.close()


def test_a_missing_camera_is_a_sentence() -> None:
    class Absent(FakeCapture):
        def isOpened(self) -> bool:  # noqa: N802
            return False

    with pytest.raises(DeviceError, match="--video FILE"):
        Camera(lambda: Absent(queue.Queue()))


class FakeScreen:
    """The window functions of cv2."""

    def __init__(self) -> None:
        self.shown: list[NDArray[np.uint8]] = []
        self.key = -1

    def namedWindow(self, *_: object) -> None:  # noqa: N802
        """See cv2."""

    def imshow(self, _: str, picture: NDArray[np.uint8]) -> None:
        self.shown.append(picture)

    def waitKey(self, _: int) -> int:  # noqa: N802
        return self.key

    def getWindowProperty(self, *_: object) -> float:  # noqa: N802
        return 1.0

    def destroyAllWindows(self) -> None:  # noqa: N802
        """See cv2."""


def test_the_window_shows_the_picture_and_q_quits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":0")
    screen = FakeScreen()
    window = Window(screen)
    picture = np.full((256, 256, 3), (10, 20, 30), np.uint8)
    assert not window.show(picture, "reconstructed")
    assert screen.shown[0].shape == (SIDE_PX, SIDE_PX, 3)
    assert screen.shown[0][0, 0].tolist() == [30, 20, 10]
    screen.key = KEY_QUIT
    assert window.show(picture, "")
    window.close()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems always have a screen")
def test_without_a_screen_the_window_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    with pytest.raises(DeviceError, match="--no-window"):
        Window(cv2)
