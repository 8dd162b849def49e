"""How a call stands, in one line."""

import pytest

from callcodec.call.status import CallStatus, LinkFigures, Switches
from callcodec.call.status_line import clock, state_words, status_line, switched
from receiver.state import State


def test_the_line_says_everything_that_the_window_says() -> None:
    link = LinkFigures(loss=0.021, rtt_ms=119.6, rung="8×8 at 5", delay_ms=430.6)
    switches = Switches(muted=True, recording=True, emotion="happy")
    status = CallStatus(65.9, State.RECONSTRUCTING, True, 0.0, 13.21, 12.8, 24.6, link, switches)
    assert status_line(status) == (
        "1:05 · reconstructed · up 13.2 down 12.8 kbps · loss 2 % · RTT 120 ms · delay 431 ms · 25 FPS · 8×8 at 5"
        " · muted · recording · happy"
    )


def test_what_is_not_known_yet_is_a_dash() -> None:
    assert (
        status_line(CallStatus())
        == "0:00 · waiting · up – down – kbps · loss – % · RTT – ms · delay – ms · – FPS"
    )


@pytest.mark.parametrize(
    ("state", "reconstructed", "still_s", "words"),
    [
        (State.FROZEN, True, 3.2, "reconstructed, frozen for 3 s"),
        (State.FROZEN, False, 1.1, "low resolution, frozen for 1 s"),
        (State.LOST, True, 7.0, "reconstructed, lost for 7 s"),
        (State.RECONSTRUCTING, True, 0.4, "reconstructed"),
        (State.RECONSTRUCTING, True, 1.3, "reconstructed, frozen for 1 s"),
        (State.WRONG_IDENTITY, False, 0.0, "low resolution, identity image does not belong to this face"),
        (State.VOICE_ONLY, False, 0.0, "voice only"),
    ],
)
def test_the_state_says_what_is_shown_and_what_is_wrong_with_it(
    state: State, reconstructed: bool, still_s: float, words: str
) -> None:
    assert state_words(CallStatus(state=state, reconstructed=reconstructed, still_s=still_s)) == words


@pytest.mark.parametrize(("reconstructed", "words"), [(True, "restored"), (False, "not restored")])
def test_a_picture_that_came_as_h264_says_whether_it_was_restored(reconstructed: bool, words: str) -> None:
    state = State.RESTORING if reconstructed else State.DECODED
    assert state_words(CallStatus(state=state, reconstructed=reconstructed, h264=True)) == words


def test_a_long_call_shows_its_hours() -> None:
    assert clock(CallStatus(call_s=3725)) == "1:02:05"


def test_muted_counts_more_than_push_to_talk() -> None:
    assert switched(Switches(push_to_talk=True, talking=True)) == ["talking"]
    assert switched(Switches(push_to_talk=True)) == ["push to talk"]
    assert switched(Switches(muted=True, push_to_talk=True, talking=True)) == ["muted"]
