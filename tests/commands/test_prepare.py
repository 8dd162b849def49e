"""``callcodec prepare`` as it is typed."""

from pathlib import Path

import pytest

from callcodec.cli import main
from tests.prepare.making import Ellipse, face_clip


@pytest.fixture(autouse=True)
def _points_without_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.landmarks.create_landmark_detector", lambda _: Ellipse())


def test_it_says_what_it_made_and_why_it_left_things_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    face_clip(tmp_path / "in" / "Actor_01" / "01-01-03-02-01-01-01.mp4")
    (tmp_path / "in" / "Actor_01" / "01-01-04-02-01-01-01.mp4").write_bytes(b"no video")
    command = ["prepare", str(tmp_path / "in"), "--out", str(tmp_path / "out"), "--min-seconds", "1"]
    assert main(command) == 0
    said = capsys.readouterr().out
    assert "1 tracks of 1 people" in said
    assert "layout ravdess" in said
    assert "01-01-04-02-01-01-01.mp4: " in said
    assert "nobody is left for val.tsv" in said
    row = (tmp_path / "out" / "train.tsv").read_text().splitlines()[1].split("\t")
    assert (row[1], row[4], row[7]) == ("ravdess01", "yes", "happy:3")


def test_nothing_usable_is_not_a_success(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.mp4").write_bytes(b"no video")
    assert main(["prepare", str(tmp_path / "in"), "--out", str(tmp_path / "out")]) == 1
    assert "0 tracks" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--layout", "mead"], "none of the 1 videos"),
        (["--val-share", "2"], "--val-share"),
        (["--workers", "0"], "--workers"),
        (["--min-seconds", "70"], "longer than --max-seconds"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], why: str
) -> None:
    (tmp_path / "a.mp4").write_bytes(b"-")
    assert main(["prepare", str(tmp_path), "--out", str(tmp_path / "out"), *options]) == 2
    said = capsys.readouterr().err
    assert why in said
    assert "Traceback" not in said


def test_missing_weights_stop_it_before_every_recording_would_be_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(_: str) -> Ellipse:
        raise ValueError("the weights of 'landmarks' are missing")

    monkeypatch.setattr("models.landmarks.create_landmark_detector", missing)
    (tmp_path / "a.mp4").write_bytes(b"-")
    assert main(["prepare", str(tmp_path), "--out", str(tmp_path / "out")]) == 2
    assert "weights of 'landmarks' are missing" in capsys.readouterr().err
    assert not (tmp_path / "out" / "manifest.jsonl").exists()
