"""A call kept as a film: encoded while the call runs, in a thread, so that what is there can be played at any time."""

import contextlib
import os
import queue
import threading
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from callcodec.media.film import FilmWriter

PICTURE_SIZE = 256
FILM_TITLE = "A call through callcodec: reconstructed picture"
FILM_COMMENT = (
    "The picture is reconstructed by callcodec, from 8x8 to 32x32 pixels or from badly compressed video; it is not a "
    "recording of the camera."
)
MAX_WAITING_PICTURES = 250
"""Ten seconds, 50 MB. A disk that hangs for longer costs pictures, which the film leaves out, never the call."""

_Step = Callable[[FilmWriter], None]


class Recording:
    """Takes pictures and voice; the film stands under its name from the first picture on."""

    def __init__(self, path: Path) -> None:
        """ValueError, with a sentence, when `path` exists or cannot be written."""
        if path.suffix.lower() != ".mp4":
            raise ValueError(f"{path} does not end in .mp4, the only kind of recording")
        try:
            path.open("xb").close()
            path.unlink()
        except FileExistsError:
            raise ValueError(f"{path} exists already; a recording is never overwritten") from None
        except OSError as error:
            raise ValueError(f"cannot write to {path.parent}: {error.strerror}") from error
        self.path = path
        self.error: str | None = None
        self._shown = self._finished = False
        self._room = threading.Semaphore(MAX_WAITING_PICTURES)
        self._queue: queue.Queue[_Step | None] = queue.Queue()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def show(self, picture: NDArray[np.uint8]) -> None:
        """Keep the square picture of the next 40 ms, in 256×256. The film begins with the first one."""
        if picture.shape[0] != PICTURE_SIZE:
            size = (PICTURE_SIZE, PICTURE_SIZE)
            picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
        if not self._shown:
            self._shown = True
            with contextlib.suppress(OSError):  # the thread will say what is wrong
                self.path.touch()  # before the encoder gets there, so that no other recording takes the name
        if not self._room.acquire(blocking=False):
            self._queue.put(FilmWriter.skip)
            return

        def keep(film: FilmWriter) -> None:
            self._room.release()
            film.picture(picture)

        self._queue.put(keep)

    def play(self, pcm: NDArray[np.int16]) -> None:
        """Keep the next mono 16 kHz samples."""
        if self._shown:
            self._queue.put(lambda film: film.voice(pcm))

    def finish(self) -> bool:
        """End the film. False, and no file, when nothing was ever shown. May be called twice."""
        if not self._finished:
            self._finished = True
            self._queue.put(None)
            self._thread.join()
        return self._shown and self.error is None

    def _run(self) -> None:
        film: FilmWriter | None = None
        while (step := self._queue.get()) is not None:
            if self.error is not None:
                continue
            try:
                if film is None:
                    metadata = {"title": FILM_TITLE, "comment": FILM_COMMENT}
                    film = FilmWriter(self.path, PICTURE_SIZE, PICTURE_SIZE, metadata)
                step(film)
            except OSError as error:  # a full disk, which must not end the call
                self.error = f"{self.path} ends early: {error.strerror or error}"
        if film is not None:
            with contextlib.suppress(OSError):
                film.close()


def new_film_path(named: Path | None, folder: Path, began_s: float) -> Path:
    """A name that is free: ``named`` with a number, or, without one, the time of day in ``folder``."""
    stem = time.strftime("callcodec-%Y%m%d-%H%M%S", time.localtime(began_s))
    base = named or folder / f"{stem}.mp4"
    candidate, number = base, 1
    while os.path.lexists(candidate):
        number += 1
        candidate = base.with_name(f"{base.stem}-{number}{base.suffix}")
    return candidate
