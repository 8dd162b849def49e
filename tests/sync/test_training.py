"""Training the lip/voice pair networks: who trains which, what a sample is, and that they learn."""

import dataclasses
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch.utils.data import default_collate

from models.sync_network import LIP_CROP, crop_lips
from models.training.cache import CacheWriter, ClipCache, DecodedClip
from models.training.data import voice_window
from models.training.lip_store import WIDE_CROP, cut, open_lips, wide_crop_to_picture
from models.training.sync_data import (
    LipsAndVoices,
    SyncSample,
    another_camera,
    another_microphone,
    padded_voice,
    people_in_halves,
)
from models.training.task import TrainingData
from models.training.task_registry import load_plan
from models.training.tasks.sync import SyncTask, contrast, in_sync_or_not
from tests.faces import frontal_shape
from tests.sync.test_loss import SMALL

FRAMES = 60


def talker(name: str, person: str, lip_sync: str, frames: int = FRAMES) -> DecodedClip:
    """A drawn mouth that opens as a voice of one changing loudness has it."""
    random = np.random.default_rng(len(name) + ord(person[-1]))
    loud = np.convolve(random.uniform(0, 1, frames + 4), np.ones(3) / 3, "same")[:frames]
    loud = (loud - loud.min()) / np.ptp(loud)
    shape = frontal_shape()[:68]
    points = np.repeat(shape[None], frames, 0)
    points[:, [65, 66, 67, 56, 57, 58], 1] += 14 * loud[:, None]
    pictures = []
    for face in points:
        picture = np.full((256, 256, 3), 130, np.uint8)
        for first, last, light in ((48, 60, 190), (60, 68, 30)):
            cv2.fillPoly(picture, [np.round(face[first:last]).astype(np.int32)], (light, light, light))
        pictures.append(picture)
    mel = np.repeat(loud * 2 - 1, 4)[None].repeat(80, 0) if lip_sync == "yes" else np.zeros((80, 0))
    return DecodedClip(
        name, person, lip_sync, "somebody/something", tuple(pictures), points.astype(np.float16),
        mel.astype(np.float16),
    )  # fmt: skip


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> ClipCache:
    folder = tmp_path_factory.mktemp("talkers")
    with CacheWriter(folder, "drawn") as writer:
        for name, person, lip_sync in (
            ("a1", "p1", "yes"), ("b1", "p2", "yes"), ("c1", "p3", "no"), ("d1", "p4", "unknown"),
        ):  # fmt: skip
            writer.add(talker(name, person, lip_sync))
    return ClipCache(folder)


@pytest.fixture(scope="module")
def samples(cache: ClipCache) -> LipsAndVoices:
    return LipsAndVoices(cache, open_lips(cache), frozenset(("p1", "p3")), {}, 0.3, seed=1)


def test_loss_and_judge_have_nobody_in_common_and_as_much_talk(cache: ClipCache) -> None:
    first, second = people_in_halves(cache)
    assert not first & second
    assert first | second == {"p1", "p2", "p3", "p4"}
    for half in (first, second):
        assert len(half) == 2
        assert sum(c.frames for c in cache.clips if c.person in half and c.lip_sync == "yes") == FRAMES


def test_shipped_files_train_the_two_on_other_people_with_other_seeds(cache: ClipCache) -> None:
    plans = [load_plan(name) for name in ("train/sync", "train/sync_judge")]
    tasks = [plan.create(TrainingData(cache, cache)) for plan in plans]
    assert [task.name for task in tasks] == ["sync", "sync_judge"]
    assert all(isinstance(task, SyncTask) for task in tasks)
    assert not tasks[0].people & tasks[1].people  # type: ignore[attr-defined]
    assert plans[0].loop.seed != plans[1].loop.seed


def test_only_clips_in_sync_teach_what_is_in_sync(samples: LipsAndVoices) -> None:
    drawn = [samples[i] for i in range(60)]
    silent = [s for s in drawn if s.in_sync == 0]
    assert 5 < len(silent) < 35
    assert all((s.mel == -1).all() for s in silent)
    assert all((s.mel > -1).any() for s in drawn if s.in_sync == 1)


def test_a_sample_is_the_same_whenever_it_is_drawn(samples: LipsAndVoices) -> None:
    for a, b in zip(samples[7], samples[7], strict=True):
        assert torch.equal(a.nan_to_num(), b.nan_to_num())


def test_people_without_a_clip_in_sync_cannot_be_trained_on(cache: ClipCache) -> None:
    with pytest.raises(ValueError, match="lip_sync = yes"):
        LipsAndVoices(cache, open_lips(cache), frozenset(("p3",)), {}, 0.3, seed=1)


def test_windows_of_the_padded_voice_are_those_of_every_network() -> None:
    mel = np.random.default_rng(0).uniform(-1, 1, (80, 4 * 30 + 3)).astype(np.float32)
    voice = padded_voice(mel, 30)
    for t in (0, 1, 14, 29):
        assert np.array_equal(voice[:, 4 * t : 4 * t + 20], voice_window(mel[:, :130], t))


def test_the_stored_crop_is_what_the_network_sees_of_the_picture() -> None:
    landmarks = frontal_shape()[:68]
    noise = np.random.default_rng(0).uniform(0, 255, (16, 16)).astype(np.float32)
    grey = cv2.resize(noise, (256, 256), interpolation=cv2.INTER_CUBIC).clip(0, 255).astype(np.uint8)
    edge = (WIDE_CROP - LIP_CROP) // 2
    stored = cut(grey, wide_crop_to_picture(landmarks), WIDE_CROP)[edge:-edge, edge:-edge]
    picture = torch.from_numpy(grey / 255).float().expand(1, 1, 3, 256, 256)
    seen = crop_lips(picture, torch.from_numpy(landmarks)[None, None])[0, 0].numpy() * 255
    assert np.abs(stored - seen).mean() < 2


def test_a_subset_of_a_cache_does_not_leave_a_store_of_that_subset(tmp_path: Path) -> None:
    with CacheWriter(tmp_path, "drawn") as writer:
        writer.add(talker("a1", "p1", "yes", 10))
        writer.add(talker("b1", "p2", "yes", 10))
    store = open_lips(ClipCache(tmp_path).only(lambda clip: clip.name == "a1"))
    second = ClipCache(tmp_path).clips[1]
    assert store.crop(second.first_frame + 5).std() > 1
    assert not np.isnan(store.geometry[second.first_frame + 5]).any()


def test_another_camera_moves_and_mirrors_but_keeps_the_order_of_pictures() -> None:
    crops = np.zeros((6, WIDE_CROP, WIDE_CROP), np.uint8)
    for i, crop in enumerate(crops):
        crop[40:] = 100
        crop[: 40 + 4 * i] = 0
    geometry = np.tile(np.arange(6, dtype=np.float32), (6, 1))
    for seed in range(8):
        seen, shape = another_camera(crops, geometry, np.random.default_rng(seed))
        assert seen.shape == (6, LIP_CROP, LIP_CROP)
        dark = seen.mean((1, 2))
        assert (np.diff(dark) < 1).all()
        assert np.array_equal(np.abs(shape), geometry)
        assert (np.abs(shape[:, 4]) == 4).all()


def test_another_microphone_keeps_when_it_is_loud() -> None:
    loud: NDArray[np.float32] = np.full((80, 100), -0.8, np.float32)
    loud[:, 40:60] = 1.0
    for seed in range(8):
        heard = another_microphone(loud, np.random.default_rng(seed))
        assert heard.min() >= -1
        assert heard.max() <= 2
        assert heard[:, 45:55].mean() > heard[:, :35].mean() + 0.3


def test_contrast_is_least_where_lips_know_their_own_voice_and_forgives_neighbours() -> None:
    own = 20 * torch.eye(9)[None]
    beside = own + 20 * torch.diag(torch.ones(8), 1)[None]
    assert contrast(own) < 1e-3
    assert torch.allclose(contrast(beside), contrast(own), atol=1e-4)
    assert contrast(own.roll(4, 1)) > 10


def test_probability_is_for_pairs_in_sync_and_against_those_far_off() -> None:
    right = 20 * torch.eye(12)[None] - 10
    assert in_sync_or_not(right) < 1e-3
    assert in_sync_or_not(-right) > 9


def test_it_learns_that_a_mouth_opens_when_it_is_loud(cache: ClipCache) -> None:
    plan = load_plan("train/sync")
    task = SyncTask(dataclasses.replace(plan.settings, network=SMALL), TrainingData(cache, cache))
    torch.manual_seed(0)
    network = task.network().train()
    optimiser = torch.optim.Adam(network.parameters(), 2e-3)
    dataset = task.dataset(seed=1)
    for step in range(30):
        batch = SyncSample(*default_collate([dataset[3 * step + i] for i in range(3)]))
        loss = torch.stack(list(task.loss(network, batch).values())).sum()
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    figures = task.evaluate(network)
    assert figures["pairs_of_a_second"] > 0.75
    assert network.accuracy.tolist() == pytest.approx(list(figures.values()))
