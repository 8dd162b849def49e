"""What is said about camera, microphone, speaker and screen."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from callcodec.doctor.devices import look_at_camera, look_at_echo, look_at_screen, look_at_sound
from callcodec.doctor.finding import Finding, Level, calls_work
from callcodec.media.devices import DeviceError


class Stream:
    """Calls back once, as soon as it is started."""

    def __init__(self, begin: Callable[[], None]) -> None:
        self._begin = begin

    def start(self) -> None:
        self._begin()

    def close(self) -> None:
        """See sounddevice."""


class Library:
    """sounddevice, hearing ``heard``."""

    PortAudioError = type("PortAudioError", (Exception,), {})

    def __init__(self, heard: NDArray[np.int16], calls: bool = True) -> None:
        self.heard = heard
        self.calls = calls

    def get_portaudio_version(self) -> tuple[int, str]:
        return 1, "PortAudio V19.7.0, revision unknown"

    def query_devices(self, kind: str) -> dict[str, str]:
        return {"name": f"the {kind}"}

    def InputStream(self, callback: Callable[..., None], **_: object) -> Stream:  # noqa: N802
        return Stream(
            lambda: callback(self.heard[:, None], len(self.heard), None, None) if self.calls else None
        )

    def OutputStream(self, callback: Callable[..., None], **_: object) -> Stream:  # noqa: N802
        return Stream(lambda: callback(np.zeros((320, 1), np.int16), 320, None, None) if self.calls else None)


def heard(pcm: NDArray[np.int16], calls: bool = True) -> dict[str, Finding]:
    return {finding.area: finding for finding in look_at_sound(lambda: Library(pcm, calls), 0.01)}


def failing(sentence: str) -> Callable[[], Any]:
    def fail() -> None:
        raise DeviceError(sentence)

    return fail


NOISE = np.random.default_rng(0).integers(-900, 900, 640).astype(np.int16)


def test_sound_that_works_is_all_right() -> None:
    findings = heard(NOISE)
    assert {finding.level for finding in findings.values()} == {Level.OK}
    assert findings["microphone"].found == "the input, hears -36 dB"


@pytest.mark.parametrize(
    ("pcm", "complaint"),
    [(np.zeros(640, np.int16), "digital silence"), (np.full(640, 32767, np.int16), "overdriven")],
)
def test_a_microphone_that_is_muted_or_too_loud_is_told(pcm: NDArray[np.int16], complaint: str) -> None:
    assert complaint in heard(pcm)["microphone"].found


def test_devices_that_open_and_do_nothing_are_told() -> None:
    findings = heard(NOISE, calls=False)
    assert {findings[name].level for name in ("microphone", "speaker")} == {Level.LIMIT}
    assert "nothing comes of it" in findings["speaker"].found


def test_a_missing_library_is_one_finding_with_what_to_install() -> None:
    (finding,) = look_at_sound(
        failing("sound devices need the PortAudio library; on Debian: apt install libportaudio2")
    )
    assert finding.level is Level.LIMIT
    assert "libportaudio2" in f"{finding.found} {finding.remedy}"


@pytest.mark.parametrize(
    "finding",
    [
        look_at_camera(failing("no camera")),
        look_at_screen(failing("there is no screen; --no-window")),
        look_at_echo(lambda: None),
    ],
    ids=lambda finding: finding.area,
)
def test_what_is_missing_limits_calls_but_does_not_prevent_them_and_says_what_to_do(finding: Finding) -> None:
    assert finding.level in (Level.LIMIT, Level.NOTE)
    assert finding.remedy
    assert calls_work([finding])
