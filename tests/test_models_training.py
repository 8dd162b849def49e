"""Training: what a sample is, and that the loop learns, resumes and stops."""

import dataclasses
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from models.checkpoint import load_compact
from models.compact import Compact
from models.compact_parts import CompactDimensions
from models.consistency import upsample
from models.expression import expression_of
from models.sync import SyncLoss
from models.sync_network import SyncDimensions, SyncNetwork
from models.training.cache import ClipCache, DataError, open_cache
from models.training.compact_data import Sample, TalkingFaces, told_shape
from models.training.config import LoopConfig
from models.training.data import LEFT_RIGHT, regions_of, voice_window
from models.training.evaluate import ssim
from models.training.loop import Trainer
from models.training.losses import (
    detail,
    expression_loss,
    gradient_loss,
    pyramid_loss,
    region_loss,
    region_masks,
    texture_loss,
)
from models.training.schedule import Limits
from models.training.task import TrainingData
from models.training.task_registry import load_plan
from models.training.tasks.compact import CompactConfig, CompactTask, compute_loss, lips_with
from models.training.wire_simulation import coded_pictures, interpolate, key_frames_around
from tests.faces import frontal_shape

RANDOM = np.random.default_rng(0)
SMALL = CompactDimensions(at_8=16, at_16=16, at_32=16, at_64=16, at_128=16, voice=16)


def config() -> LoopConfig:
    shipped = load_plan("train/compact").loop
    return dataclasses.replace(
        shipped,
        batch=2,
        warm_up_steps=1,
        log_steps=1,
        threads=1,
        workers=0,
        precision="32-true",
    )


def settings() -> CompactConfig:
    shipped = load_plan("train/compact").settings
    assert isinstance(shipped, CompactConfig)
    return shipped


class SmallTask(CompactTask):
    """`compact` with few channels."""

    def network(self) -> Compact:
        return Compact(SMALL)


def small_task(data: TrainingData | None = None) -> SmallTask:
    no_clips = ClipCache.__new__(ClipCache)
    return SmallTask(settings(), data or TrainingData(no_clips, no_clips))


def batch() -> Sample:
    torch.manual_seed(0)
    pictures = (upsample(torch.rand(2, 2, 3, 16, 16), 256).clamp(0, 1) * 255).to(torch.uint8)
    boxes = torch.tensor([[[90.0, 160, 170, 210]] * 3] * 2)
    face = torch.from_numpy(frontal_shape()).expand(2, -1, -1)
    return Sample(
        lowres=torch.rand(2, 5, 3, 8, 8),
        mel=torch.rand(2, 80, 20),
        identity=pictures[0],
        target=pictures[1],
        identity_shape=face,
        shape=torch.stack((face[0] + 2, torch.full_like(face[0], float("nan")))),
        emotion=torch.tensor([3, -1]),
        true_shape=face,
        lips=torch.randint(0, 256, (2, 5, 48, 48), dtype=torch.uint8),
        in_sync=torch.tensor([True, False]),
        regions=boxes,
    )


def untrained_sync_loss() -> SyncLoss:
    torch.manual_seed(1)
    return SyncLoss(SyncNetwork(SyncDimensions()))


def test_the_sync_loss_reaches_the_lips_that_are_shown_and_no_others() -> None:
    pictures = torch.rand(2, 3, 256, 256, requires_grad=True)
    given = batch()
    lips = lips_with(pictures, given)
    assert lips.shape == (1, 5, 48, 48)
    untrained_sync_loss().of_lips(lips, given.mel[given.in_sync]).backward()  # type: ignore[no-untyped-call]
    assert pictures.grad is not None
    assert pictures.grad[0].any()
    assert not pictures.grad[1].any()


def test_interpolation_passes_through_the_pictures_that_were_sent() -> None:
    pictures = RANDOM.random((40, 8, 8, 3))
    for time in (12, 15, 17):
        keys = key_frames_around(time - 4, time, 2, len(pictures))
        window = interpolate(pictures[keys], time - 4, time, 2)
        assert len(window) == 5
        for slot, number in enumerate(range(time - 4, time + 1)):
            if number % 5 == 2:
                assert np.allclose(window[slot], pictures[number])


def test_interpolation_of_a_steady_motion_is_exact_and_a_clip_ends_as_it_began() -> None:
    steady = np.arange(40.0)
    keys = key_frames_around(16, 20, 3, 40)
    assert np.allclose(interpolate(steady[keys], 16, 20, 3), [16, 17, 18, 19, 20])
    assert key_frames_around(-4, 0, 3, 40) == [0, 0, 3]
    assert key_frames_around(35, 39, 3, 40) == [33, 38, 39]


def test_a_told_shape_is_the_true_one_but_for_its_quantiser() -> None:
    identity = frontal_shape()
    moved = identity + np.array([3, -2], np.float32)
    told = told_shape(np.stack((identity, moved, (identity + moved) / 2)), identity, 0.5, RANDOM)
    assert np.abs(told - (identity + moved) / 2).mean() < 1.5
    unknown = np.full_like(identity, np.nan)
    assert np.isnan(told_shape(np.stack((identity, unknown, identity)), identity, 0.5, RANDOM)).all()


def test_simulated_coding_errs_as_much_as_the_wire_does() -> None:
    faces = 128 + 60 * np.stack([cv2.resize(RANDOM.normal(size=(3, 3, 3)), (8, 8)) for _ in range(50)])
    error = coded_pictures(faces.clip(0, 255), 16, 20, RANDOM) - faces.clip(0, 255)
    luma = error @ np.array([0.299, 0.587, 0.114])
    assert 31 < 10 * np.log10(255**2 / np.mean(luma**2)) < 37


def test_what_stands_still_keeps_its_coding_error() -> None:
    face = np.repeat(RANDOM.uniform(50, 200, (1, 8, 8, 3)), 3, axis=0)
    coded = coded_pictures(face, 16, 20, RANDOM)
    assert np.allclose(coded[0], coded[2])


def test_flipping_landmarks_twice_gives_them_back_and_swaps_eyes() -> None:
    assert (LEFT_RIGHT[LEFT_RIGHT] == np.arange(68)).all()
    assert set(LEFT_RIGHT[36:42]) == set(range(42, 48))


def test_a_voice_window_beyond_the_clip_is_silence() -> None:
    mel = np.ones((80, 40), np.float32)
    assert (voice_window(mel, 0)[:, :10] == -1).all()
    assert (voice_window(mel, 5) == 1).all()
    assert (voice_window(mel[:, :0], 5) == -1).all()


def test_unknown_landmarks_leave_no_region() -> None:
    assert not regions_of(np.full((68, 2), np.nan, np.float32)).any()
    assert not region_masks(torch.zeros(1, 3, 4), 256).any()


def test_the_region_loss_looks_at_lips_and_eyes_only() -> None:
    boxes = torch.tensor([[[64.0, 64, 128, 128]]])
    picture, outside, inside = (torch.zeros(1, 3, 256, 256) for _ in range(3))
    outside[..., 200:, 200:] = 1.0
    inside[..., 70:80, 70:80] = 1.0
    assert region_loss(outside, picture, boxes)[0] == 0
    assert region_loss(inside, picture, boxes)[0] > 0


def test_losses_vanish_for_the_truth_and_gradients_forgive_brightness() -> None:
    picture = torch.rand(1, 3, 64, 64)
    assert pyramid_loss(picture, picture) == 0
    assert gradient_loss(picture, picture) == 0
    assert gradient_loss(picture + 0.1, picture) < 1e-5
    assert pyramid_loss(picture + 0.1, picture) > 0.09


def test_detail_is_what_a_blurred_picture_lacks() -> None:
    picture = torch.rand(1, 3, 64, 64)
    assert float(detail(torch.full_like(picture, 0.7)).abs().max()) < 1e-6
    blurred = torch.nn.functional.avg_pool2d(picture, 9, stride=1, padding=4)
    assert detail(blurred).abs().mean() < 0.3 * detail(picture).abs().mean()


def test_ssim_is_one_for_the_same_picture_and_less_for_a_blurred_one() -> None:
    picture = RANDOM.random((64, 64, 3)).astype(np.float32)
    assert ssim(picture, picture) == pytest.approx(1.0, abs=1e-4)
    assert ssim(np.asarray(cv2.GaussianBlur(picture, (7, 7), 2), np.float32), picture) < 0.8


def test_a_few_steps_on_one_batch_bring_the_loss_down() -> None:
    data, task = batch(), small_task()
    torch.manual_seed(0)
    network = task.network()
    optimiser = torch.optim.Adam(network.parameters(), lr=6e-4)
    losses = []
    for _ in range(10):
        loss = torch.stack(list(task.loss(network, data).values())).sum()
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        losses.append(loss.item())
    assert min(losses[-3:]) < losses[0]


def test_every_parameter_learns() -> None:
    network = Compact(SMALL)
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.05)
    terms = compute_loss(settings(), network, batch(), untrained_sync_loss())
    torch.stack(list(terms.values())).sum().backward()  # type: ignore[no-untyped-call]
    idle = [name for name, p in network.named_parameters() if p.grad is None or not p.grad.any()]
    assert idle == []


def test_a_folder_without_clips_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"train\.tsv is missing"):
        open_cache(tmp_path, "train", tmp_path / "cache")


@pytest.mark.slow
def test_real_clips_become_samples_and_one_step_of_training(clips: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    lines = (clips / "val.tsv").read_text().splitlines()
    for split in ("train", "val"):
        (data / f"{split}.tsv").write_text(
            "\n".join([lines[0], *(x for x in lines if x.startswith("p034"))]) + "\n"
        )
        (data / split).symlink_to(clips / "val")
    cache = open_cache(data, "train", tmp_path / "cache")
    sample = TalkingFaces(cache, 0).sample(np.random.default_rng(0))
    assert sample.lowres.shape == (5, 3, 8, 8)
    assert sample.mel.shape == (80, 20)
    exact = sample.target.float().reshape(3, 8, 32, 8, 32).mean((2, 4)) / 255
    assert float((sample.lowres[-1] - exact).pow(2).mean().sqrt()) < 0.12
    validation = open_cache(data, "val", tmp_path / "cache")
    task = small_task(TrainingData(cache, validation))
    Trainer(config(), task, tmp_path, Limits(steps=2)).train()
    assert load_compact(tmp_path / "compact.safetensors").dimensions == SMALL
    assert list(tmp_path.glob("evaluation_*.json"))
    assert list(tmp_path.glob("samples_*.png"))


def test_texture_counts_blur_and_not_where_things_are() -> None:
    torch.manual_seed(0)
    sharp = torch.rand(1, 3, 64, 64)
    moved = sharp.roll(1, dims=-1)
    blurred = torch.nn.functional.avg_pool2d(sharp, 3, 1, 1)
    assert float(texture_loss(sharp, sharp)) == 0.0
    assert float(texture_loss(moved, sharp)) < 0.1 * float(texture_loss(blurred, sharp))


def test_an_expression_nobody_knows_costs_nothing() -> None:
    face = torch.from_numpy(frontal_shape())[None]
    told = expression_of(face)
    assert float(expression_loss(told, face)) < 1e-6
    assert float(expression_loss(told + 0.1, face)) > 0.1
    assert float(expression_loss(told + 0.1, torch.full_like(face, float("nan")))) == 0.0


def test_lips_and_eyes_of_which_nobody_tells_are_not_asked_for() -> None:
    torch.manual_seed(0)
    network = Compact(SMALL)
    told, untold = batch(), batch()
    untold = untold._replace(shape=torch.full_like(untold.shape, float("nan")))
    with torch.no_grad():
        assert float(compute_loss(settings(), network, told)["region_l1"]) > 0
        assert float(compute_loss(settings(), network, untold)["region_l1"]) == 0
