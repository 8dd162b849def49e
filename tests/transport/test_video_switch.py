"""A picture that goes on over a new connection."""

from callcodec.transport.access_units import AccessUnit
from callcodec.transport.video_switch import VideoSwitch
from tests.transport.fake_video import FakeVideoLine


def unit(timestamp: int) -> AccessUnit:
    return AccessUnit(b"unit", timestamp, False, False, 0.0)


def test_the_newest_open_line_is_sent_on_and_begins_with_a_key_frame() -> None:
    old, new = FakeVideoLine(), FakeVideoLine(can_send=False)
    switch, wanted = VideoSwitch(), list[bool]()
    switch.attach(old)
    switch.on_key_frame_wanted = lambda: wanted.append(True)
    switch.send(b"1", 1)
    switch.attach(new)
    switch.send(b"2", 2)
    assert [old.sent, new.sent, wanted] == [[(b"1", 1), (b"2", 2)], [], []]
    new.can_send = True
    switch.send(b"3", 3)
    assert (new.sent, wanted) == ([(b"3", 3)], [True])
    assert switch.counts.units_sent == 3


def test_the_first_picture_of_a_new_line_tells_of_a_loss_and_the_old_line_is_over() -> None:
    old, new = FakeVideoLine(), FakeVideoLine()
    switch, seen = VideoSwitch(), list[AccessUnit]()
    switch.attach(old)
    switch.on_access_unit = seen.append
    switch.attach(new)
    old.receive(unit(1))
    new.receive(unit(2))
    old.receive(unit(3))
    new.receive(unit(4))
    assert [(u.rtp_timestamp, u.after_loss) for u in seen] == [(1, False), (2, True), (4, False)]
    switch.ask_for_key_frame()
    switch.limit_rate(80)
    assert (old.key_requests, new.key_requests, new.limits) == (0, 1, [80])


def test_nothing_is_sent_where_no_line_is_open() -> None:
    line = FakeVideoLine(can_send=False)
    switch = VideoSwitch()
    switch.attach(line)
    switch.send(b"1", 1)
    assert not switch.can_send
    assert line.sent == []
