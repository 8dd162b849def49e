"""The one comparison that most tests make."""

import numpy as np

from callcodec.h264.picture import Picture
from callcodec.h264.reader import read_pictures
from tests.h264.streams import ffmpeg_frames, planes_of


def assert_same_as_ffmpeg(stream: bytes) -> list[Picture]:
    """Every sample of every picture is FFmpeg's; returns the pictures."""
    pictures = list(read_pictures(stream))
    frames = ffmpeg_frames(stream)
    assert [picture.damage for picture in pictures] == [None] * len(frames)
    for picture, frame in zip(pictures, frames, strict=True):
        for name, ours, theirs in zip("YUV", picture.frame, planes_of(frame), strict=True):
            assert np.array_equal(ours, theirs), f"picture {picture.number}, plane {name}"
    return pictures
