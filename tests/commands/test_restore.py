"""``callcodec restore``: any video in, an MP4 out, sentences for what cannot be."""

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from callcodec.cli import main
from callcodec.media.video_file import open_video
from tests.h264.streams import Image, moving_scene
from tests.receiver.restoration.streams import Shift, access_units

COUNT = 12
QUIET = ["--restorer", "none"]


def write_video(
    path: Path,
    frames: list[Image],
    codec: str = "libx264",
    sound: str | None = None,
    options: dict[str, str] | None = None,
    stamps: list[int] | None = None,
) -> Path:
    """A file of RGB pictures, 25 a second or at ``stamps`` of milliseconds, and a tone as long as they."""
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream(codec, rate=25, options=options or {})
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        audio: Any = None if sound is None else container.add_stream(sound, rate=48_000, layout="mono")
        for number, image in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(image, "rgb24")
            frame.pts = 40 * number if stamps is None else stamps[number]
            frame.time_base = Fraction(1, 1000)
            container.mux(stream.encode(frame.reformat(format="yuv420p")))
        container.mux(stream.encode(None))
        if audio is not None:
            tone = (8000 * np.sin(np.arange(1920 * len(frames)) / 20)).astype(np.int16)
            resampler = av.AudioResampler(audio.codec_context.format.name, "mono", 48_000)
            whole = av.AudioFrame.from_ndarray(tone[None], "s16", "mono")
            whole.sample_rate, whole.pts, whole.time_base = 48_000, 0, Fraction(1, 48_000)
            fifo = av.AudioFifo()
            for piece in resampler.resample(whole):
                fifo.write(piece)
            while part := fifo.read(audio.codec_context.frame_size or 1024, partial=True):
                container.mux(audio.encode(part))
            container.mux(audio.encode(None))
    return path


def shown(path: Path) -> tuple[list[float], list[Image]]:
    """Times in seconds and luma planes of a video."""
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
    return [frame.time or 0.0 for frame in frames], [
        np.asarray(f.to_ndarray(), np.uint8)[: f.height] for f in frames
    ]


@pytest.fixture(scope="module")
def frames() -> list[Image]:
    return moving_scene(COUNT, 256, 256)


@pytest.fixture
def raw(frames: list[Image], tmp_path: Path) -> Path:
    path = tmp_path / "talk.h264"
    path.write_bytes(b"".join(access_units(frames)))
    return path


def test_a_raw_stream_becomes_an_mp4_of_its_pictures(raw: Path, frames: list[Image], tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    assert main(["restore", str(raw), "--out", str(out), *QUIET]) == 0
    times, lumas = shown(out)
    assert len(lumas) == COUNT
    np.testing.assert_allclose(np.diff(times), 0.04, atol=1e-3)
    truth = frames[5] @ np.array([0.257, 0.504, 0.098]) + 16
    assert np.abs(lumas[5] - truth).mean() < 6


def test_figures_against_the_original(raw: Path, frames: list[Image], tmp_path: Path, capsys: Any) -> None:
    original = write_video(tmp_path / "o.mkv", frames, options={"crf": "1"})
    out = tmp_path / "out.mp4"
    assert main(["restore", str(raw), "--out", str(out), *QUIET, "--reference", str(original), "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert set(figures) == {
        "input_psnr_db",
        "output_psnr_db",
        "input_ssim",
        "output_ssim",
        "frames_per_second",
    }
    assert 24 < figures["input_psnr_db"] < 45
    assert figures["output_psnr_db"] == figures["input_psnr_db"]
    assert 0.5 < figures["input_ssim"] < 1
    assert figures["frames_per_second"] > 0


@pytest.mark.parametrize(("name", "codec", "sound"), [("a.mp4", "libx264", "aac"), ("a.webm", "libvpx-vp9", "libopus"),
                                                      ("a.mkv", "libx265", "pcm_s16le")])  # fmt: skip
def test_the_sound_is_carried_over(
    frames: list[Image], tmp_path: Path, name: str, codec: str, sound: str
) -> None:
    options = {"libvpx-vp9": {"cpu-used": "8"}, "libx265": {"x265-params": "log-level=none"}}.get(codec)
    source = write_video(tmp_path / name, frames, codec, sound, options)
    out = tmp_path / "out.mp4"
    assert main(["restore", str(source), "--out", str(out), *QUIET]) == 0
    with av.open(str(out)) as container:
        kinds = [stream.codec.canonical_name for stream in container.streams]
        samples = sum(frame.samples for frame in container.decode(audio=0))
    assert kinds == ["h264", {"pcm_s16le": "aac"}.get(sound, sound.removeprefix("lib"))]
    assert samples == pytest.approx(48_000 * 0.04 * COUNT, abs=4096)
    pcm = open_video(source).voice()
    assert pcm is not None
    assert len(pcm) == pytest.approx(16_000 * 0.04 * COUNT, abs=1400)


def test_uneven_times_stay_as_they_were(frames: list[Image], tmp_path: Path) -> None:
    stamps = [0, 40, 80, 400, 440, 900]
    source = write_video(tmp_path / "a.mkv", frames[:6], stamps=stamps)
    out = tmp_path / "out.mp4"
    assert main(["restore", str(source), "--out", str(out), *QUIET]) == 0
    np.testing.assert_allclose(shown(out)[0], np.array(stamps) / 1000, atol=2e-3)


def test_the_file_says_what_it_is(raw: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.restoration.registry.create_restorer", lambda *_: Shift(10))
    out = tmp_path / "out.mp4"
    assert main(["restore", str(raw), "--out", str(out), "--restorer", "mdvd"]) == 0
    with av.open(str(out)) as container:
        assert "restored by callcodec" in container.metadata["comment"]
        assert "shift" in container.metadata["comment"]
    assert not list(tmp_path.glob("*.part"))


def test_other_profiles_are_restored_and_it_is_said(frames: list[Image], tmp_path: Path, capsys: Any) -> None:
    source = write_video(tmp_path / "a.mp4", frames, options={"bf": "2"})
    assert main(["restore", str(source), "--out", str(tmp_path / "out.mp4"), *QUIET]) == 0
    assert "only its motion vectors and quantisers were known" in " ".join(capsys.readouterr().err.split())
    assert len(shown(tmp_path / "out.mp4")[1]) == COUNT


def test_a_stream_that_changes_its_size_goes_on(raw: Path, tmp_path: Path, capsys: Any) -> None:
    with raw.open("ab") as file:
        file.write(b"".join(access_units(moving_scene(3, 130, 98))))
    out = tmp_path / "out.mp4"
    assert main(["restore", str(raw), "--out", str(out), *QUIET]) == 0
    assert [luma.shape for luma in shown(out)[1]] == [(256, 256)] * (COUNT + 3)
    assert "3 pictures of another size" in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize("seed", range(6))
def test_a_damaged_stream_is_restored_or_refused_with_a_sentence(
    raw: Path, tmp_path: Path, capsys: Any, seed: int
) -> None:
    random = np.random.default_rng(seed)
    data = bytearray(raw.read_bytes())
    for at in random.integers(60, len(data), 3 + 10 * seed):
        data[at] ^= int(random.integers(1, 256))
    damaged = tmp_path / "damaged.h264"
    damaged.write_bytes(bytes(data))
    code = main(["restore", str(damaged), "--out", str(tmp_path / "out.mp4"), *QUIET])
    assert code in (0, 2)
    assert (tmp_path / "out.mp4").exists() == (code == 0)
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["missing.h264", "--out", "out.mp4"], "does not exist"),
        (["text.bin", "--out", "out.mp4"], "not a video"),
        (["talk.h264", "--out", "there.mp4"], "--overwrite replaces it"),
        (["talk.h264", "--out", "talk.h264", "--overwrite"], "is the video that is read"),
        (["talk.h264", "--out", "none/out.mp4"], "there is no folder"),
        (["talk.h264", "--out", "out.mp4", "--emotion", "hungry"], "no emotion is called"),
        (["talk.h264", "--out", "out.mp4", "--reference", "missing.mp4"], "does not exist"),
        (["talk.h264", "--out", "out.mp4", "--restorer", "gavn", "--weights", "text.bin"], "safetensors"),
    ],
)
def test_bad_input_is_one_sentence(
    raw: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any, arguments: list[str], sentence: str
) -> None:
    monkeypatch.chdir(raw.parent)
    Path("text.bin").write_text("no video\n" * 50)
    Path("there.mp4").write_text("kept")
    before = raw.read_bytes()
    assert main(["restore", *arguments]) == 2
    assert sentence in capsys.readouterr().err
    assert raw.read_bytes() == before
    assert Path("there.mp4").read_text() == "kept"
    assert not Path("out.mp4").exists()


def test_a_reference_of_another_size_or_length_is_a_sentence(
    raw: Path, frames: list[Image], tmp_path: Path, capsys: Any
) -> None:
    out = ["--out", str(tmp_path / "out.mp4"), *QUIET]
    short = write_video(tmp_path / "short.mkv", frames[:4])
    assert main(["restore", str(raw), *out, "--reference", str(short)]) == 2
    assert "4 pictures, fewer" in capsys.readouterr().err
    small = write_video(tmp_path / "small.mkv", [frame[:128, :128].copy() for frame in frames])
    assert main(["restore", str(raw), *out, "--reference", str(small)]) == 2
    assert "128x128" in capsys.readouterr().err
    assert not (tmp_path / "out.mp4").exists()
