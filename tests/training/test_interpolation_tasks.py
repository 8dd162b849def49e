"""The two interpolation tasks: what they draw, that they learn, and what their figures say."""

import pickle

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.consistency import luma
from models.training.cache import ClipCache, ClipInfo
from models.training.interpolation_data import CausalSample, KeySample, damaged, voice_until
from models.training.stretches import LEAD_IN, area_average, code, crop, voice_from
from models.training.task import TrainingData
from models.training.task_registry import load_plan
from models.training.tasks.interpolation import InterpolationTask
from models.training.tasks.interpolation_causal import CausalTask

FRAMES = 60


class SwayingClips(ClipCache):
    """Two drawn clips in memory: a bright disc that sways over a coloured slope, and a rising voice."""

    def __init__(self) -> None:
        self.clips = tuple(
            ClipInfo(name, name, "yes", "drawn", number * FRAMES, FRAMES, True)
            for number, name in enumerate(("one", "two"))
        )

    def __reduce__(self) -> tuple[type["SwayingClips"], tuple[()]]:  # type: ignore[override]
        return SwayingClips, ()

    def frame(self, number: int) -> NDArray[np.uint8]:
        return self._draw(number, 256)

    def small_frame(self, number: int) -> NDArray[np.uint8]:
        return self._draw(number, 64)

    def mel(self, clip: int) -> NDArray[np.float32]:  # noqa: ARG002
        return np.tile(np.linspace(-1, 1, 4 * FRAMES, dtype=np.float32), (80, 1))

    @staticmethod
    def _draw(number: int, size: int) -> NDArray[np.uint8]:
        y, x = np.mgrid[:size, :size] / size
        disc = (x - 0.5 - 0.15 * np.sin(number / 6)) ** 2 + (y - 0.5) ** 2 < 0.08
        picture = np.stack((60 + 60 * x, 80 + 40 * y, 100 + 0 * x), -1)
        picture[disc] += (90, 70, 50)
        return picture.astype(np.uint8)


def create(name: str) -> InterpolationTask | CausalTask:
    clips = SwayingClips()
    task = load_plan(f"train/{name}").create(TrainingData(clips, clips))
    assert isinstance(task, InterpolationTask | CausalTask)
    return task


@pytest.mark.parametrize("name", ["interpolation", "interpolation_causal"])
def test_a_sample_depends_on_seed_and_number_alone_in_any_process(name: str) -> None:
    dataset = create(name).dataset(seed=3)
    first = [dataset[0], dataset[5]]
    elsewhere = pickle.loads(pickle.dumps(dataset))
    again = [elsewhere[0], elsewhere[5]]
    for one, other in zip(first, again, strict=True):
        assert all(torch.equal(a, b) for a, b in zip(one, other, strict=True))
    assert not torch.equal(first[0].exact, first[1].exact)


def batch_of(task: InterpolationTask | CausalTask) -> KeySample | CausalSample:
    dataset = task.dataset(seed=1)
    samples = [dataset[i] for i in range(6)]
    return type(samples[0])(*(torch.stack(field) for field in zip(*samples, strict=True)))


@pytest.mark.parametrize("name", ["interpolation", "interpolation_causal"])
def test_a_few_steps_bring_the_loss_down(name: str) -> None:
    torch.manual_seed(0)
    task = create(name)
    network, batch = task.network(), batch_of(task)
    optimiser = torch.optim.Adam(network.parameters(), 1e-3)
    losses = []
    for _ in range(12):
        loss = torch.stack(list(task.loss(network, batch).values())).sum()  # type: ignore[arg-type]
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.96 * losses[0]


@pytest.mark.parametrize(
    ("name", "baseline"), [("interpolation", "linear"), ("interpolation_causal", "hold")]
)
def test_an_untrained_network_scores_as_its_baseline(name: str, baseline: str) -> None:
    task = create(name)
    figures = task.evaluate(task.network())  # type: ignore[arg-type]
    assert figures[task.chosen_by] == pytest.approx(figures[f"{baseline}_psnr_db"])
    assert figures["network_luma_db"] == pytest.approx(figures[f"{baseline}_luma_db"])


def test_area_averages_weigh_parts_of_pixels() -> None:
    assert np.allclose(area_average(0, 64), np.kron(np.eye(8), np.full(8, 1 / 8)))
    shifted = area_average(0.25, 60.25)
    assert np.allclose(shifted.sum(1), 1)
    assert shifted[0, 0] == pytest.approx(0.75 / 7.5)


def test_a_crop_keeps_flat_pictures_flat() -> None:
    frames = np.full((10, 64, 64, 3), 77.0)
    for seed in range(8):
        assert np.allclose(crop(frames, np.random.default_rng(seed)), 77)


def test_keys_are_what_the_wire_makes_of_every_fifth_picture() -> None:
    exact = np.random.default_rng(0).uniform(0, 255, (10, 8, 8, 3))
    coded = code(exact, np.zeros((80, 80), np.float32), 9, reference_distance=2)
    assert coded.keys.shape == (2, 3, 8, 8)
    assert coded.exact.shape == (10, 3, 8, 8)
    error = luma(torch.from_numpy(coded.keys - coded.exact[::5])).abs()
    assert 0.001 < float(error.mean()) < 0.03


def test_the_voice_until_a_moment_ends_with_it() -> None:
    mel = np.tile(np.arange(4 * FRAMES, dtype=np.float32), (80, 1))
    voice = voice_from(mel, first=20, length=30)
    assert voice[0, LEAD_IN] == 80
    assert voice_until(voice, 0.0)[0].tolist() == list(range(60, 80))
    assert voice_until(voice, 2.5)[0].tolist() == list(range(70, 90))
    before = voice_from(mel, first=0, length=10)
    assert (before[:, :LEAD_IN] == -1).all()


def test_keys_are_lost_now_and_then() -> None:
    keys = np.random.default_rng(0).random((5, 3, 8, 8)).astype(np.float32)
    seen: set[tuple[int, ...]] = set()
    for seed in range(200):
        changed = (damaged(keys, np.random.default_rng(seed)) != keys).any((1, 2, 3))
        seen.add(tuple(np.flatnonzero(changed)))
    assert {(), (1,), (2,), (3,), (0,)} <= seen
    assert all(4 not in numbers for numbers in seen)


def test_lively_and_calm_samples_count_by_their_rms() -> None:
    task = create("interpolation")
    batch = batch_of(task)
    assert isinstance(batch, KeySample)
    terms: dict[str, Tensor] = task.loss(task.network(), batch)  # type: ignore[arg-type]
    assert set(terms) == {"rgb", "luma"}
    assert all(float(term) > 0 for term in terms.values())
