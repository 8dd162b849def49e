"""`callcodec doctor` as somebody reads it."""

import json
from collections.abc import Iterator

import pytest

from callcodec.cli import main
from callcodec.doctor.finding import Finding, Level

WELL = Finding("UDP", Level.OK, "ports can be bound")
LIMIT = Finding("camera", Level.LIMIT, "none can be opened", "plug one in " + "or do something else " * 8)
FAULT = Finding("weights", Level.FAULT, "they are missing", "install it again")


def examine(findings: list[Finding], monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    def found(_: object) -> Iterator[Finding]:
        yield from findings

    monkeypatch.setattr("callcodec.doctor.examination.Examination.run", found)
    monkeypatch.setenv("COLUMNS", "80")
    return main(["doctor", *arguments])


@pytest.mark.parametrize(
    ("findings", "code", "verdict"),
    [
        ([WELL], 0, "Calls work here."),
        ([WELL, LIMIT], 0, "Calls work here, within the limits named above."),
        ([WELL, LIMIT, FAULT], 1, "Calls do not work here: 1 fault."),
    ],
)
def test_only_what_prevents_calls_is_a_failure(
    findings: list[Finding],
    code: int,
    verdict: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert examine(findings, monkeypatch) == code
    assert capsys.readouterr().out.splitlines()[-1] == verdict


def test_every_finding_and_remedy_fits_a_terminal_of_80_columns(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    examine([WELL, LIMIT], monkeypatch)
    lines = capsys.readouterr().out.splitlines()
    assert max(len(line) for line in lines) <= 80
    assert any(line.strip().startswith("→ plug one in") for line in lines)


def test_the_findings_can_be_read_by_programs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert examine([WELL, FAULT], monkeypatch, "--json") == 1
    report = json.loads(capsys.readouterr().out)
    assert report["calls_work"] is False
    assert report["findings"][1] == {
        "area": "weights",
        "level": "fault",
        "found": "they are missing",
        "remedy": "install it again",
    }


def test_the_whole_examination_can_be_run_without_devices_and_figures(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["doctor", "--json", "--no-devices", "--no-speed"]) == 0
    areas = [finding["area"] for finding in json.loads(capsys.readouterr().out)["findings"]]
    assert {"packages", "weights", "GPU", "UDP", "addresses", "connection"} <= set(areas)
    assert "camera" not in areas
