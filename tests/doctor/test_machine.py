"""What is said about weights, speed, packages and the network."""

import asyncio
import shutil
import socket
from pathlib import Path

import pytest

from callcodec.doctor.finding import Level, calls_work
from callcodec.doctor.network import look_at_ice, look_at_rendezvous_port, look_at_udp
from callcodec.doctor.packages import look_at_packages
from callcodec.doctor.speed import judge_speed
from callcodec.doctor.weights import NEEDED, look_at_weights
from callcodec.measure.speed import TOGETHER, Measured, Speed
from models.checkpoint import weights_folder


def measured(fps: float, taken: float | None = 0.0) -> Measured:
    speeds = [Speed(name, 0, 0.0, fps, "a processor") for name in ("compact", "mel", "bicubic", TOGETHER)]
    return Measured(tuple(speeds), taken)


def test_a_machine_that_is_fast_enough_is_all_right() -> None:
    assert [finding.level for finding in judge_speed(measured(25.0))] == [Level.OK, Level.OK]


def test_a_slow_machine_limits_calls_and_says_what_helps() -> None:
    slow = judge_speed(measured(18.0))[0]
    assert slow.level is Level.LIMIT
    assert "18 pictures a second" in slow.found
    assert slow.remedy is not None
    assert "--reconstructor bicubic" in slow.remedy


def test_other_programs_are_named_when_they_disturb_the_figures() -> None:
    assert "60%" in judge_speed(measured(18.0, 0.6))[-1].found


def test_the_shipped_weights_are_undamaged() -> None:
    findings = look_at_weights()
    assert calls_work(findings)
    assert all(name in findings[0].found for name in NEEDED)


def test_damaged_weights_that_every_call_needs_prevent_calls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = shutil.copytree(weights_folder(), tmp_path / "weights")
    (folder / "compact.safetensors").write_bytes(b"damaged")
    (folder / "emotion.safetensors").unlink()
    monkeypatch.setattr("models.checkpoint.weights_folder", lambda: folder)
    monkeypatch.setattr("callcodec.doctor.weights.weights_folder", lambda: folder)
    findings = look_at_weights()
    levels = {
        finding.found.split("'")[1] if "missing" in finding.found else finding.found: finding.level
        for finding in findings
    }
    assert not calls_work(findings)
    assert levels["emotion"] is Level.LIMIT
    (fault,) = (finding for finding in findings if finding.level is Level.FAULT)
    assert "compact.safetensors" in fault.found
    assert "SHA-256" in fault.found
    assert fault.remedy


def test_this_machine_can_call_itself() -> None:
    findings = asyncio.run(look_at_ice())
    assert [finding.area for finding in findings] == ["addresses", "connection"]
    assert findings[1].level is Level.OK


def test_a_machine_without_udp_cannot_call(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    assert look_at_udp().level is Level.OK
    monkeypatch.setattr("callcodec.doctor.network.socket.socket", refuse)
    finding = look_at_udp()
    assert finding.level is Level.FAULT
    assert "Operation not permitted" in finding.found
    assert finding.remedy


def test_a_port_that_is_taken_is_only_a_note() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert look_at_rendezvous_port(port).level is Level.NOTE
    assert look_at_rendezvous_port(port).level is Level.OK


def test_missing_extras_say_what_they_are_for_and_how_to_get_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "livekit" else object())
    extras = [finding for finding in look_at_packages() if finding.area == "extras"]
    assert "echo (an echo canceller)" in extras[1].found
    assert extras[1].remedy == "pip install 'callcodec[echo]'"


def test_an_encoder_that_is_missing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "callcodec.doctor.packages.ENCODERS", (("none such", Level.FAULT, "there is no voice without"),)
    )
    (finding,) = (finding for finding in look_at_packages() if finding.area == "encoders")
    assert not calls_work([finding])
    assert "there is no voice without" in finding.found
