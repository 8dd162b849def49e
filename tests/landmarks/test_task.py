"""The landmark task: what it draws, that it learns, and what its figures say."""

import dataclasses
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from models.training.degraded import open_degraded
from models.training.landmark_data import LandmarkSample, mean_face
from models.training.landmark_evaluate import blinks, compare, jitter
from models.training.task import TrainingData
from models.training.task_registry import load_plan
from models.training.tasks.landmarks import LandmarkConfig, LandmarkTask
from tests.landmarks.drawn_clips import FRAMES, DrawnClips
from tests.landmarks.faces import TINY, mean_shape


@pytest.fixture
def task(tmp_path: Path) -> LandmarkTask:
    settings = load_plan("train/landmarks").settings
    assert isinstance(settings, LandmarkConfig)
    drawn = DrawnClips(tmp_path)
    return LandmarkTask(
        dataclasses.replace(settings, network=TINY, rates_kbps=(60.0,)), TrainingData(drawn, drawn)
    )


def test_a_sample_has_its_points_in_picture_and_crop(task: LandmarkTask) -> None:
    dataset = task.dataset(seed=3)
    for index in range(6):
        sample = dataset[index]
        assert sample.crop.shape == (3, 112, 112)
        assert sample.small.shape == (3, 64, 64)
        assert sample.points.isfinite().all()
        # The face fills the crop, a margin and an inexact finder aside.
        assert -20 < sample.points_in_crop.min() < sample.points_in_crop.max() < 132
        again = dataset[index]
        assert all(torch.equal(a, b) for a, b in zip(sample, again, strict=True))


def test_a_few_steps_bring_the_loss_down(task: LandmarkTask) -> None:
    torch.manual_seed(0)
    network = task.network().train()
    dataset = task.dataset(seed=1)
    batch = LandmarkSample(
        *(torch.stack(field) for field in zip(*(dataset[i] for i in range(4)), strict=True))
    )
    optimiser = torch.optim.Adam(network.parameters(), 1e-2)
    losses = []
    for _ in range(10):
        loss = torch.stack(list(task.loss(network, batch).values())).sum()
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.95 * losses[0]


def test_figures_are_given_for_clean_and_compressed_pictures_and_a_picture_is_drawn(
    task: LandmarkTask, tmp_path: Path
) -> None:
    network = task.network()
    figures = task.evaluate(network)
    assert task.chosen_by in figures
    assert figures["error"] > 0
    assert figures["error_h264"] > 0
    task.draw(network, tmp_path / "drawn.png")
    drawn = cv2.imread(str(tmp_path / "drawn.png"))
    assert drawn is not None
    assert drawn.shape == (512, 2048, 3)


def test_the_mean_face_is_upright_symmetric_and_inside_the_crop(task: LandmarkTask) -> None:
    mean = mean_face(task.data.training)
    assert 0 < mean.min() < mean.max() < 112
    assert mean[0, 0] + mean[16, 0] == pytest.approx(111, abs=0.5)


def test_compressed_clips_are_made_once_and_again_when_a_clip_is_new(tmp_path: Path) -> None:
    drawn = DrawnClips(tmp_path)
    both = drawn.clips
    drawn.clips = both[:1]
    assert set(open_degraded(drawn, tmp_path / "h264", (60.0,), 0).kbps) == {"one"}
    made = (tmp_path / "h264" / "frames.bin").stat().st_mtime_ns
    open_degraded(drawn, tmp_path / "h264", (60.0,), 0)
    assert (tmp_path / "h264" / "frames.bin").stat().st_mtime_ns == made
    drawn.clips = both
    degraded = open_degraded(drawn, tmp_path / "h264", (60.0,), 0)
    difference = degraded.frame(FRAMES + 3).astype(int) - drawn.frame(FRAMES + 3)
    assert 0 < np.abs(difference).mean() < 20


def test_the_labels_themselves_have_no_error_and_all_their_blinks() -> None:
    truth = np.repeat(mean_shape()[None], 60, 0)
    truth[:, [37, 38, 43, 44]] = truth[:, [41, 40, 47, 46]] - (0, 8)
    for closed in (10, 11, 30):
        truth[closed, [37, 38, 43, 44]] += (0, 7)
    figures = compare("labels", truth, truth)
    assert figures.error == 0
    assert (figures.blinks, figures.found, figures.invented) == (2, 2, 0)
    open_always = np.repeat(truth[:1], 60, 0)
    missed = compare("no blinks", open_always, truth)
    assert (missed.blinks, missed.found, missed.invented) == (2, 0, 0)
    assert np.isnan(missed.eye_correlation)


def test_long_closure_is_no_blink() -> None:
    openings = np.full(100, 0.3, np.float32)
    openings[20:24] = 0.1
    openings[50:90] = 0.1
    assert blinks(openings) == [(20, 24)]


def test_jitter_is_the_noise_of_a_still_face_in_pixels() -> None:
    noise = np.random.default_rng(0).normal(0, 0.5, (400, 68, 2))
    assert jitter((mean_shape() + noise).astype(np.float32)) == pytest.approx(0.5 * np.sqrt(2), rel=0.15)
