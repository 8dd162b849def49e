"""`paper` behind the receiver's seam."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from models.checkpoint import WeightsError, export_weights
from models.compact import Compact
from models.compact_parts import CompactDimensions
from models.paper.dimensions import PaperDimensions
from models.paper.network import NAME, STAGE_ONE_NAME, Paper, PaperStageOne, load_paper
from models.paper.reconstructor import PaperReconstructor
from models.registry import create_reconstructor
from tests.paper.networks import TINY_CALL, awake_paper

RANDOM = np.random.default_rng(0)
PORTRAIT = RANDOM.integers(0, 256, (256, 256, 3)).astype(np.uint8)
LOWRES = RANDOM.random((5, 3, 8, 8)).astype(np.float32)
MEL = RANDOM.uniform(-1, 1, (80, 20)).astype(np.float32)
CPU = torch.device("cpu")


def test_weights_from_a_file_make_a_picture_in_range(tmp_path: Path) -> None:
    export_weights(awake_paper(TINY_CALL), tmp_path / "paper.safetensors", ["clip"], NAME)
    made = create_reconstructor("paper", weights=tmp_path / "paper.safetensors")
    made.set_identity(PORTRAIT)
    picture = made.reconstruct(LOWRES, MEL, emotion=3)
    assert made.name == "paper"
    assert picture.shape == (3, 256, 256)
    assert picture.dtype == torch.float32
    assert 0.0 <= float(picture.min()) < float(picture.max()) <= 1.0


def test_identity_features_are_computed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    network = awake_paper(TINY_CALL).requires_grad_(False)
    made = PaperReconstructor(network, CPU)
    made.set_identity(PORTRAIT)
    monkeypatch.setattr(network.animation.generator, "encode", None)
    assert made.reconstruct(LOWRES, MEL).shape == (3, 256, 256)


def test_larger_low_resolutions_are_averaged_to_what_the_network_knows() -> None:
    made = PaperReconstructor(awake_paper(TINY_CALL).requires_grad_(False), CPU)
    made.set_identity(PORTRAIT)
    larger = LOWRES.repeat(2, axis=2).repeat(2, axis=3)
    assert torch.allclose(made.reconstruct(larger, MEL), made.reconstruct(LOWRES, MEL), atol=1e-4)


def test_without_weights_it_says_that_none_are_shipped() -> None:
    with pytest.raises(WeightsError, match="not shipped"):
        create_reconstructor("paper")


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    export_weights(Compact(CompactDimensions()), tmp_path / "other.safetensors", [])
    with pytest.raises(WeightsError, match="'compact', not of 'paper'"):
        load_paper(tmp_path / "other.safetensors")


def test_weights_of_the_backbone_alone_are_refused(tmp_path: Path) -> None:
    export_weights(PaperStageOne(TINY_CALL), tmp_path / "backbone.safetensors", [], STAGE_ONE_NAME)
    with pytest.raises(WeightsError, match="'paper_backbone', not of 'paper'"):
        load_paper(tmp_path / "backbone.safetensors")


def test_a_shape_that_is_not_what_a_call_has_is_refused() -> None:
    made = PaperReconstructor(Paper(TINY_CALL), CPU)
    with pytest.raises(ValueError, match="identity"):
        made.reconstruct(LOWRES, MEL)
    with pytest.raises(ValueError, match="256"):
        made.set_identity(PORTRAIT[:128])
    made.set_identity(PORTRAIT)
    with pytest.raises(ValueError, match="8×8"):
        made.reconstruct(LOWRES[:4], MEL)


@pytest.mark.parametrize("wrong", [{"window": 7}, {"voice_centre": "window"}])
def test_weights_that_need_more_than_a_call_has_are_refused(wrong: dict[str, int | str]) -> None:
    needs_more: PaperDimensions = replace(TINY_CALL, **wrong)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="a call has 5 pictures and 100 ms"):
        PaperReconstructor(Paper(needs_more), CPU)


def test_a_window_of_three_hears_what_belongs_to_its_pictures() -> None:
    made = PaperReconstructor(
        awake_paper(replace(TINY_CALL, window=3, voice_centre="window")).requires_grad_(False), CPU
    )
    made.set_identity(PORTRAIT)
    before = made.reconstruct(LOWRES, MEL)
    later, earlier = MEL.copy(), MEL.copy()
    later[:, 12:], earlier[:, :12] = 0.0, 0.0
    assert torch.equal(made.reconstruct(LOWRES, later), before)
    assert not torch.equal(made.reconstruct(LOWRES, earlier), before)
