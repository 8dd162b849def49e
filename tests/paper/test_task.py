"""Training `paper` in its two stages, at a small width."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from models.checkpoint import export_weights
from models.paper.network import STAGE_ONE_NAME, Paper, PaperStageOne
from models.training.initial import load_initial
from models.training.paper_data import WindowSample
from models.training.task import TrainingData
from models.training.task_registry import load_plan
from models.training.tasks.paper import PaperConfig, PaperStageOneTask, PaperStageTwoTask, create_task
from tests.paper.clips import drawn_cache, drawn_clip
from tests.paper.networks import NARROW, TINY, awake

PICTURE = 64
WINDOW = 5


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> TrainingData:
    cache = drawn_cache(tmp_path_factory.mktemp("clips"), drawn_clip("a", frames=30))
    return TrainingData(cache, cache)


def config(folder: Path, stage: int, picture: int = PICTURE, **losses: float) -> PaperConfig:
    """What ships, at another size."""
    shipped = load_plan(f"train/paper_stage{stage}").settings
    assert isinstance(shipped, PaperConfig)
    network = folder / "paper.yaml"
    network.write_text(f"picture: {picture}\nwidth: {NARROW}\nwindow: {WINDOW}\n")
    return dataclasses.replace(
        shipped, network=str(network), loss=dataclasses.replace(shipped.loss, **losses)
    )


def batch(windows: int = 1) -> WindowSample:
    """A face-like place of landmarks in pictures of ``PICTURE`` pixels."""
    random = torch.Generator().manual_seed(0)
    smooth = torch.rand(windows, WINDOW + 1, 3, 8, 8, generator=random)
    large = nn.functional.interpolate(smooth.flatten(0, 1), scale_factor=8.0, mode="bilinear")
    pictures = (large.reshape(windows, -1, 3, PICTURE, PICTURE) * 255).to(torch.uint8)
    return WindowSample(
        lowres=smooth[:, 1:],
        mel=torch.rand(windows, 80, 20, generator=random),
        identity=pictures[:, 0],
        target=pictures[:, 1:],
        landmarks=20 + 30 * torch.rand(windows, WINDOW, 68, 2, generator=random),
        emotion=torch.full((windows,), -1),
        lip_mel=torch.rand(windows, 80, 20, generator=random),
        in_sync=torch.ones(windows, dtype=torch.bool),
    )


class Listening(nn.Module):
    """Stands in for the lip sync expert."""

    def __init__(self) -> None:
        super().__init__()
        self.shapes: list[tuple[int, ...]] = []

    def forward(self, pictures: Tensor, mel: Tensor, landmarks: Tensor) -> Tensor:
        self.shapes = [tuple(t.shape) for t in (pictures, mel, landmarks)]
        return pictures.mean()


def descend(task: Any, network: nn.Module, sample: WindowSample, steps: int) -> list[float]:
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-3)
    losses = []
    for _ in range(steps):
        loss = torch.stack(list(task.loss(network, sample).values())).sum()
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        losses.append(float(loss.detach()))
    return losses


def test_stage_one_learns_to_show_a_window(tmp_path: Path, data: TrainingData) -> None:
    torch.manual_seed(0)
    task = PaperStageOneTask(config(tmp_path, 1), data)
    losses = descend(task, task.network(), batch(), 10)
    assert min(losses[-2:]) < 0.9 * losses[0]


def test_stage_two_learns_with_all_its_terms(tmp_path: Path, data: TrainingData) -> None:
    torch.manual_seed(0)
    task = PaperStageTwoTask(config(tmp_path, 2), data, Listening())
    losses = descend(task, task.network(), batch(), 5)
    assert min(losses[-2:]) < losses[0]


def test_the_terms_are_those_of_equation_4(tmp_path: Path, data: TrainingData) -> None:
    expert = Listening()
    task = PaperStageTwoTask(config(tmp_path, 2), data, expert)
    terms = task.loss(task.network(), batch(2))
    assert set(terms) == {
        "reconstruction", "region", "perceptual", "equivariance_value", "equivariance_jacobian", "sync",
    }  # fmt: skip
    assert all(torch.isfinite(term) for term in terms.values())
    assert expert.shapes == [(2, 5, 3, PICTURE, PICTURE), (2, 80, 20), (2, 5, 68, 2)]


def test_the_weights_are_those_of_the_paper() -> None:
    for stage in (1, 2):
        plan = load_plan(f"train/paper_stage{stage}")
        assert plan.settings.stage == stage
        assert (plan.settings.loss.reconstruction, plan.settings.loss.region, plan.settings.loss.sync) == (
            50, 100, 0.05,
        )  # fmt: skip
        assert (plan.loop.learning_rate, plan.loop.schedule, plan.loop.weight_decay) == (1e-4, "halves", 0)
        assert plan.loop.patience == 10


def test_windows_whose_voice_is_of_somebody_else_teach_no_sync(tmp_path: Path, data: TrainingData) -> None:
    task = PaperStageTwoTask(config(tmp_path, 2), data, Listening())
    without = batch()._replace(in_sync=torch.zeros(1, dtype=torch.bool))
    assert "sync" not in task.loss(task.network(), without)


@pytest.mark.parametrize("term", ["reconstruction", "region", "perceptual", "equivariance_value"])
def test_each_term_reaches_the_network(term: str, tmp_path: Path, data: TrainingData) -> None:
    task = PaperStageTwoTask(config(tmp_path, 2), data)
    network = task.network()
    awake(network)
    task.loss(network, batch())[term].backward()  # type: ignore[no-untyped-call]
    assert any(p.grad is not None and bool(p.grad.any()) for p in network.animation.parameters())


def test_stage_two_begins_with_what_stage_one_left(tmp_path: Path) -> None:
    torch.manual_seed(0)
    first, second = PaperStageOne(TINY), Paper(TINY)
    export_weights(first, tmp_path / "backbone.safetensors", ["clip"], STAGE_ONE_NAME)
    assert "begun with" in load_initial(second, tmp_path / "backbone.safetensors")
    learned: Mapping[str, Tensor] = first.backbone.state_dict()
    taken = second.backbone.state_dict()
    assert all(torch.allclose(taken[name], value, atol=1e-3) for name, value in learned.items())


@pytest.mark.parametrize("stage", [1, 2])
def test_figures_and_pictures_are_made_of_validation_clips(
    stage: int, tmp_path: Path, data: TrainingData
) -> None:
    task = create_task(config(tmp_path, stage, picture=256, sync=0.0), data)
    network = task.network()
    figures = task.evaluate(network)
    assert {"psnr_db", "psnr_db_intermediate", "psnr_db_bicubic", "psnr_db_corrected", "ssim"} <= set(figures)
    assert figures["psnr_db_bicubic"] > figures["psnr_db"] > 0
    task.draw(network, tmp_path / "samples.png")
    assert (tmp_path / "samples.png").is_file()


def test_a_size_that_clips_have_not_is_refused(tmp_path: Path, data: TrainingData) -> None:
    with pytest.raises(ValueError, match="clips have 256 pixels"):
        create_task(config(tmp_path, 1, picture=64), data)


def test_windows_too_short_for_the_sync_loss_are_refused(tmp_path: Path, data: TrainingData) -> None:
    settings = config(tmp_path, 2)
    Path(settings.network).write_text(f"width: {NARROW}\nwindow: 3\n")
    with pytest.raises(ValueError, match="windows of 5 pictures, not 3"):
        PaperStageTwoTask(settings, data, Listening())


def test_another_stage_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="stage is 1 or 2"):
        dataclasses.replace(config(tmp_path, 1), stage=3)
