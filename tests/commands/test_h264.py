"""``callcodec h264``: rows, I420, maps, and sentences for what it cannot read."""

from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from callcodec.cli import main
from tests.h264.streams import ffmpeg_frames, moving_scene, planes_of, x264


@pytest.fixture(scope="module")
def stream() -> bytes:
    return x264(moving_scene(4, 82, 50), "qp=30:slices=2")


@pytest.fixture
def raw(stream: bytes, tmp_path: Path) -> Path:
    path = tmp_path / "talk.h264"
    path.write_bytes(stream)
    return path


def test_one_row_a_picture(raw: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["h264", str(raw)]) == 0
    rows = capsys.readouterr().out.splitlines()
    assert [row.split()[:3] for row in rows[1:]] == [
        ["0", "IDR", "2"],
        ["1", "P", "2"],
        ["2", "P", "2"],
        ["3", "P", "2"],
    ]


def test_yuv_is_what_ffmpeg_decodes(raw: Path, stream: bytes, tmp_path: Path) -> None:
    out = tmp_path / "talk.yuv"
    assert main(["h264", str(raw), "--yuv", str(out)]) == 0
    expected = b"".join(plane.tobytes() for frame in ffmpeg_frames(stream) for plane in planes_of(frame))
    assert out.read_bytes() == expected


def test_maps_are_drawn(raw: Path, tmp_path: Path) -> None:
    folder = tmp_path / "maps"
    assert main(["h264", str(raw), "--maps", str(folder)]) == 0
    assert len(list(folder.iterdir())) == 16
    image = cv2.imread(str(folder / "000002_motion.png"))
    assert image is not None
    assert image.shape == (50, 82, 3)
    assert np.any(image)


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_containers_are_read(suffix: str, stream: bytes, raw: Path, tmp_path: Path) -> None:
    path, out = tmp_path / f"talk.{suffix}", tmp_path / "talk.yuv"
    with av.open(str(raw), format="h264") as source, av.open(str(path), "w") as target:
        copied = target.add_stream_from_template(source.streams.video[0])
        for number, packet in enumerate(source.demux(video=0)):
            if packet.size:
                packet.stream = copied
                packet.pts = packet.dts = number * 40
                target.mux(packet)
    assert main(["h264", str(path), "--yuv", str(out)]) == 0
    expected = b"".join(plane.tobytes() for frame in ffmpeg_frames(stream) for plane in planes_of(frame))
    assert out.read_bytes() == expected


def test_nothing_is_replaced_unasked(raw: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "talk.yuv"
    out.write_bytes(b"mine")
    assert main(["h264", str(raw), "--yuv", str(out)]) == 2
    assert "--overwrite" in capsys.readouterr().err
    assert out.read_bytes() == b"mine"
    assert main(["h264", str(raw), "--yuv", str(out), "--overwrite"]) == 0
    assert out.stat().st_size == 4 * (82 * 50 * 3 // 2)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("missing.h264", None, "does not exist"),
        ("empty.h264", b"", "is empty"),
        ("text.h264", b"these are words" * 9, "not a video"),
        ("noise.h264", b"\0\0\1\x65" + bytes(range(3, 255)), "no H.264 picture"),
    ],
)
def test_what_is_no_stream_is_a_sentence(
    name: str, content: bytes | None, sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    assert main(["h264", str(path)]) == 2
    assert sentence in capsys.readouterr().err


def test_another_profile_leaves_no_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, out = tmp_path / "main.h264", tmp_path / "main.yuv"
    path.write_bytes(x264(moving_scene(2, 64, 64), profile="main"))
    assert main(["h264", str(path), "--yuv", str(out)]) == 2
    assert "CABAC" in capsys.readouterr().err
    assert [found.name for found in tmp_path.iterdir()] == ["main.h264"]
