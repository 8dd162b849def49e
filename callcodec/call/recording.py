"""A call kept as a film: what was shown and heard, raw while the call runs, encoded when it is over."""

import shutil
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from callcodec.media.frame_store import FrameStore, FrameStoreWriter
from callcodec.media.movie import write_movie

PICTURE_SIZE = 256
FILM_COMMENT = (
    "The picture is reconstructed from 8x8 pixels by callcodec; it is not a recording of the camera."
)


class Recording:
    """Takes pictures and voice, and becomes the film at ``finish``. 5 MB a second lie beside it until then."""

    def __init__(self, path: Path) -> None:
        """ValueError, with a sentence, when `path` exists or cannot be written."""
        if path.exists():
            raise ValueError(f"{path} exists already; a recording is never overwritten")
        if path.suffix.lower() != ".mp4":
            raise ValueError(f"{path} does not end in .mp4, the only kind of recording")
        try:
            self._folder = Path(tempfile.mkdtemp(prefix=".recording-", dir=path.parent))
        except OSError as error:
            raise ValueError(f"cannot write to {path.parent}: {error.strerror}") from error
        self._path = path
        self._frames = FrameStoreWriter(self._folder / "shown.rgb", PICTURE_SIZE, PICTURE_SIZE)
        self._voice = (self._folder / "played.s16").open("wb")

    def show(self, picture: NDArray[np.uint8]) -> None:
        """Keep the (256, 256, 3) picture of the next 40 ms."""
        self._frames.append(picture)

    def play(self, pcm: NDArray[np.int16]) -> None:
        """Keep the next mono 16 kHz samples."""
        self._voice.write(pcm.astype("<i2").tobytes())

    def finish(self) -> bool:
        """Write the film. False, and no file, when nothing was ever shown. May be called twice."""
        self._frames.close()
        self._voice.close()
        if not self._folder.exists():
            return self._path.exists()
        try:
            frames = FrameStore(self._folder / "shown.rgb")
            voice = np.fromfile(self._folder / "played.s16", "<i2").astype(np.int16)
            if len(frames):
                write_movie(self._path, iter(frames), voice, metadata={"comment": FILM_COMMENT})
            return len(frames) > 0
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)
