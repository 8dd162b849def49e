"""What a written movie promises."""

from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from callcodec.media.clip import open_clip
from callcodec.media.movie import write_movie
from tests.media.making import click, click_time_ms


def flashes(count: int, flash: int, height: int = 64, width: int = 96) -> list[NDArray[np.uint8]]:
    frames = [np.zeros((height, width, 3), np.uint8) for _ in range(count)]
    frames[flash][:] = 255
    return frames


def test_picture_and_voice_stay_in_step(tmp_path: Path) -> None:
    write_movie(tmp_path / "a.mp4", flashes(75, 50), click(2000, 3000, 16_000))
    clip = open_clip(tmp_path / "a.mp4")
    brightness = [float(frame.rgb.mean()) for frame in clip.frames()]
    pcm = clip.audio()
    assert pcm is not None
    assert len(brightness) == 75
    assert int(np.argmax(brightness)) == 50
    assert click_time_ms(pcm) == pytest.approx(2000, abs=5)
    assert clip.warnings == ()


def test_it_is_h264_and_aac_with_its_index_in_front(tmp_path: Path) -> None:
    write_movie(tmp_path / "a.mp4", flashes(5, 1), click(10, 200, 16_000), metadata={"title": "A title"})
    data = (tmp_path / "a.mp4").read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")
    with av.open(str(tmp_path / "a.mp4")) as container:
        video, sound = container.streams.video[0], container.streams.audio[0]
        assert (video.codec_context.name, video.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert (sound.codec_context.name, sound.codec_context.sample_rate) == ("aac", 16_000)
        assert video.average_rate == 25
        assert container.metadata["title"] == "A title"


def test_colours_come_back(tmp_path: Path) -> None:
    rgb = np.zeros((64, 64, 3), np.uint8)
    rgb[:32, :32], rgb[:32, 32:], rgb[32:, :32], rgb[32:, 32:] = (
        (200, 40, 40),
        (40, 200, 40),
        (40, 40, 200),
        128,
    )
    write_movie(tmp_path / "a.mp4", [rgb] * 3, None)
    shown = next(open_clip(tmp_path / "a.mp4").frames()).rgb
    assert cv2.PSNR(rgb[4:28, 4:28], shown[4:28, 4:28]) > 35
    assert np.abs(rgb[8:24, 40:56].astype(int) - shown[8:24, 40:56]).max() <= 6


def test_odd_sizes_lose_a_row_and_a_column(tmp_path: Path) -> None:
    write_movie(tmp_path / "a.mp4", flashes(3, 1, 65, 97), None)
    clip = open_clip(tmp_path / "a.mp4")
    assert (clip.width, clip.height) == (96, 64)


def test_without_voice_the_movie_is_silent(tmp_path: Path) -> None:
    write_movie(tmp_path / "a.mp4", flashes(3, 1), None)
    assert not open_clip(tmp_path / "a.mp4").has_audio


def test_a_failure_leaves_what_was_there_before(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"before")
    frames = [np.zeros((64, 64, 3), np.uint8), np.zeros((32, 64, 3), np.uint8)]
    with pytest.raises(ValueError, match="picture 1 is"):
        write_movie(tmp_path / "a.mp4", frames, None)
    assert (tmp_path / "a.mp4").read_bytes() == b"before"
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]


def test_a_movie_of_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="one picture at least"):
        write_movie(tmp_path / "a.mp4", [], None)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        write_movie(tmp_path / "nowhere" / "a.mp4", flashes(2, 1), None)
