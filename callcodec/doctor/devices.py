"""Camera, microphone, speaker, screen: opened for a moment, as a call does."""

import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from callcodec.doctor.finding import Finding, Level
from callcodec.media.camera import Camera
from callcodec.media.devices import DeviceError, load_sounddevice
from callcodec.media.echo import find_canceller
from callcodec.media.sound_card import SoundCard
from callcodec.media.window import Window

LISTEN_S = 1.0
CLIPPED_SHARE = 0.01
FULL_SCALE = 32767


def look_at_camera(open_camera: Callable[[], Camera] = Camera) -> Finding:
    """Whether a picture comes."""
    began_s = time.monotonic()
    try:
        camera = open_camera()
    except DeviceError:
        return Finding(
            "camera",
            Level.LIMIT,
            "none can be opened; the other side would not see you",
            "plug one in, close other programs that use it, allow access to it (Linux: group video); or call "
            "with --video FILE or --video none",
        )
    try:
        height, width = camera.pictures(0.0)[0].rgb.shape[:2]
    finally:
        camera.close()
    return Finding(
        "camera", Level.OK, f"{width}x{height}, first picture after {time.monotonic() - began_s:.1f} s"
    )


def look_at_sound(load: Callable[[], Any] = load_sounddevice, listen_s: float = LISTEN_S) -> list[Finding]:
    """PortAudio, microphone and speaker."""
    try:
        library = load()
    except DeviceError as error:
        sentence = str(error)
        found, _, remedy = sentence.partition(": ")
        return [Finding("PortAudio", Level.LIMIT, f"{found}; there is no voice without", remedy)]
    version = library.get_portaudio_version()[1].split(",")[0]
    return [
        Finding("PortAudio", Level.OK, version),
        _microphone(library, listen_s),
        _speaker(library, listen_s),
    ]


def look_at_echo(find: Callable[[], object | None] = find_canceller) -> Finding:
    """Whether an echo is cancelled."""
    if find() is None:
        return Finding(
            "echo", Level.NOTE, "nothing cancels echoes", "use headphones, or pip install 'callcodec[echo]'"
        )
    return Finding("echo", Level.OK, "is cancelled (WebRTC)")


def look_at_screen(open_window: Callable[[], Window] = Window) -> Finding:
    """Whether a window can be opened."""
    try:
        open_window().close()
    except DeviceError as error:
        return Finding(
            "window",
            Level.LIMIT,
            str(error).partition("; ")[0],
            "start it on a desktop, or over ssh -X; --no-window calls with voice alone, --record keeps the picture",
        )
    return Finding("window", Level.OK, "opens")


def _microphone(library: Any, listen_s: float) -> Finding:
    heard: list[NDArray[np.int16]] = []
    opened = _ran(
        library, "InputStream", "microphone", lambda pcm, *_: heard.append(pcm[:, 0].copy()), listen_s
    )
    if opened is not None:
        return Finding(
            "microphone",
            Level.LIMIT,
            opened,
            "plug one in and make it the system's default input; or call with --audio FILE or --audio none",
        )
    samples = np.concatenate(heard) if heard else np.zeros(0, np.int16)
    if not samples.any():
        return Finding(
            "microphone",
            Level.LIMIT,
            "opens, but gives nothing but digital silence",
            "unmute it, and allow this terminal to use the microphone (macOS: System Settings, Privacy)",
        )
    if (np.abs(samples.astype(np.int32)) >= FULL_SCALE).mean() > CLIPPED_SHARE:
        return Finding(
            "microphone", Level.LIMIT, "is overdriven: the loud parts are cut off", "turn its level down"
        )
    level_db = 20 * np.log10(np.sqrt(np.square(samples.astype(np.float64)).mean()) / FULL_SCALE)
    return Finding("microphone", Level.OK, f"{_device_name(library, 'input')}, hears {level_db:.0f} dB")


def _speaker(library: Any, listen_s: float) -> Finding:
    def silence(out: NDArray[np.int16], *_: object) -> None:
        out[:] = 0

    opened = _ran(library, "OutputStream", "speaker", silence, listen_s)
    if opened is not None:
        return Finding(
            "speaker",
            Level.LIMIT,
            opened,
            "plug one in and make it the system's default output; --no-speaker calls without",
        )
    return Finding("speaker", Level.OK, _device_name(library, "output"))


def _ran(library: Any, kind: Any, name: str, callback: Callable[..., None], listen_s: float) -> str | None:
    """Runs a stream for a moment; what was wrong with it, None: nothing."""
    called = threading.Event()

    def count(*arguments: Any) -> None:
        callback(*arguments)
        called.set()

    card = SoundCard(library)
    try:
        card.open(kind, name, count)
        called.wait(listen_s)
        time.sleep(listen_s if kind == "InputStream" else 0.0)
    except DeviceError as error:
        return str(error)
    finally:
        card.close()
    return None if called.is_set() else f"the {name} opens, but nothing comes of it"


def _device_name(library: Any, kind: str) -> str:
    try:
        return str(library.query_devices(kind=kind)["name"])
    except (library.PortAudioError, ValueError, KeyError):
        return "the system's default"
