"""`callcodec measure` and `callcodec report` from the command line: what is refused, and one small run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from callcodec.cli import main
from callcodec.sample import sample_clip
from tests.comparison.made_up import drawn_clip


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(list(words)) == 2
    return capsys.readouterr().err


def test_an_unknown_codec_is_refused_before_anything_is_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = refused(capsys, "measure", str(tmp_path), "--out", str(tmp_path / "out"), "--codecs", "h266,ours")
    assert "'h266'" in said
    assert "svt-av1" in said
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--workers", "0"), "--workers"),
        (("--table", "upsampler9"), "upsampler9"),
        (("--every", "5"), "multiples of 5"),
        (("--points", "nothing like it"), "no setting"),
        ((), "no clip"),
    ],
)
def test_bad_input_is_a_sentence(
    words: tuple[str, ...], sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sentence in refused(capsys, "measure", str(tmp_path), "--out", str(tmp_path / "out"), *words)


def test_a_run_of_clips_that_are_all_too_short_says_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    short = drawn_clip(tmp_path / "short.mp4", 20)
    said = refused(
        capsys, "measure", str(short), "--out", str(tmp_path), "--points", "x264 64×64 5 FPS crf 51"
    )
    assert "1.2 s are needed" in said


def test_runs_are_measured_kept_and_told_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    film, out = drawn_clip(tmp_path / "drawn.mp4", 50), tmp_path / "out"
    words = [
        "measure",
        str(film),
        "--out",
        str(out),
        "--points",
        "x264 64×64 5 FPS",
        "--points",
        "first picture",
    ]
    assert main(words) == 0
    assert {"report.json", "report.html", "points.csv", "clips.csv"} <= {path.name for path in out.iterdir()}
    assert main(["report", str(out), "--out", str(tmp_path / "again"), "--table", "upsampler3"]) == 0
    assert "os-synth" in capsys.readouterr().out
    assert (tmp_path / "again" / "report.html").is_file()


@pytest.mark.slow
def test_a_quick_look_at_the_sample_says_its_headline_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["measure", str(sample_clip()), "--out", str(tmp_path), "--quick"]) == 0
    written = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert [claim["verdict"] for claim in written["headline"]].count("not measured") == 0
    assert not [result["error"] for result in written["results"] if result["error"]]
    assert {delta["codec"] for delta in written["overtaking"]} == {"x264", "x265", "vp9", "svt-av1"}
    assert "PSNR" in capsys.readouterr().out
