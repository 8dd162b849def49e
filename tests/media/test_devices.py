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
from callcodec.media.sound_card import SoundCard
from callcodec.media.speaker import FIRST_SAMPLES, Speaker
from callcodec.media.window import Window
from tests.media.fakes import FakeCapture, FakePortAudio, FakeScreen


def test_the_microphone_gives_what_it_heard_and_never_more_than_is_due() -> None:
    audio = FakePortAudio()
    microphone = Microphone(SoundCard(audio))
    audio.hear(np.full(500, 9, np.int16))
    assert not microphone.voice(0.0).size
    audio.hear(np.arange(800, dtype=np.int16))
    assert microphone.voice(0.04).tolist() == list(range(640))
    assert microphone.voice(1 / 20).tolist() == list(range(640, 800))
    microphone.close()
    assert audio.streams["InputStream"].closed


def test_a_microphone_that_stalls_is_replaced_by_silence_until_it_is_back() -> None:
    audio = FakePortAudio()
    microphone = Microphone(SoundCard(audio))
    assert not microphone.voice(0.2).size
    silence = microphone.voice(0.5)
    assert 6000 < silence.size < 8000
    assert not silence.any()
    audio.hear(np.ones(320, np.int16))
    assert microphone.voice(0.52).tolist() == [1] * 320


def test_the_speaker_waits_for_a_reserve_and_is_silent_when_it_runs_out() -> None:
    audio = FakePortAudio()
    speaker = Speaker(SoundCard(audio))
    speaker.play(np.full(FIRST_SAMPLES - 1, 5, np.int16))
    assert not audio.sound(320).any()
    speaker.play(np.full(1, 5, np.int16))
    assert (audio.sound(FIRST_SAMPLES) == 5).all()
    assert not audio.sound(320).any()
    speaker.close()
    assert audio.streams["OutputStream"].closed


@pytest.mark.parametrize(("device", "option"), [(Microphone, "--audio"), (Speaker, "speaker")])
def test_a_missing_sound_device_is_a_sentence(device: Callable[[Any], object], option: str) -> None:
    with pytest.raises(DeviceError, match=option):
        device(SoundCard(FakePortAudio("InputStream", "OutputStream")))


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


def test_the_camera_gives_its_newest_picture_once_a_slot_in_rgb(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("callcodec.media.camera.RETRY_S", 0.0)
    pictures: queue.Queue[NDArray[np.uint8] | None] = queue.Queue()
    pictures.put(np.full((4, 6, 3), (1, 2, 3), np.uint8))
    capture = FakeCapture(pictures)
    said: list[str] = []
    camera = Camera(lambda: capture, said.append)
    capture.waiting.get()
    capture.waiting.get()
    (first,) = camera.pictures(0.0)
    assert (first.number, first.rgb[0, 0].tolist()) == (0, [3, 2, 1])
    assert not camera.pictures(0.03)
    pictures.put(None)
    pictures.put(np.full((4, 6, 3), 9, np.uint8))
    capture.waiting.get()
    capture.waiting.get()
    assert said == ["The camera is gone; its last picture is sent until it is back.", "The camera is back."]
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


def test_the_window_shows_pictures_as_they_are_and_tells_what_was_typed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DISPLAY", ":0")
    screen = FakeScreen()
    window = Window(screen)
    picture = np.full((256, 256, 3), (10, 20, 30), np.uint8)
    window.show(picture)
    assert screen.shown[0].shape == (256, 256, 3)
    assert screen.shown[0][0, 0].tolist() == [30, 20, 10]
    assert window.typed() is None
    screen.keys = [ord("q")]
    assert window.typed() == "q"
    closed = [window.closed]
    screen.visible = 0.0
    closed.append(window.closed)
    assert closed == [False, True]
    window.close()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems always have a screen")
def test_without_a_screen_the_window_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    with pytest.raises(DeviceError, match="--no-window"):
        Window(cv2)
