"""The keys of a call."""

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from callcodec.call.controls import TALK_HOLD_S, Actions, Controls, SwitchedSource
from callcodec.call.keyboard import keys_typed
from callcodec.call.keys import Key, key_of
from callcodec.call.source import SoundSource
from callcodec.call.status import Switches
from callcodec.media.clip import ClipFrame
from tests.call.fakes import make_end
from tests.call.talking_clip import picture


class Desk:
    """Controls whose clock a test sets, and what they asked for."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.asked: list[str] = []
        self.controls = Controls(
            Actions(self.record, self.ask("enlarge"), self.ask("quit"), self.asked.append), self.now
        )

    def now(self) -> float:
        return self.now_s

    def record(self) -> bool:
        self.asked.append("record")
        return self.asked.count("record") % 2 == 1

    def ask(self, what: str) -> Callable[[], None]:
        return lambda: self.asked.append(what)

    def press(self, *keys: Key) -> Switches:
        for key in keys:
            self.controls.press(key)
        return self.controls.switches


class Camera(SoundSource):
    """A picture every 40 ms, and a voice of ones."""

    def __init__(self) -> None:
        super().__init__(np.ones(16_000, np.int16))

    def pictures(self, until_s: float) -> list[ClipFrame]:
        return [ClipFrame(0, until_s, picture(0))]


def test_letters_mean_the_same_as_capitals_and_others_nothing() -> None:
    assert key_of("M") is key_of("m") is Key.MUTE
    assert key_of("x") is None


def test_a_switch_goes_on_and_off_again() -> None:
    desk = Desk()
    assert desk.press(Key.MUTE, Key.CAMERA) == Switches(muted=True, camera_off=True)
    assert desk.press(Key.MUTE, Key.CAMERA) == Switches()


def test_push_to_talk_is_heard_while_the_key_repeats_and_silent_soon_after() -> None:
    desk = Desk()
    assert not desk.press(Key.PUSH_TO_TALK).heard
    assert desk.press(Key.TALK).heard
    desk.now_s = TALK_HOLD_S - 0.05
    assert desk.press(Key.TALK).heard
    desk.now_s = 2 * TALK_HOLD_S - 0.1
    assert desk.controls.switches.heard
    desk.now_s = 2 * TALK_HOLD_S
    assert not desk.controls.switches.heard


def test_recording_shows_whether_one_runs() -> None:
    desk = Desk()
    assert desk.press(Key.RECORD).recording
    assert not desk.press(Key.RECORD).recording


def test_quitting_and_enlarging_are_asked_of_those_who_can() -> None:
    desk = Desk()
    desk.press(Key.ENLARGE, Key.QUIT)
    assert desk.asked == ["enlarge", "quit"]


def test_the_emotion_key_goes_round_and_reaches_the_other_side(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk()
    _, participant = make_end(tmp_path)
    desk.controls.attach(participant.sender, 0)
    assert desk.controls.switches.emotion == "neutral"
    seen = [desk.press(Key.EMOTION).emotion for _ in range(9)]
    assert seen == ["calm", "happy", "sad", "angry", "fearful", "disgusted", "surprised", None, "neutral"]
    sent: list[int | None] = []
    monkeypatch.setattr(participant.sender, "set_emotion", sent.append)
    desk.press(Key.EMOTION)
    assert sent == [1]


def test_the_identity_key_sends_another_image(tmp_path: Path) -> None:
    desk = Desk()
    _, participant = make_end(tmp_path)
    sender = participant.sender
    desk.controls.attach(sender)

    def show(first: int) -> None:
        for number in range(first, first + 30):
            sender.push_picture(picture(number), number, number * 0.04, number * 0.04)

    show(0)
    before = sender.identity
    show(30)
    assert sender.identity is before
    desk.press(Key.IDENTITY)
    show(60)
    assert before is not None
    assert sender.identity is not None
    assert sender.identity.media_time_s != before.media_time_s


@pytest.mark.parametrize(
    ("switches", "loud", "pictures"),
    [
        (Switches(), True, 1),
        (Switches(muted=True), False, 1),
        (Switches(push_to_talk=True), False, 1),
        (Switches(push_to_talk=True, talking=True), True, 1),
        (Switches(camera_off=True), True, 0),
    ],
)
def test_what_is_switched_off_is_not_sent_but_time_goes_on(
    switches: Switches, loud: bool, pictures: int
) -> None:
    source = SwitchedSource(Camera(), lambda: switches)
    voice = source.voice(0.1)
    assert voice.size == 1600
    assert voice.any() == loud
    assert len(source.pictures(0.1)) == pictures
    assert not source.finished(0.9)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
def test_keys_come_from_the_terminal_without_enter_and_the_terminal_is_as_before() -> None:
    import termios  # noqa: PLC0415
    from pty import openpty  # noqa: PLC0415

    async def type_two() -> list[str]:
        typed: list[str] = []
        person, program = openpty()
        before = termios.tcgetattr(program)
        with keys_typed(typed.append, program) as listens:
            assert listens
            os.write(person, b"mq")
            while len(typed) < 2:
                await asyncio.sleep(0)
        assert termios.tcgetattr(program) == before
        os.close(person)
        os.close(program)
        return typed

    assert asyncio.run(type_two()) == ["m", "q"]


def test_where_there_is_no_terminal_no_keys_are_awaited(tmp_path: Path) -> None:
    async def listen() -> bool:
        with (tmp_path / "file").open("wb") as file, keys_typed(print, file.fileno()) as listens:
            return listens

    assert not asyncio.run(listen())
