"""Data sets of a few seconds, made of the bundled talking face."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from callcodec.media.clip import open_clip
from callcodec.media.movie import write_movie
from callcodec.sample import sample_clip
from models.training.prepare.preparation import Preparation
from models.training.prepare.tracks import TrackRules

LENGTH = 30
RULES = TrackRules(least_frames=20, most_frames=1500, least_side_px=100)


class Ellipse:
    """A point finder that puts the same 68 points into every picture."""

    def detect(self, rgb: NDArray[np.uint8], mel: NDArray[np.float32] | None = None) -> NDArray[np.float32]:
        assert rgb.shape == (256, 256, 3)
        assert mel is None or mel.shape == (80, 20)
        turn = np.linspace(0, 2 * np.pi, 68)
        return np.stack((128 + 60 * np.cos(turn), 128 + 80 * np.sin(turn)), 1).astype(np.float32)


class Blind:
    """A point finder that finds nothing."""

    def detect(
        self,
        rgb: NDArray[np.uint8],  # noqa: ARG002
        mel: NDArray[np.float32] | None = None,  # noqa: ARG002
    ) -> NDArray[np.float32]:
        return np.full((68, 2), np.nan, np.float32)


def preparation(folder: Path, out: Path) -> Preparation:
    """What the tests ask for unless they say otherwise."""
    return Preparation(folder, out, RULES, Ellipse, "ellipse")


@lru_cache(maxsize=1)
def talking() -> tuple[NDArray[np.uint8], NDArray[np.int16]]:
    """The sample's first pictures (n, 384, 512, 3), and its voice."""
    clip = open_clip(sample_clip())
    frames = [frame.rgb for frame, _ in zip(clip.frames(), range(2 * LENGTH), strict=False)]
    voice = clip.audio()
    assert voice is not None
    return np.stack(frames), voice


def face_clip(path: Path, first: int = 0, voice: bool = True, mirrored: bool = False) -> Path:
    """A clip of LENGTH pictures with one face."""
    frames, pcm = talking()
    wanted = frames[first : first + LENGTH]
    return written(path, wanted[:, :, ::-1] if mirrored else wanted, pcm if voice else None)


def written(path: Path, frames: NDArray[np.uint8], pcm: NDArray[np.int16] | None = None) -> Path:
    """Any pictures as a clip."""
    path.parent.mkdir(parents=True, exist_ok=True)
    sound = None if pcm is None else pcm[: len(frames) * 640]
    write_movie(path, iter(frames), sound, crf=12)
    return path


def silent(done: int, total: int, what: str) -> None:
    """No progress bar."""
