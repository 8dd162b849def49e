"""The sender's view of the way to the other side."""

import pytest

from callcodec.wire.report import Report
from sender.link_state import LinkState


def test_the_round_trip_is_what_the_other_side_did_not_hold_back() -> None:
    link = LinkState()
    for number in range(40):
        link.sent(number * 2880, number * 0.06)
    link.reported(Report.of(0.0, 0.0, 35 * 2880, 0.1), 35 * 0.06 + 0.7)
    assert link.round_trip_s == pytest.approx(0.6)


def test_an_echo_of_a_packet_that_nobody_remembers_changes_nothing() -> None:
    link = LinkState()
    link.sent(0, 0.0)
    link.reported(Report.of(0.0, 0.0, 2880, 0.1), 0.5)
    assert link.round_trip_s is None
    link.reported(Report.of(0.0, 0.0, 0, 0.1), 9.0)
    assert link.round_trip_s is None


def test_a_link_is_lossy_from_ten_percent_on_and_until_that_is_well_over() -> None:
    link = LinkState()
    lossy = []
    for loss in [0.05] * 5 + [0.2] * 5 + [0.08] * 20 + [0.0] * 5:
        link.reported(Report.of(loss, 0.0, 0, 0.0), 0.0)
        lossy.append(link.lossy)
    assert lossy[4] is False
    assert lossy[9] is True
    assert lossy[29] is True
    assert lossy[-1] is False
