"""A run's state on disk, and the rates that follow from it."""

import dataclasses
import random
from pathlib import Path

import numpy as np
import pytest
import torch

from models.training.config import LoopConfig
from models.training.loading import StepSampler
from models.training.random_state import random_state, set_random_state, untouched_random_state
from models.training.schedule import Limits, Pace, learning_rate
from models.training.state import FOLDER, StateError, load_state, save_state

LOOP = LoopConfig(batch=4, learning_rate=1.0, final_learning_rate=0.01)


def draws() -> list[float]:
    return [random.random(), float(np.random.random()), float(np.random.normal()), float(torch.rand(()))]


def test_a_state_comes_back_from_pieces_and_no_piece_is_too_large(tmp_path: Path) -> None:
    state = {"weights": {"a": torch.rand(1000), "b": torch.rand(7)}, "step": 3, "names": ["x"]}
    save_state(state, 3, tmp_path, piece_bytes=1500)
    sizes = [path.stat().st_size for path in (tmp_path / FOLDER).glob("*.pt.*")]
    assert len(sizes) > 2
    assert max(sizes) <= 1500
    loaded = load_state(tmp_path)
    assert torch.equal(loaded["weights"]["a"], state["weights"]["a"])  # type: ignore[index]
    assert (loaded["step"], loaded["names"]) == (3, ["x"])


def test_the_newest_whole_state_counts_and_older_ones_go(tmp_path: Path) -> None:
    for step in (1, 2):
        save_state({"step": step}, step, tmp_path)
    (tmp_path / FOLDER / "00000003.pt.0").write_bytes(b"killed while this was written")
    assert load_state(tmp_path)["step"] == 2
    save_state({"step": 4}, 4, tmp_path)
    assert sorted(path.name for path in (tmp_path / FOLDER).iterdir()) == ["00000004.json", "00000004.pt.0"]


def test_a_damaged_piece_is_a_clear_error(tmp_path: Path) -> None:
    save_state({"weights": torch.rand(100)}, 1, tmp_path, piece_bytes=600)
    (tmp_path / FOLDER / "00000001.pt.1").write_bytes(b"?")
    with pytest.raises(StateError, match=r"pt\.1 is missing or damaged"):
        load_state(tmp_path)


def test_random_states_come_back_and_can_be_left_untouched() -> None:
    before = random_state()
    first = draws()
    set_random_state(before)
    assert draws() == first
    before = random_state()
    with untouched_random_state():
        draws()
    second = draws()
    set_random_state(before)
    assert draws() == second


def test_random_states_survive_a_file(tmp_path: Path) -> None:
    save_state({"random": random_state()}, 0, tmp_path)
    first = draws()
    set_random_state(load_state(tmp_path)["random"])
    assert draws() == first


def test_the_cosine_warms_up_falls_and_ends_low() -> None:
    loop = dataclasses.replace(LOOP, warm_up_steps=100)
    rates = [learning_rate(loop, 10_000, share / 10) for share in range(11)]
    assert rates == sorted(rates, reverse=True)
    assert learning_rate(loop, 0, 0.0) == pytest.approx(0.01)
    assert rates[-1] == pytest.approx(0.01)


def test_the_papers_rate_falls_by_ten_after_each_half() -> None:
    loop = dataclasses.replace(LOOP, schedule="halves")
    assert [learning_rate(loop, 5, share) for share in (0.0, 0.49, 0.5, 0.99)] == [1.0, 1.0, 0.1, 0.1]


def test_progress_reaches_the_end_at_the_given_step() -> None:
    pace = Pace().laid_anew(0, 0.0, Limits(steps=200))
    assert [pace.progress(step) for step in (0, 50, 200, 300)] == [0.0, 0.25, 1.0, 1.0]
    assert pace.laid_anew(50, 1.0, Limits(steps=200)).progress(100) == pytest.approx(0.5)


def test_progress_reaches_the_end_when_the_minutes_are_up_however_fast_the_machine_is() -> None:
    limits = Limits(minutes=10)
    pace = Pace().laid_anew(100, 1.0, limits)
    assert pace.progress(1000) == pytest.approx(1.0)
    slower = pace.laid_anew(400, 8.0, limits)
    assert slower.progress(400) == pace.progress(400)
    assert slower.progress(500) == pytest.approx(1.0)
    assert slower.laid_anew(500, 10.1, limits) == slower


def test_a_run_without_an_end_is_refused() -> None:
    with pytest.raises(ValueError, match="--minutes or --steps"):
        Limits()
    with pytest.raises(ValueError, match="at least 1"):
        Limits(steps=0)


def test_processes_share_the_samples_of_a_step_in_order() -> None:
    whole, halves = iter(StepSampler(3, 4)), [iter(StepSampler(3, 4, rank, 2)) for rank in (0, 1)]
    for _ in range(3):
        assert next(whole) == next(halves[0]) + next(halves[1])
    with pytest.raises(ValueError, match="3 processes"):
        StepSampler(0, 4, 0, 3)


@pytest.mark.parametrize(
    ("change", "complaint"), [({"schedule": "steps"}, "known are cosine"), ({"batch": 0}, "at least 1")]
)
def test_a_loop_that_cannot_run_is_refused(change: dict[str, object], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        dataclasses.replace(LOOP, **change)  # type: ignore[arg-type]
