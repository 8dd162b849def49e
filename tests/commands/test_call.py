"""`callcodec listen` and `callcodec call` as two people run them."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from callcodec.cli import main
from callcodec.media.clip import open_clip
from callcodec.transport.secret import make_secret
from tests.call.talking_clip import write_talking_clip

DEVICELESS = ["--no-window", "--no-speaker", "--reconstructor", "bicubic"]


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    make_secret(tmp_path / "secret")
    return tmp_path / "secret"


@pytest.mark.parametrize("command", ["listen", "call"])
@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "--room NAME"),
        (["--room", "a room"], "cannot be a room's name"),
        (["--room", "r", "--signal", "http://there"], "begins with ws://"),
        (["--room", "r", "--signal", "ws://127.0.0.1:9"], "No rendezvous is reached"),
        (["--room", "r", "--ice-server", "stun"], "neither stun:HOST:PORT nor"),
        (["--room", "r", "--video", "nowhere.mp4"], "nowhere.mp4"),
        (["--room", "r", "--record", "/proc/film.mp4"], "cannot write"),
        (["--room", "r", "--config", "nowhere.yaml"], "nowhere.yaml"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(
    command: str, arguments: list[str], complaint: str, secret: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = ["--video", "none", "--audio", "none", "--secret-file", str(secret)]
    assert main([command, *files, *arguments, *DEVICELESS]) == 2
    message = capsys.readouterr().err.strip().splitlines()[-1]
    assert message.startswith(f"callcodec {command}: ")
    assert complaint in message


def test_without_a_secret_there_is_no_call(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["call", "--room", "r", "--video", "none", "--secret-file", str(tmp_path / "none")]
    assert main([*arguments, *DEVICELESS]) == 2
    assert "callcodec secret" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["listen", "call"])
@pytest.mark.parametrize("both", [True, False])
def test_a_call_needs_either_a_secret_file_or_a_code(
    command: str, both: bool, secret: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    named = ["--secret-file", str(secret), "--code"] if both else []
    assert main([command, "--room", "r", "--video", "none", *named, *DEVICELESS]) == 2
    assert "either --secret-file FILE or --code" in capsys.readouterr().err


def test_a_code_that_is_none_is_refused_with_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["call", "--room", "r", "--video", "none", "--audio", "none", "--code", "12"]
    assert main([*arguments, *DEVICELESS]) == 2
    assert "8 digits" in capsys.readouterr().err


@contextmanager
def command(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A command in a process of its own, ended with the block."""
    process = subprocess.Popen(
        [sys.executable, "-m", "callcodec", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
    )
    try:
        with process:
            try:
                yield process
            finally:
                process.kill()
    finally:
        process.wait(10)


def heard_until(process: subprocess.Popen[str], sentence: str) -> list[str]:
    """What the process says, up to and including a line with that sentence."""
    assert process.stdout is not None
    lines: list[str] = []
    for line in process.stdout:
        lines.append(line)
        if sentence in line:
            return lines
    raise AssertionError(f"{sentence!r} was not said: {''.join(lines)}")


@dataclass(frozen=True)
class TwoPeople:
    """A running call of two processes; the listener only watches, and records."""

    listener: subprocess.Popen[str]
    caller: subprocess.Popen[str]
    film: Path


@contextmanager
def connected(folder: Path, secret: Path) -> Iterator[TwoPeople]:
    """Two processes that found each other through a third, with 40 pictures recorded."""
    clip = write_talking_clip(folder / "talk.mp4", 20.0)
    film = folder / "film.mp4"
    with command("signal", "--port", "0") as server:
        url = heard_until(server, "rendezvous at")[0].split()[-1]
        common = ["--room", "r", "--secret-file", str(secret), "--signal", url, *DEVICELESS]
        silent = ["--video", "none", "--audio", "none", "--record", str(film), "--yes"]
        with (
            command("listen", *common, *silent) as listener,
            command("call", *common, "--video", str(clip)) as caller,
        ):
            heard_until(caller, "Connected")
            began_s = time.monotonic()
            while not film.exists() or time.monotonic() - began_s < 2:
                time.sleep(0.05)
            yield TwoPeople(listener, caller, film)


@pytest.mark.slow
def test_when_the_other_process_is_killed_it_is_noticed_and_the_film_can_be_played(
    secret: Path, tmp_path: Path
) -> None:
    with connected(tmp_path, secret) as people:
        people.caller.kill()
        killed_s = time.monotonic()
        heard_until(people.listener, "Lost:")
        noticed_s = time.monotonic()
        heard_until(people.listener, "nothing was heard")
        ended_s = time.monotonic()
        assert people.listener.wait(30) == 0
    assert noticed_s - killed_s < 2.5  # 2 s on a machine that does nothing else
    assert ended_s - killed_s < 10
    assert open_clip(people.film).duration_s > 3


@pytest.mark.slow
def test_ctrl_c_hangs_up_and_both_sides_end_in_order(secret: Path, tmp_path: Path) -> None:
    with connected(tmp_path, secret) as people:
        people.caller.send_signal(signal.SIGINT)
        assert people.caller.wait(15) == 0
        heard_until(people.listener, "The other side hung up")
        assert people.listener.wait(15) == 0
    assert open_clip(people.film).duration_s > 1.5
    assert not list(tmp_path.glob("*.part"))
