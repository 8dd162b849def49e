"""What a person in a call is shown."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from callcodec.call.onlooker import Onlooker
from callcodec.call.status import CallStatus, LinkFigures, Switches
from callcodec.call.status_line import mark, stands_still
from callcodec.transport.endpoint import ByteCounts, WireStatistics
from receiver.sink import Shown
from receiver.state import State
from sender.sender import Captured
from tests.call.fakes import FakeEndpoint, make_end

PICTURE = np.zeros((256, 256, 3), np.uint8)


def shown(state: State, wall_s: float = 0.0, fresh: bool = True, age_s: float = 0.0) -> Shown:
    return Shown(0, wall_s, state, PICTURE, None, None, 0.0, fresh, 0.0, age_s=age_s)


def test_only_a_reconstructed_picture_is_marked_as_one() -> None:
    marks: list[str | None] = []
    onlooker = Onlooker([lambda _, __, status: marks.append(mark(status))], [], lambda _: None)
    for state in (
        State.LOW_RESOLUTION,
        State.FROZEN,
        State.RECONSTRUCTING,
        State.LOST,
        State.DECODED,
        State.FROZEN,
    ):
        onlooker.show(shown(state))
    assert marks == [*["low resolution"] * 2, *["reconstructed"] * 2, *["not restored"] * 2]


def test_how_long_the_picture_has_stood_still_is_counted_from_when_it_was_captured() -> None:
    onlooker = Onlooker([], [], lambda _: None)
    onlooker.show(shown(State.RECONSTRUCTING, 10.0))
    onlooker.show(shown(State.FROZEN, 11.0, age_s=1.04))
    assert onlooker.status.still_s == pytest.approx(1.04)
    onlooker.show(shown(State.FROZEN, 13.0, age_s=1.08))
    assert onlooker.status.still_s == pytest.approx(3.04)
    onlooker.show(shown(State.RECONSTRUCTING, 13.04))
    assert onlooker.status.still_s == 0


def test_a_machine_that_makes_no_new_pictures_is_noticed_too() -> None:
    onlooker = Onlooker([], [], lambda _: None)
    onlooker.show(shown(State.RECONSTRUCTING, 10.0))
    onlooker.show(shown(State.RECONSTRUCTING, 11.5, fresh=False))
    assert stands_still(onlooker.status)


def test_pictures_a_second_are_those_that_were_new() -> None:
    onlooker = Onlooker([], [], lambda _: None)
    for slot in range(100):
        onlooker.show(shown(State.RECONSTRUCTING, slot * 0.04, fresh=slot % 2 == 0))
    assert onlooker.status.fps == pytest.approx(12.5, abs=0.5)


def test_the_own_picture_and_the_switches_are_shown_too() -> None:
    seen: list[tuple[float | None, bool]] = []

    def screen(_: object, own: NDArray[np.uint8] | None, status: CallStatus) -> None:
        seen.append((None if own is None else float(own.mean()), status.switches.muted))

    onlooker = Onlooker([screen], [], lambda _: None, lambda: Switches(muted=True))
    onlooker.show(shown(State.WAITING))
    onlooker.captured(Captured(0, 0.0, 0.0, PICTURE + 7, None))
    onlooker.show(shown(State.WAITING))
    assert seen == [(None, True), (7.0, True)]


def test_the_link_is_shown_as_it_was_measured(tmp_path: Path) -> None:
    _, participant = make_end(tmp_path)
    participant.start(0.0)
    participant.link = LinkFigures(loss=0.1, rtt_ms=300.0, rung="8×8 at 5", delay_ms=640.0)
    onlooker = Onlooker([], [], lambda _: None)
    onlooker.note_wire(participant, 1.0)
    assert "loss 10 % · RTT 300 ms · delay 640 ms" in onlooker.line()
    assert onlooker.line().endswith("8×8 at 5")


def test_losing_the_other_side_is_said_once_and_so_is_its_return() -> None:
    said: list[str] = []
    onlooker = Onlooker([], [], said.append)
    for state in (State.RECONSTRUCTING, State.LOST, State.LOST, State.RECONSTRUCTING):
        onlooker.show(shown(state))
    assert [sentence.split()[0] for sentence in said] == ["Lost:", "The"]
    assert said[-1] == "The other side is back."


def test_somebody_elses_identity_image_is_told_and_stands_in_the_line() -> None:
    said: list[str] = []
    onlooker = Onlooker([], [], said.append)
    for state in (State.RECONSTRUCTING, State.WRONG_IDENTITY, State.WRONG_IDENTITY):
        onlooker.show(shown(state))
    assert "identity image does not belong to this face" in onlooker.line()
    assert "reconstructed" not in onlooker.line()
    onlooker.show(shown(State.RECONSTRUCTING))
    assert len(said) == 2
    assert "does not belong" in said[0]
    assert said[1] == "The identity image belongs to this face."


def test_the_line_shows_the_rates_of_the_last_second(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, participant = make_end(tmp_path)
    participant.start(10.0)
    onlooker = Onlooker([], [], lambda _: None)
    for seconds, sent, received in ((1.0, 5000, 1000), (2.0, 7000, 2500)):
        statistics = WireStatistics(ByteCounts(rtp=sent), ByteCounts(rtp=received), seconds)
        monkeypatch.setattr(FakeEndpoint, "wire_statistics", lambda _, now=statistics: now)
        onlooker.note_wire(participant, 10.0 + seconds)
    onlooker.show(shown(State.LOST, 75.2))
    assert onlooker.line().startswith("1:05 · ")
    assert "up 16.0 down 12.0 kbps" in onlooker.line()


def test_the_voice_goes_to_every_speaker() -> None:
    heard: list[int] = []
    onlooker = Onlooker([], [lambda pcm: heard.append(len(pcm))] * 2, lambda _: None)
    onlooker.play(np.zeros(160, np.int16), 0.0, 0.0)
    assert heard == [160, 160]
