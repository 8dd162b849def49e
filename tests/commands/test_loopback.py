"""`callcodec loopback` as a person uses it: real calls, and clear sentences for what cannot be done."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from callcodec.call.config import CallConfig
from callcodec.cli import main
from callcodec.config import load_config
from callcodec.measure.loopback import LoopbackOptions, run_loopback
from callcodec.media.clip import open_clip
from callcodec.media.movie import write_movie
from callcodec.sample import sample_clip
from callcodec.transport.link import LinkProfile
from tests.call.talking_clip import write_talking_clip
from tests.measure.test_report import check_report

SIMULATED = ["--simulated", "--reconstructor", "bicubic"]


def refused(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> str:
    """The sentence with which a command ends; its exit code must be 2."""
    assert main(["loopback", *arguments]) == 2
    message = capsys.readouterr().err.strip().splitlines()[-1]
    assert message.startswith("callcodec loopback: ")
    return message


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_talking_clip(tmp_path_factory.mktemp("clip") / "talk.mp4", 4.0)


def test_a_missing_clip_is_a_sentence_and_leaves_nothing(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    message = refused(capsys, [str(tmp_path / "none.mp4"), "--out", str(tmp_path / "out")])
    assert "none.mp4" in message
    assert not any((tmp_path / "out").iterdir())


@pytest.mark.parametrize("content", [b"", b"this is no video\n" * 200])
def test_what_is_no_video_is_a_sentence(
    content: bytes, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(content)
    assert "clip.mp4" in refused(capsys, [str(path), "--out", str(tmp_path / "out")])


def test_existing_results_are_not_replaced_unasked(
    clip: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "report.json").write_text("precious")
    assert "--overwrite" in refused(capsys, [str(clip), "--out", str(tmp_path)])
    assert (tmp_path / "report.json").read_text() == "precious"


def test_an_output_that_is_a_file_is_a_sentence(
    clip: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "out").write_text("")
    assert "is a file" in refused(capsys, [str(clip), "--out", str(tmp_path / "out")])


def test_an_unwritable_output_is_a_sentence(clip: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "cannot write to /proc/out" in refused(capsys, [str(clip), "--out", "/proc/out"])


def test_an_unknown_configuration_key_is_named(
    clip: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "call.yaml").write_text("carrier: opus\nspeed: 3\n")
    arguments = [str(clip), "--out", str(tmp_path / "out"), "--config", str(tmp_path / "call.yaml")]
    assert "unknown key speed" in refused(capsys, arguments)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--voice-kbps", "3"], "6000 to 64000"),
        (["--emotion", "hungry"], "neutral"),
        (["--identity", "nowhere.png"], "nowhere.png"),
    ],
)
def test_impossible_wishes_are_sentences(
    arguments: list[str], complaint: str, clip: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert complaint in refused(capsys, [str(clip), "--out", str(tmp_path / "out"), *arguments])


def test_the_report_is_json_on_stdout_when_asked(
    clip: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    assert main(["loopback", str(clip), "--out", str(out), "--json", "--seconds", "3", *SIMULATED]) == 0
    assert json.loads(capsys.readouterr().out) == check_report(out / "report.json")


def test_a_clip_without_voice_and_face_goes_on_and_says_so(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (120, 200, 3), dtype=np.uint8)
    write_movie(tmp_path / "noise.mp4", [noise] * 60, None)
    arguments = [str(tmp_path / "noise.mp4"), "--out", str(tmp_path / "out"), *SIMULATED]
    assert main(["loopback", *arguments]) == 0
    said = " ".join(capsys.readouterr().err.split())
    assert "No face was found" in said
    assert "sound" in said or "audio" in said or "voice" in said


def test_one_picture_is_a_call_too(tmp_path: Path) -> None:
    write_movie(tmp_path / "one.mp4", [np.full((64, 64, 3), 90, np.uint8)], None)
    assert main(["loopback", str(tmp_path / "one.mp4"), "--out", str(tmp_path / "out"), *SIMULATED]) == 0
    assert check_report(tmp_path / "out" / "report.json")["face"]["packets_sent"] == 1


@pytest.mark.slow
def test_the_receiver_needs_the_clip_no_more_once_it_was_sent(clip: Path, tmp_path: Path) -> None:
    mine = Path(shutil.copy(clip, tmp_path / "mine.mp4"))

    def remove_when_sent(seconds: float, state: str) -> None:  # noqa: ARG001
        if seconds < 0:
            mine.unlink()

    config = load_config("calls/phone", CallConfig)
    options = LoopbackOptions(
        clip=mine,
        out=tmp_path / "out",
        config=config,
        link=LinkProfile(delay_ms=20, jitter_ms=5),
        device="cpu",
    )
    report = run_loopback(options, remove_when_sent)
    assert not mine.exists()
    assert not report.simulated
    assert report.face.packets_received == report.face.packets_sent == 20
    assert report.voice.frames_played >= report.voice.frames_sent - 2
    film = open_clip(tmp_path / "out" / "received.mp4")
    assert (film.width, film.height, film.has_audio) == (256, 256, True)
    assert open_clip(tmp_path / "out" / "side_by_side.mp4").width == 768


@pytest.mark.slow
def test_ctrl_c_ends_the_call_and_finishes_the_files(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "callcodec",
        "loopback",
        str(sample_clip()),
        "--out",
        str(tmp_path / "out"),
    ]
    call = subprocess.Popen([*command, "--reconstructor", "bicubic"], stderr=subprocess.DEVNULL)
    deadline_s = time.monotonic() + 120
    while not list((tmp_path / "out").glob(".call-*/far/shown.rgb")) and time.monotonic() < deadline_s:
        time.sleep(0.1)
    shown = next((tmp_path / "out").glob(".call-*/far/shown.rgb"))
    while shown.stat().st_size < 256 * 256 * 3 * 40 and time.monotonic() < deadline_s:
        time.sleep(0.1)
    os.kill(call.pid, signal.SIGINT)
    assert call.wait(timeout=120) == 0
    report = check_report(tmp_path / "out" / "report.json")
    assert report["voice"]["frames_sent"] < 8.5 * 1000 / 60
    assert open_clip(tmp_path / "out" / "received.mp4").duration_s > 1
    assert not list((tmp_path / "out").glob(".call-*"))
