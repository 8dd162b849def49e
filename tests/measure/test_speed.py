"""What is called the speed of this machine is not that of its neighbours."""

import time
from pathlib import Path

import pytest

from callcodec.measure import neighbours
from callcodec.measure.neighbours import Neighbours
from models import bench


def test_one_disturbed_round_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    calls = [0]

    def call() -> None:
        calls[0] += 1
        disturbed = calls[0] > 30  # all rounds but the first, after 20 calls of warm-up
        clock[0] += 0.5 if disturbed else 0.02

    monkeypatch.setattr(time, "perf_counter", lambda: clock[0])
    assert bench.seconds_a_call(call, 50) == pytest.approx(0.02)


def test_what_others_take_of_the_processor_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stat = tmp_path / "stat"
    monkeypatch.setattr(neighbours, "STAT", stat)
    stat.write_text("cpu  1000 0 0 9000 0 0 0 0 0 0\ncpu0 1 2 3\n")
    others = Neighbours()
    stat.write_text("cpu  1000000 0 0 1009000 0 0 0 1000 0 0\ncpu0 1 2 3\n")
    assert others.share() == pytest.approx(0.5, abs=0.01)


def test_nothing_is_told_where_the_system_does_not_tell(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(neighbours, "STAT", tmp_path / "missing")
    assert Neighbours().share() is None
