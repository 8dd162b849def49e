"""Bad links are measured, and told in a table; CI measures a few of them, for less long than their bars ask."""

from pathlib import Path

import pytest

from callcodec.measure.links.bars import Check, Kind, Result
from callcodec.measure.links.rows import ROWS, find_row
from callcodec.measure.links.simulated_rows import international_row, loss_row
from callcodec.measure.links.table import RESULTS, TABLE, load, write

GOOD = Result(
    "loss 1 %", "1 % lost", Kind.SIMULATED, 30.0, (Check("voice heard", 99.0, 97.0, "%", at_least=True),)
)
BAD = Result("killed", "the other side is killed", Kind.REAL, 10.0, (Check("noticed after", 3.0, 2.0, "s"),))


def test_a_figure_that_could_not_be_measured_holds_no_bar() -> None:
    assert not Check("back after", None, 2.0, "s").holds
    assert "none" in Check("back after", None, 2.0, "s").text()


def test_one_missed_check_is_a_missed_row() -> None:
    assert GOOD.holds
    assert not BAD.holds


def test_measuring_one_row_again_keeps_the_others(tmp_path: Path) -> None:
    write(tmp_path, [GOOD, BAD])
    better = Result(
        "killed", BAD.link, Kind.REAL, 10.0, (Check("noticed after", 1.5, 2.0, "s"),), note="again"
    )
    write(tmp_path, [better])
    assert load(tmp_path / RESULTS) == [GOOD, better]
    table = (tmp_path / TABLE).read_text(encoding="utf-8")
    assert table.count("| holds |") == 2
    assert "again" in table


def test_a_missed_bar_stands_out_in_the_table(tmp_path: Path) -> None:
    write(tmp_path, [BAD])
    assert "**misses**" in (tmp_path / TABLE).read_text(encoding="utf-8")


def test_every_row_has_a_name_of_its_own_and_an_unknown_one_is_a_sentence() -> None:
    assert len({row.name for row in ROWS}) == len(ROWS)
    with pytest.raises(ValueError, match="there is no row 'nothing'"):
        find_row("nothing")


@pytest.mark.slow
def test_a_short_call_over_a_lossy_link_holds_its_bars() -> None:
    assert loss_row("bursts of 3", 0.1, 3.0, 20.0).holds


@pytest.mark.slow
def test_a_short_call_half_round_the_world_stays_in_step() -> None:
    checks = international_row(20.0).checks
    assert checks[0].holds


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("row", [row.name for row in ROWS])
def test_every_row_holds(row: str) -> None:
    found = find_row(row)
    result = found.measure(found.seconds)
    assert result.holds, [check.text() for check in result.checks]
