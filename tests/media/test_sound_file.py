"""Files that stand in for the microphone."""

import wave
from pathlib import Path

import numpy as np
import pytest

from callcodec.media.container import ClipError
from callcodec.media.movie import write_movie
from callcodec.media.sound_file import read_voice


def test_a_wave_file_of_another_rate_is_a_voice(tmp_path: Path) -> None:
    tone = (8000 * np.sin(2 * np.pi * 300 * np.arange(48_000) / 48_000)).astype("<i2")
    with wave.open(str(tmp_path / "tone.wav"), "wb") as file:
        file.setparams((1, 2, 48_000, 0, "NONE", ""))
        file.writeframes(tone.tobytes())
    pcm = read_voice(tmp_path / "tone.wav")
    assert pcm.size == pytest.approx(16_000, abs=100)
    assert np.abs(pcm.astype(int)).max() == pytest.approx(8000, rel=0.05)


def test_a_film_without_sound_is_refused(tmp_path: Path) -> None:
    write_movie(tmp_path / "mute.mp4", [np.zeros((64, 64, 3), np.uint8)] * 10, None)
    with pytest.raises(ClipError, match=r"mute\.mp4 has no sound"):
        read_voice(tmp_path / "mute.mp4")


def test_what_is_no_sound_is_refused(tmp_path: Path) -> None:
    (tmp_path / "letter.wav").write_bytes(b"dear friend " * 100)
    with pytest.raises(ClipError, match=r"letter\.wav"):
        read_voice(tmp_path / "letter.wav")
