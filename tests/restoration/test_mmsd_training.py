"""mmsd learns from small coded faces, their voices, their emotions and what stands for their action units."""

import csv
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import numpy as np
import pytest
import torch
from torch.utils.data import default_collate

from models.checkpoint import export_weights
from models.restoration.enlarging import enlarged
from models.restoration.mmsd import EVERYTHING, Mmsd, Restoration
from models.restoration.mmsd_parts import ACTION_UNITS
from models.restoration.mmsd_restorer import MmsdRestorer, load_mmsd
from models.training.cache import ClipCache, DataError
from models.training.restoration.action_units import proxy_intensities
from models.training.restoration.discriminator import EmotionDiscriminator
from models.training.restoration.mmsd_data import (
    MmsdSample,
    SmallFaces,
    action_units,
    packed,
    reduced,
    shifted,
)
from models.training.restoration.mmsd_last_layer import fit_last_layer
from models.training.restoration.mmsd_scores import branch_lines, judged_small
from models.training.restoration.openface import COLUMNS, read_openface
from models.training.task import AdversarialTask, TrainingData
from models.training.task_registry import load_plan
from models.training.tasks.mmsd import MmsdConfig, MmsdTask
from tests.faces import frontal_shape
from tests.restoration.drawn import drawn_cache, drawn_face, i420

TINY = """
{seen: 8, aligned: 4, alignment_stride: 2, groups: 1, offsets: 4, maps: 8, video_blocks: 1, hearing: 4,
 voice_start: [8, 8], voice: [2, 4, 4, 4], embedding: 4, hidden: 8, dropout: 0.0, reconstruction: [8, 8],
 reconstruction_blocks: [1, 1]}
"""


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("network") / "tiny.yaml"
    path.write_text(TINY)
    return str(path)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> ClipCache:
    return drawn_cache(tmp_path_factory.mktemp("drawn"), clips=2, frames=14)


class Make(Protocol):
    def __call__(self, **changes: object) -> MmsdTask: ...


@pytest.fixture
def make(cache: ClipCache, tiny: str) -> Make:
    """The shipped task with a tiny network, and with ``changes`` of its configuration."""

    def made(**changes: object) -> MmsdTask:
        settings = load_plan("train/mmsd_compact").settings
        assert isinstance(settings, MmsdConfig)
        changed = replace(settings, network=tiny, **changes)  # type: ignore[arg-type]
        return MmsdTask(changed, TrainingData(cache, cache))

    return made


def test_the_same_number_is_the_same_sample(cache: ClipCache) -> None:
    one, same, other = (SmallFaces(cache, (10, 42), None, 7)[n] for n in (3, 3, 4))
    for a, b in zip(one, same, strict=True):
        assert torch.equal(torch.nan_to_num(a), torch.nan_to_num(b))
    assert not torch.equal(one.pictures, other.pictures)


def test_a_sample_is_the_coded_small_version_of_its_target(cache: ClipCache) -> None:
    dataset = SmallFaces(cache, (10, 20), None, 1)
    for number in range(4):
        sample = dataset[number]
        shown = enlarged(sample.pictures[:, 2] / 255.0)
        assert float((shown - sample.target / 255.0).abs().mean()) < 0.05  # shifted and mirrored alike
        assert sample.action_units.isfinite().any()
        width = sample.face[:, 2] - sample.face[:, 0]
        assert (width > 60).all()


def test_pictures_are_shifted_without_interpolation() -> None:
    picture = np.stack(i420([drawn_face(0)]))
    moved = shifted(picture, 3, -2)
    np.testing.assert_array_equal(moved[0, :252, 6:256], picture[0, 4:256, :250])
    np.testing.assert_array_equal(packed(shifted(picture, 0, 0)), packed(picture))


@pytest.mark.parametrize("area", [False, True])
def test_reduced_pictures_keep_their_mean(area: bool) -> None:
    picture = np.stack(i420([drawn_face(0)]))
    small = reduced(picture, area)
    assert small.shape == (1, 96, 64)
    assert float(small[:, :64].mean()) == pytest.approx(float(picture[:, :256].mean()), abs=1.0)


def brighter(sample: MmsdSample) -> MmsdSample:
    """A sample whose coded pictures are too dark: drawn noise cannot be restored, brightness can."""
    return sample._replace(target=(sample.target.int() + 16).clamp(max=255).to(torch.uint8))


def test_a_few_steps_lower_the_loss(make: Make) -> None:
    torch.manual_seed(0)
    task = make(gain=0.0)
    network = task.network()
    batch = default_collate([MmsdSample(*(t[:1] for t in brighter(task.dataset(1)[0])))])
    optimiser = torch.optim.Adam(network.parameters(), lr=8e-3)
    losses = []
    for _ in range(6):
        terms = task.loss(network, batch)
        losses.append(float(terms["l1"].detach()))
        optimiser.zero_grad()
        torch.stack(list(terms.values())).sum().backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    assert losses[-1] < 0.8 * losses[0]


def test_the_action_units_loss_is_theirs(make: Make) -> None:
    task = make()
    network = task.network()
    batch = default_collate([task.dataset(1)[0]])
    task.loss(network, batch)["action_units"].backward()  # type: ignore[no-untyped-call]
    reached = {n.split(".")[0] for n, p in network.named_parameters() if p.grad is not None and p.grad.any()}
    assert "action_units" in reached
    assert "reconstruction" not in reached


def test_the_discriminator_learns_and_is_listened_to_from_a_step_on(make: Make) -> None:
    torch.manual_seed(0)
    task = make(adversarial=0.01, adversarial_from_step=2, discriminator=(4, 8, 8, 8, 8))
    assert isinstance(task, AdversarialTask)
    network, critic = task.network(), task.critic()
    assert isinstance(critic, EmotionDiscriminator)
    torch.nn.init.normal_(network.leave.weight, std=0.05)
    batch = default_collate([task.dataset(1)[0]])
    optimiser = torch.optim.Adam(critic.parameters(), lr=2e-3)
    losses, heard = [], []
    for _ in range(5):
        heard.append("adversarial" in task.adversarial_loss(network, critic, batch))
        loss = task.critic_loss(network, critic, batch)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        losses.append(float(loss.detach()))
    assert heard == [False, False, True, True, True]
    assert losses[-1] < losses[0]
    assert all(p.grad is None for p in network.parameters())


def test_the_discriminator_is_told_the_emotion() -> None:
    torch.manual_seed(0)
    critic = EmotionDiscriminator((4, 8, 8), 32).eval()
    picture = torch.rand(1, 3, 32, 32)
    answers = [critic(picture, torch.tensor([state])).item() for state in (-1, 3, 8)]
    assert len(set(answers)) == 3


def test_without_weight_there_is_no_discriminator(make: Make) -> None:
    assert make(adversarial=0.0).critic() is None


def test_figures_and_a_picture_come_of_the_validation_clips(make: Make, tmp_path: Path) -> None:
    task = make(judged_every=7)
    network = task.network()
    figures = task.evaluate(network)
    assert figures[task.chosen_by] == pytest.approx(0.0, abs=1e-6)  # fresh: bicubic
    assert figures["crf_15_input_db"] > figures["crf_40_input_db"]
    task.draw(network, tmp_path / "drawn.png")
    assert (tmp_path / "drawn.png").stat().st_size > 1000


def test_weights_come_back_as_they_went(make: Make, tmp_path: Path) -> None:
    network = make().network()
    torch.nn.init.normal_(network.leave.weight, std=0.05)
    export_weights(network, tmp_path / "mmsd.safetensors", ["drawn_0"], "mmsd")
    again = load_mmsd(tmp_path / "mmsd.safetensors")
    assert isinstance(again, Mmsd)
    assert picture_of(again).shape == (1, 24, 64, 64)
    assert float((picture_of(again) - picture_of(network.eval())).abs().max()) < 1e-2


def test_the_last_layer_is_fitted_by_least_squares(make: Make) -> None:
    task = make()
    network, samples = task.network(), [brighter(task.dataset(1)[n]) for n in range(2)]
    batch = default_collate(samples)
    before = float(task.loss(network.eval(), batch)["l1"].detach())
    fit_last_layer(network, samples)
    assert float(task.loss(network, batch)["l1"].detach()) < 0.7 * before


def test_each_branch_has_its_line_and_all_are_on_again(make: Make, cache: ClipCache) -> None:
    restorer = MmsdRestorer(make().network())
    judged = judged_small(cache, ("crf_32", "crf_32_area"))
    assert [one.condition for one in judged[:2]] == ["crf_32", "crf_32_area"]
    assert judged[0].emotion == 3
    lines = dict(branch_lines(restorer, judged[:1], 14))
    assert {"everything", "without voice", "without emotion", "branch off: deformable"} <= lines.keys()
    assert lines["everything"][0].face_db == pytest.approx(0.0, abs=1e-6)  # fresh: bicubic
    assert restorer.network.branches == EVERYTHING


def picture_of(network: Mmsd) -> torch.Tensor:
    torch.manual_seed(0)
    with torch.inference_mode():
        seen = torch.rand(1, 5, 6, 32, 32)
        restored: Restoration = network(seen, torch.zeros(1, 21, 13), torch.tensor([-1]))
        return restored.picture


def speaking(opening: float = 0.0, raised: float = 0.0, closed: float = 0.0) -> np.ndarray:
    """A drawn face whose mouth opens, brows rise or lids close; pixels."""
    points = frontal_shape()[:68].astype(np.float32).copy()
    points[[55, 56, 57, 58, 59, 65, 66, 67], 1] += opening
    points[[6, 7, 8, 9, 10], 1] += opening
    points[17:27, 1] -= raised
    points[[37, 38, 43, 44], 1] += closed
    return points


@pytest.mark.parametrize(
    ("face", "unit", "still"),
    [
        (speaking(opening=12), 25, 1),
        (speaking(opening=12), 26, 4),
        (speaking(raised=6), 1, 25),
        (speaking(raised=6), 2, 12),
        (speaking(raised=-6), 4, 25),
        (speaking(closed=4), 45, 25),
    ],
)
def test_a_proxy_answers_to_its_muscle_alone(face: np.ndarray, unit: int, still: int) -> None:
    found = proxy_intensities(np.stack([speaking()] * 4 + [face]))
    assert found.shape == (5, len(ACTION_UNITS))
    assert found[4, ACTION_UNITS.index(unit)] > 0.5
    assert found[4, ACTION_UNITS.index(still)] == pytest.approx(0.0, abs=0.05)
    assert found[0, ACTION_UNITS.index(unit)] == pytest.approx(0.0, abs=0.05)


def test_proxies_do_not_depend_on_where_and_how_large_the_face_is() -> None:
    faces = np.stack([speaking(), speaking(), speaking(opening=8)])
    turn = np.array([[0.8, -0.3], [0.3, 0.8]])
    np.testing.assert_allclose(proxy_intensities(faces), proxy_intensities(faces @ turn.T + 9), atol=0.02)


def test_what_landmarks_do_not_show_is_unknown() -> None:
    faces = np.stack([speaking(), np.full((68, 2), np.nan, np.float32)])
    found = proxy_intensities(faces)
    assert np.isnan(found[0, [ACTION_UNITS.index(6), ACTION_UNITS.index(14)]]).all()
    assert np.isnan(found[1]).all()


def write_openface(path: Path, rows: list[list[float]], columns: tuple[str, ...] = COLUMNS) -> None:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["frame", " success", *(f" {c}" for c in columns)])
        writer.writerows([n, *(f" {v}" for v in row)] for n, row in enumerate(rows))


def test_openfaces_csv_is_read_and_preferred(tmp_path: Path) -> None:
    write_openface(tmp_path / "clip.csv", [[1, *np.arange(17) / 4], [0, *np.ones(17)]])
    found = read_openface(tmp_path / "clip.csv")
    assert found.shape == (2, 17)
    np.testing.assert_allclose(found[0], np.arange(17) / 4)
    assert np.isnan(found[1]).all()
    points = np.stack([speaking()] * 3)
    preferred = action_units("clip", points, tmp_path)
    np.testing.assert_allclose(preferred[0], found[0])
    assert np.isnan(preferred[2]).all()  # OpenFace saw fewer pictures
    np.testing.assert_array_equal(action_units("other", points, tmp_path), proxy_intensities(points))


@pytest.mark.parametrize(
    ("columns", "rows", "complaint"),
    [(COLUMNS[1:], [[1, *np.ones(16)]], "no column AU01_r"), (COLUMNS, [["x", *np.ones(17)]], "number")],
)
def test_another_csv_is_refused(
    tmp_path: Path, columns: tuple[str, ...], rows: list[list[float]], complaint: str
) -> None:
    write_openface(tmp_path / "odd.csv", rows, columns)
    with pytest.raises(DataError, match=complaint):
        read_openface(tmp_path / "odd.csv")
    with pytest.raises(DataError, match="cannot read"):
        read_openface(tmp_path / "missing.csv")
