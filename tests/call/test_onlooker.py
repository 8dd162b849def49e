"""What a person in a call is shown."""

from pathlib import Path

import numpy as np
import pytest

from callcodec.call.onlooker import Onlooker
from callcodec.transport.endpoint import ByteCounts, WireStatistics
from receiver.sink import Shown
from receiver.state import State
from tests.call.fakes import FakeEndpoint, make_end

PICTURE = np.zeros((256, 256, 3), np.uint8)


def shown(state: State, wall_s: float = 0.0) -> Shown:
    return Shown(0, wall_s, state, PICTURE, None, None, 0.0, True, 0.0)


def test_only_a_reconstructed_picture_is_marked_as_one() -> None:
    captions: list[str] = []
    onlooker = Onlooker([lambda _, caption: captions.append(caption)], [], lambda _: None)
    for state in (State.LOW_RESOLUTION, State.FROZEN, State.RECONSTRUCTING, State.LOST):
        onlooker.show(shown(state))
    mark = "reconstructed picture"
    assert captions == ["low resolution", "frozen", mark, f"lost, {mark}"]


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
    assert "reconstructed" not in onlooker.caption()
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
    assert onlooker.line() == "1:05  lost  ↑ 16.0 ↓ 12.0 kbps  playout delay – ms"


def test_the_voice_goes_to_every_speaker() -> None:
    heard: list[int] = []
    onlooker = Onlooker([], [lambda pcm: heard.append(len(pcm))] * 2, lambda _: None)
    onlooker.play(np.zeros(160, np.int16), 0.0, 0.0)
    assert heard == [160, 160]
