"""The ladder: slowly up, at once down, and never off for a link that only loses."""

from collections.abc import Callable
from itertools import pairwise

import pytest

from callcodec.config import ConfigError, load_config
from sender.ladder import Ladder, LadderRung
from sender.rate_control import PATIENCE_S, RateControl

LADDER = load_config("ladder", Ladder)
REPORT_S = 1.0


def run(
    control: RateControl, seconds: float, link: Callable[[float], tuple[float, float]], begin_s: float = 0.0
) -> list[int]:
    """The rungs of so many seconds over a link that answers a rate with loss and queue."""
    rungs = []
    for second in range(int(seconds)):
        loss, queue_s = link(LADDER.rungs[control.rung].kbps)
        rungs.append(control.reported(loss, queue_s, begin_s + second * REPORT_S))
    return rungs


def wide(_: float) -> tuple[float, float]:
    return 0.0, 0.01


def narrow(kbps: float, capacity: float = 20.0) -> tuple[float, float]:
    return (0.0, 0.01) if kbps <= capacity else (0.2, 0.45)


def test_a_wide_link_is_climbed_one_rung_at_a_time() -> None:
    rungs = run(RateControl(LADDER), 200, wide)
    steps = [after - before for before, after in pairwise(rungs)]
    assert set(steps) <= {0, 1}
    assert rungs[-1] == len(LADDER.rungs) - 1
    assert rungs[int(PATIENCE_S) - 1] == LADDER.first


def test_a_queue_is_answered_at_once() -> None:
    control = RateControl(LADDER)
    run(control, 200, wide)
    top = control.rung
    assert control.reported(0.0, 0.2, 200.0) == top - 1


def test_a_long_queue_leads_to_the_lowest_rung() -> None:
    control = RateControl(LADDER)
    run(control, 200, wide)
    assert control.reported(0.3, 0.9, 200.0) == 0


def test_a_narrow_link_is_tried_ever_more_seldom() -> None:
    rungs = run(RateControl(LADDER), 600, narrow)
    fits = max(i for i, rung in enumerate(LADDER.rungs) if rung.kbps <= 20)
    tries = [i for i, (a, b) in enumerate(pairwise(rungs)) if b > a and b > fits]
    assert len(tries) <= 8
    assert tries[-1] - tries[-2] > 2 * (tries[1] - tries[0])
    assert sum(rung > fits for rung in rungs) < 0.06 * len(rungs)


def test_random_loss_does_not_drive_down() -> None:
    control = RateControl(LADDER)
    rungs = run(control, 200, lambda _: (0.2, 0.01))
    assert rungs[-1] == len(LADDER.rungs) - 1


def test_loss_that_comes_with_a_climb_undoes_it() -> None:
    control = RateControl(LADDER)
    policed = [LADDER.rungs[control.rung].kbps]

    def policer(kbps: float) -> tuple[float, float]:
        return (0.15 if kbps > policed[0] else 0.0), 0.0

    rungs = run(control, 60, policer)
    assert max(rungs) == LADDER.first + 1
    assert rungs.count(LADDER.first + 1) <= 5


def test_without_reports_the_voice_alone_counts() -> None:
    control = RateControl(LADDER)
    run(control, 100, wide)
    assert control.rung > 0
    assert control.tick(101.0) > 0
    assert control.tick(104.0) == 0
    assert control.reported(0.0, 0.0, 105.0) == 0


def test_a_rung_that_the_other_side_cannot_use_is_not_climbed() -> None:
    control = RateControl(LADDER)
    control.top = 2
    assert max(run(control, 200, wide)) == 2


def test_the_shipped_ladder_never_takes_voice_away() -> None:
    for before, after in pairwise(LADDER.rungs):
        assert after.voice_bps >= before.voice_bps
        assert after.kbps > before.kbps
    assert LADDER.rungs[0].kbps <= 11.0


@pytest.mark.parametrize("first", [-1, 1])
def test_a_ladder_without_its_first_rung_is_refused(first: int) -> None:
    with pytest.raises(ValueError, match="first rung"):
        Ladder((LadderRung(10.0, 6000, 120, 0, 5),), first)


def test_a_ladder_that_goes_down_is_refused() -> None:
    with pytest.raises(ValueError, match="higher rate"):
        Ladder((LadderRung(20.0, 6000, 120, 0, 5), LadderRung(10.0, 6000, 60, 0, 5)))


def test_an_impossible_rung_is_a_clear_error() -> None:
    with pytest.raises((ValueError, ConfigError), match="packet_ms"):
        LadderRung(10.0, 6000, 90, 0, 5)
