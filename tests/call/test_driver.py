"""How a call ends when the other side does not say goodbye."""

from pathlib import Path

import pytest

from callcodec.call.driver import EndDriver
from callcodec.call.end import Recorder
from callcodec.transport.endpoint import Channel, ConnectionState
from callcodec.wire.control import Hello, serialise_control
from tests.call.fakes import FakeEndpoint, make_end


def driver_of(folder: Path, give_up_after_s: float | None) -> tuple[FakeEndpoint, EndDriver]:
    endpoint, participant = make_end(folder / "end")
    recorder = Recorder(folder / "log", 8, keep_captures=False, keep_pictures=False)
    return endpoint, EndDriver(participant, recorder, lambda *_: None, give_up_after_s)


def test_an_end_gives_up_when_nothing_was_heard_for_long(tmp_path: Path) -> None:
    endpoint, driver = driver_of(tmp_path, 6.0)
    assert not driver.step(0.0)
    endpoint.hear_message(Channel.CONTROL, serialise_control(Hello()), 1.0)
    assert not driver.step(6.9)
    assert not driver.gave_up
    assert driver.step(7.1)
    assert driver.gave_up


def test_an_end_that_never_hears_anything_gives_up_too(tmp_path: Path) -> None:
    _, driver = driver_of(tmp_path, 6.0)
    assert not driver.step(100.0)
    assert not driver.step(105.0)
    assert driver.step(107.0)


def test_without_a_limit_an_end_waits(tmp_path: Path) -> None:
    _, driver = driver_of(tmp_path, None)
    assert not any(driver.step(time_s) for time_s in (0.0, 10.0, 100.0))


def test_a_connection_that_is_gone_before_the_first_step_ends_the_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, driver = driver_of(tmp_path, 6.0)
    monkeypatch.setattr(FakeEndpoint, "state", ConnectionState.CLOSED)
    assert driver.step(0.0)
