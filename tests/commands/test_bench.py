"""`callcodec bench` says what it measured and where."""

import json

import pytest

from callcodec.cli import main

STAGES = {
    "low-resolution encoding",
    "low-resolution decoding",
    "interpolation",
    "mel",
    "landmarks",
    "bicubic",
    "compact: identity",
    "compact",
    "consistency",
    "receiver in all",
}


def test_every_stage_is_listed_with_its_work_and_speed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--json", "--frames", "3", "--threads", "1"]) == 0
    speeds = {speed["name"]: speed for speed in json.loads(capsys.readouterr().out)}
    assert set(speeds) == STAGES
    assert set(speeds["compact"]) == {"name", "parameters", "gflop_per_frame", "frames_per_second", "device"}
    assert 0 < speeds["compact"]["parameters"] <= 2_500_000
    assert 0 < speeds["compact"]["gflop_per_frame"] <= 3
    assert speeds["bicubic"]["frames_per_second"] > speeds["compact"]["frames_per_second"] > 0
    assert speeds["receiver in all"]["frames_per_second"] < speeds["compact"]["frames_per_second"]
    assert "1 thread" in speeds["compact"]["device"]


def test_the_table_names_the_machine_and_says_whether_it_is_enough(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["bench", "--frames", "3", "--threads", "1"]) == 0
    shown = capsys.readouterr().out
    assert "a live call" in shown
    assert all(stage.split()[0] in shown for stage in STAGES)


def test_no_threads_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--threads", "0"]) == 2
    assert "--threads" in capsys.readouterr().err
