"""What is told of the way here: loss and a queue, told from jitter."""

import random

from callcodec.wire.report import Report, echo_of
from receiver.reporting import CALM_INTERVAL_S, TROUBLE_INTERVAL_S, Reporter

PACKET_S = 0.06


def arrive(reporter: Reporter, numbers: range, transit_s: float = 0.05, jitter_s: float = 0.0) -> float:
    """Packets of those numbers; the time of the last arrival."""
    dice = random.Random(1)
    for number in numbers:
        media_s = number * PACKET_S
        arrival_s = media_s + PACKET_S + transit_s + dice.random() * jitter_s
        reporter.arrived(number % 2**16, number * 2880 % 2**32, media_s, arrival_s)
    return arrival_s


def test_nothing_is_told_before_anything_came() -> None:
    assert Reporter().report(1.0) is None


def test_losses_of_the_last_seconds_are_told() -> None:
    reporter = Reporter()
    for number in range(0, 100, 2):
        now_s = arrive(reporter, range(number, number + 1))
    report = reporter.report(now_s)
    assert report is not None
    assert 0.45 < report.loss < 0.55


def test_a_queue_is_told_from_jitter() -> None:
    reporter = Reporter()
    calm = reporter.report(arrive(reporter, range(200), jitter_s=0.1))
    queued = reporter.report(arrive(reporter, range(200, 220), transit_s=0.25, jitter_s=0.1))
    assert calm is not None
    assert queued is not None
    assert calm.queue_s < 0.05
    assert 0.15 < queued.queue_s < 0.3


def test_reports_are_rare_while_all_is_well() -> None:
    reporter = Reporter()

    def told(numbers: range, step: int) -> int:
        count = 0
        for number in numbers[::step]:
            count += reporter.report(arrive(reporter, range(number, number + 1))) is not None
        return count

    seconds = 500 * PACKET_S
    assert told(range(500), 1) <= seconds / CALM_INTERVAL_S + 1
    assert told(range(500, 1000), 2) > 0.8 * seconds / TROUBLE_INTERVAL_S


def test_a_report_names_the_newest_packet_and_how_long_it_lies_here() -> None:
    reporter = Reporter()
    now_s = arrive(reporter, range(30))
    report = reporter.report(now_s + 0.1)
    assert report is not None
    assert report.echo == echo_of(29 * 2880)
    assert report.hold_s == 0.1


def test_the_sequence_may_go_over_its_end() -> None:
    reporter = Reporter()
    report = reporter.report(arrive(reporter, range(2**16 - 20, 2**16 + 20)))
    assert report is not None
    assert report.lost == 0


def test_a_flood_does_not_fill_the_memory() -> None:
    reporter = Reporter()
    dice = random.Random(2)
    for _ in range(20_000):
        reporter.arrived(dice.randrange(2**16), 0, dice.random() * 1e5, 1.0)
    assert isinstance(reporter.report(1.0), Report)
