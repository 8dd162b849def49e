"""`paper` on the command line."""

from pathlib import Path

import pytest

from callcodec.cli import main
from models.checkpoint import shipped_weights


def test_a_call_with_paper_and_without_weights_is_refused_with_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["loopback", "--reconstructor", "paper", "--out", str(tmp_path / "out")]) == 2
    assert "'paper' are not shipped" in capsys.readouterr().err


def test_a_call_with_weights_of_another_network_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = ["--reconstructor", "paper", "--weights", str(shipped_weights("compact"))]
    assert main(["loopback", *wrong, "--out", str(tmp_path / "out")]) == 2
    assert "'compact', not of 'paper'" in capsys.readouterr().err
