"""Thresholds of the identity check: how they are fitted, and that those which ship are those of the weights."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from callcodec.measure.identity_fit import figures, fit, main
from callcodec.measure.identity_pairs import PairErrors, PairSettings, pair_errors
from models import identity_check
from models.checkpoint import WeightsError
from models.identity_check import IdentityThresholds, shipped_thresholds, write_thresholds
from models.training.cache import open_cache
from models.training.prepare.preparation import prepare
from tests.prepare.making import face_clip, preparation, silent


def own(*errors: float) -> PairErrors:
    return PairErrors("a", "a", True, True, errors)


def foreign(*errors: float) -> PairErrors:
    return PairErrors("a", "b", False, False, errors)


PAIRS = [own(0.010, 0.012, 0.014), own(0.008, 0.011), foreign(0.05, 0.06), foreign(0.04, 0.09)]


def test_the_alarm_lies_between_what_is_usual_and_what_others_give() -> None:
    fitted = fit(PAIRS, PAIRS, "hash")
    assert 0.014 < fitted.alarm < 0.04
    assert 0.014 < fitted.release < fitted.alarm
    assert (fitted.train.false_alarms, fitted.train.found) == (0.0, 1.0)


def test_where_the_two_overlap_false_alarms_are_what_is_avoided() -> None:
    overlapping = [own(*np.linspace(0.01, 0.05, 200)), foreign(*np.linspace(0.03, 0.09, 200))]
    fitted = fit(overlapping, overlapping, "hash")
    assert fitted.train.false_alarms <= 0.01
    assert 0.5 < fitted.train.found < 1


def test_a_pair_is_found_when_most_of_it_is_and_relatives_do_not_count() -> None:
    relative = PairErrors("a", "a2", False, True, (0.9,))
    said = figures([own(0.01, 0.03), foreign(0.01, 0.05, 0.05), foreign(0.01, 0.01, 0.05), relative], 0.02)
    assert (said.own_stretches, said.false_alarms) == (2, 0.5)
    assert (said.foreign_stretches, said.found) == (6, 0.5)
    assert (said.pairs, said.pairs_found) == (2, 0.5)


def test_thresholds_need_both_kinds() -> None:
    with pytest.raises(ValueError, match="two people"):
        fit([own(0.01)], PAIRS, "hash")


def test_thresholds_of_other_weights_are_not_used_and_a_damaged_file_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identity_check, "weights_folder", lambda: tmp_path)
    assert shipped_thresholds("compact") is None
    (tmp_path / "compact.json").write_text(json.dumps({"sha256": "hash"}))
    fitted = fit(PAIRS, PAIRS, "hash")
    path = tmp_path / "compact.identity_check.json"
    write_thresholds(fitted, path)
    assert shipped_thresholds("compact") == fitted
    write_thresholds(dataclasses.replace(fitted, weights_sha256="another"), path)
    assert shipped_thresholds("compact") is None
    path.write_text('{"alarm": 1}')
    with pytest.raises(WeightsError, match="missing key"):
        shipped_thresholds("compact")


def test_the_shipped_thresholds_are_those_of_the_shipped_weights() -> None:
    thresholds = shipped_thresholds("compact")
    again = "run python -m callcodec.measure.identity_fit --data DIR and commit the file that it writes"
    assert isinstance(thresholds, IdentityThresholds), again
    assert thresholds.val.false_alarms <= 0.01
    assert thresholds.val.pairs_found >= 0.9


class Repeating:
    """A reconstructor that shows the identity image, whatever is received."""

    name = "repeating"

    def set_identity(self, rgb: NDArray[np.uint8], shape: NDArray[np.float32] | None = None) -> None:  # noqa: ARG002
        self.picture = torch.from_numpy(rgb).permute(2, 0, 1) / 255.0

    def reconstruct(
        self,
        lowres: NDArray[np.float32],
        mel: NDArray[np.float32],
        emotion: int | None = None,  # noqa: ARG002
        shape: NDArray[np.float32] | None = None,  # noqa: ARG002
    ) -> torch.Tensor:
        assert lowres.shape == (5, 3, 8, 8)
        assert mel.shape == (80, 20)
        return self.picture


def test_a_clip_is_nearer_to_its_own_image_than_to_another_persons(tmp_path: Path) -> None:
    face_clip(tmp_path / "in" / "anna" / "a.mp4")
    face_clip(tmp_path / "in" / "ben" / "b.mp4", mirrored=True)
    prepare(dataclasses.replace(preparation(tmp_path / "in", tmp_path / "out"), validation_share=0.0), silent)
    cache = open_cache(tmp_path / "out", "train", tmp_path / "cache")
    settings = PairSettings(relatives=1, strangers=5, neighbours=1, qualities=(9,), every_clips=1, seed=0)
    pairs = pair_errors(Repeating(), cache, settings, lambda *_: None)
    errors = {(pair.clip[:1], pair.image_of[:1]): pair.stretches for pair in pairs}
    assert errors.keys() == {("a", "a"), ("a", "b"), ("b", "b"), ("b", "a")}
    assert max(errors["a", "a"]) < min(errors["a", "b"])
    assert max(errors["b", "b"]) < min(errors["b", "a"])


def test_a_wrong_folder_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--data", str(tmp_path), "--cache", str(tmp_path / "cache")]) == 2
    assert "train.tsv is missing" in capsys.readouterr().err
