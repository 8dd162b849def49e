"""Calls kept as films: begun and ended at any time, and playable after anything."""

import subprocess
import sys
import threading
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from callcodec.call.recording import FILM_COMMENT, Recording, new_film_path
from callcodec.media.clip import open_clip
from callcodec.media.film import FilmWriter

PICTURE = np.full((256, 256, 3), 90, np.uint8)
TONE = (8000 * np.sin(np.arange(640) * 2 * np.pi * 500 / 16_000)).astype(np.int16)

KILLED = """
import os, signal, sys
import numpy as np
from callcodec.call.recording import Recording
recording = Recording(__import__("pathlib").Path(sys.argv[1]))
for number in range(100):
    recording.show(np.full((256, 256, 3), number, np.uint8))
    recording.play(np.full(640, number, np.int16))
while recording._queue.qsize():
    pass
os.kill(os.getpid(), signal.SIGKILL)
"""


def record(path: Path, pictures: int) -> Recording:
    recording = Recording(path)
    for _ in range(pictures):
        recording.show(PICTURE)
        recording.play(TONE)
    return recording


def test_a_film_says_that_its_picture_is_reconstructed(tmp_path: Path) -> None:
    assert record(tmp_path / "film.mp4", 25).finish()
    with av.open(str(tmp_path / "film.mp4")) as container:
        assert container.metadata["comment"] == FILM_COMMENT
        assert "reconstructed" in container.metadata["title"]


def test_a_film_holds_what_was_seen_and_heard_from_its_first_picture_on(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "film.mp4")
    recording.play(np.full(16_000, 9000, np.int16))
    for _ in range(50):
        recording.show(PICTURE)
        recording.play(TONE)
    assert recording.finish()
    film = open_clip(tmp_path / "film.mp4")
    voice = film.audio()
    assert film.duration_s == pytest.approx(2.0, abs=0.1)
    assert next(film.frames()).rgb.mean() == pytest.approx(90, abs=3)
    assert voice is not None
    assert len(voice) / 16_000 == pytest.approx(2.0, abs=0.15)
    assert np.abs(voice[3200:].astype(float)).max() == pytest.approx(8000, rel=0.2)
    assert [path.name for path in tmp_path.iterdir()] == ["film.mp4"]


def test_a_film_whose_program_was_killed_can_be_played(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False)
    film = open_clip(path)
    assert len(list(film.frames())) >= 75
    assert film.audio() is not None
    with av.open(str(path)) as container:
        assert container.metadata["comment"] == FILM_COMMENT


def test_where_nothing_was_shown_there_is_no_file(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "film.mp4")
    recording.play(TONE)
    assert not recording.finish()
    assert not list(tmp_path.iterdir())


def test_a_disk_that_fails_ends_the_film_not_the_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: FilmWriter, __: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(FilmWriter, "picture", full)
    recording = record(tmp_path / "film.mp4", 3)
    assert not recording.finish()
    assert recording.error == f"{tmp_path / 'film.mp4'} ends early: No space left on device"


def test_a_disk_that_hangs_costs_pictures_but_neither_time_nor_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("callcodec.call.recording.MAX_WAITING_PICTURES", 5)
    written: list[int] = []
    resumes = threading.Event()
    write = FilmWriter.picture

    def hang(film: FilmWriter, picture: NDArray[np.uint8]) -> None:
        resumes.wait(10)
        written.append(1)
        write(film, picture)

    monkeypatch.setattr(FilmWriter, "picture", hang)
    recording = record(tmp_path / "film.mp4", 50)
    resumes.set()
    assert recording.finish()
    assert len(written) <= 6
    assert open_clip(tmp_path / "film.mp4").duration_s == pytest.approx(2.0, abs=0.1)


def test_a_picture_that_was_left_out_keeps_the_others_in_their_places(tmp_path: Path) -> None:
    with FilmWriter(tmp_path / "film.mp4", 64, 64) as film:
        film.picture(np.full((64, 64, 3), 40, np.uint8))
        for _ in range(24):
            film.skip()
        film.picture(np.full((64, 64, 3), 200, np.uint8))
    levels = [frame.rgb.mean() for frame in open_clip(tmp_path / "film.mp4").frames()]
    assert levels[20] == pytest.approx(40, abs=4)
    assert levels[25] == pytest.approx(200, abs=4)


def test_each_recording_of_a_call_gets_a_name_of_its_own(tmp_path: Path) -> None:
    named = tmp_path / "film.mp4"
    assert new_film_path(named, tmp_path, 0.0) == named
    named.touch()
    (tmp_path / "film-2.mp4").touch()
    assert new_film_path(named, tmp_path, 0.0) == tmp_path / "film-3.mp4"
    assert new_film_path(None, tmp_path, 0.0).name.startswith("callcodec-19")
