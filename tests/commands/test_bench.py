"""`callcodec bench` says what it measured and where."""

import json

import pytest

from callcodec.cli import main


def test_every_reconstructor_is_listed_with_its_work_and_speed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--json", "--frames", "3"]) == 0
    speeds = {speed["name"]: speed for speed in json.loads(capsys.readouterr().out)}
    assert set(speeds) == {"bicubic", "compact"}
    assert set(speeds["compact"]) == {"name", "parameters", "gflop_per_frame", "frames_per_second", "device"}
    assert 0 < speeds["compact"]["parameters"] <= 2_500_000
    assert 0 < speeds["compact"]["gflop_per_frame"] <= 3
    assert speeds["bicubic"]["frames_per_second"] > speeds["compact"]["frames_per_second"] > 0


def test_no_threads_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--threads", "0"]) == 2
    assert "--threads" in capsys.readouterr().err
