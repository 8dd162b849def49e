"""`callcodec train --evaluate` refuses what it cannot judge, and judges the shipped weights on real clips."""

import json
from pathlib import Path

import pytest

from callcodec.cli import main


def test_networks_that_show_no_faces_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["train", "train/interpolation", "--evaluate", "--data", str(tmp_path), "--out", str(tmp_path)]
    assert main(asked) == 2
    assert "the table of bars is for" in capsys.readouterr().err


def test_weights_that_are_not_there_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    missing = str(tmp_path / "none.safetensors")
    asked = ["train", "train/compact", "--evaluate", "--data", str(tmp_path), "--out", str(tmp_path)]
    assert main([*asked, "--weights", missing]) == 2
    assert missing in capsys.readouterr().err


def test_a_folder_without_clips_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = [
        "train",
        "train/compact",
        "--evaluate",
        "--out",
        str(tmp_path),
        "--cache",
        str(tmp_path / "cache"),
    ]
    assert main([*asked, "--data", str(tmp_path / "empty")]) == 2
    assert "val.tsv is missing" in capsys.readouterr().err


def test_shards_are_no_clips(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["train", "train/compact", "--evaluate", "--shards", str(tmp_path), "--out", str(tmp_path)]
    assert main(asked) == 2
    assert "--data" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_shipped_weights_are_better_than_enlargement_on_unseen_people(
    clips: Path, tmp_path: Path
) -> None:
    asked = ["train", "train/compact", "--evaluate", "--data", str(clips), "--out", str(tmp_path)]
    assert main([*asked, "--clips", "4", "--every", "25", "--landmark-detector", "callcodec"]) == 0
    table = json.loads((tmp_path / "upsampler.json").read_text(encoding="utf-8"))
    rows = {row["name"]: row["figures"] for row in table["at_5"]}
    assert rows["compact"]["psnr_db"]["mean"] > rows["bicubic"]["psnr_db"]["mean"] + 2
    assert rows["compact"]["landmark_distance"]["mean"] < rows["bicubic"]["landmark_distance"]["mean"]
    assert (tmp_path / "upsampler.md").read_text(encoding="utf-8").startswith("# `compact` on val: 4 clips")
