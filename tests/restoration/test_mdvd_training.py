"""mdvd learns from streams that a call's encoder makes on the fly."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.utils.data import default_collate

from models.restoration.mdvd_restorer import MdvdRestorer
from models.restoration.restorer import FacePicture, FacePlanes
from models.training.cache import ClipCache, DataError
from models.training.restoration.ablations import ABLATIONS, EVERYTHING
from models.training.restoration.i420_store import SharpClips
from models.training.restoration.judging import told_of
from models.training.restoration.mdvd_data import DecodedFaces, mirrored, window_of
from models.training.restoration.mdvd_scores import judged_streams
from models.training.restoration.scores import bisected, face_box, gain
from models.training.task import TrainingData
from models.training.task_registry import load_plan
from models.training.tasks.mdvd import MdvdTask
from tests.faces import frontal_shape
from tests.restoration.drawn import drawn_cache, stream


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> ClipCache:
    return drawn_cache(tmp_path_factory.mktemp("drawn"))


@pytest.fixture(scope="module")
def task(cache: ClipCache) -> MdvdTask:
    made = load_plan("train/mdvd_compact").create(TrainingData(cache, cache))
    assert isinstance(made, MdvdTask)
    return made


def test_the_same_number_is_the_same_sample(cache: ClipCache) -> None:
    one, same, other = DecodedFaces(cache, 7)[3], DecodedFaces(cache, 7)[3], DecodedFaces(cache, 7)[4]
    for a, b in zip(one, same, strict=True):
        assert torch.equal(torch.nan_to_num(a), torch.nan_to_num(b))
    assert not torch.equal(one.frames, other.frames)


def test_a_sample_is_a_decoded_part_and_its_original(cache: ClipCache) -> None:
    samples = [DecodedFaces(cache, 1)[n] for n in range(6)]
    for sample in samples:
        assert sample.frames.shape == (8, 5, 24, 32, 32)
        decoded, target = sample.frames[:, 2].float(), sample.target.float()
        assert float((decoded - target).abs().mean()) < 30  # of the same place, flipped alike
        assert (sample.origin >= 0).all()
        assert (sample.origin <= 32).all()
    assert any(not bool((sample.frames[:, 2] == sample.target).all()) for sample in samples)


def test_low_sources_are_not_restored_to(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="400 pixels"):
        SharpClips(drawn_cache(tmp_path, source_px=320, clips=1, frames=3))


def test_a_few_steps_lower_the_loss(task: MdvdTask) -> None:
    torch.manual_seed(0)
    network, dataset = task.network(), task.dataset(1)
    batch = default_collate([dataset[0]])
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-3)
    losses = []
    for _ in range(20):
        terms = task.loss(network, batch)
        losses.append(float(terms["gain"].detach()))
        optimiser.zero_grad()
        torch.autograd.backward(torch.stack(list(terms.values())).sum())
        optimiser.step()
    assert losses[0] == pytest.approx(0.0, abs=1e-6)
    assert losses[-1] < -0.002


def test_the_loss_of_landmarks_reaches_only_what_corrects_them(task: MdvdTask) -> None:
    network = task.network()
    batch = default_collate([task.dataset(1)[0]])
    torch.autograd.backward(task.loss(network, batch)["landmarks"])
    reached = {n.split(".")[0] for n, p in network.named_parameters() if p.grad is not None and p.grad.any()}
    assert reached <= {"correction", "hearing"}
    assert "correction" in reached


def test_a_clip_is_judged_at_the_rate_of_the_wanted_quality(cache: ClipCache) -> None:
    one, coarse = judged_streams(cache, ("at_31_db", "at_26_db"))[:2]
    assert (one.kbps or 0) > (coarse.kbps or 0) > 0
    decoded = [
        gain(a.planes, b.planes, b.planes, p)
        for a, b, p in zip(one.original, one.degraded, one.points, strict=True)
    ]
    assert np.mean([g.before_db for g in decoded]) == pytest.approx(31, abs=1.5)


def test_what_changes_nothing_gains_nothing() -> None:
    original, decoded = stream(2, 40)
    points = frontal_shape()[:68]
    same = gain(original[1].planes, decoded[1].planes, decoded[1].planes, points)
    best = gain(original[1].planes, decoded[1].planes, original[1].planes, points)
    assert same.face_after_db == same.face_before_db
    assert same.upper_db == same.lower_db == 0
    assert best.face_after_db > 80 > best.face_before_db


def test_the_box_of_a_face_holds_its_landmarks() -> None:
    points = frontal_shape()[:68]
    rows, columns = face_box(points, 256)
    assert columns.start < points[:, 0].min()
    assert columns.stop > points[:, 0].max()
    assert rows.start < points[:, 1].min()
    assert face_box(np.full_like(points, np.nan), 256) == (slice(0, 256), slice(0, 256))


def test_the_rate_is_found_by_halving() -> None:
    assert bisected(lambda kbps: 10 * np.log10(kbps), 16.0) == pytest.approx(10**1.6, rel=0.1)


def test_at_the_ends_the_nearest_picture_stands_in() -> None:
    pictures = [FacePicture(FacePlanes(*(np.full((s, s), k, np.uint8) for s in (4, 2, 2)))) for k in range(4)]
    assert [p.planes.y[0, 0] for p in window_of(pictures, 0, False)] == [0, 0, 0, 1, 2]
    assert [p.planes.y[0, 0] for p in window_of(pictures, 3, False)] == [1, 2, 3, 3, 3]
    assert [p.planes.y[0, 0] for p in window_of(pictures, 2, True)] == [0, 1, 2, 2, 2]


def test_mirrored_landmarks_are_those_of_the_mirrored_face() -> None:
    points = frontal_shape()[:68]
    flipped = mirrored(points)
    assert flipped[36, 0] == pytest.approx(255 - points[45, 0])
    np.testing.assert_allclose(mirrored(flipped), points, atol=1e-3)


@pytest.mark.parametrize("name", [name for name in ABLATIONS if name != EVERYTHING])
def test_an_ablation_takes_something_away_and_keeps_the_picture(
    cache: ClipCache, task: MdvdTask, name: str
) -> None:
    one, _, other, _ = judged_streams(cache)
    restorer = MdvdRestorer(task.network())
    told, foreign = told_of(restorer, one, 5), told_of(restorer, other, 5)
    told = replace(told, hearing=replace(told.hearing, landmarks=frontal_shape()[:68]))
    changed = ABLATIONS[name](told, foreign)
    assert changed.window[2].planes is told.window[2].planes
    assert len(changed.window) == len(told.window)
    assert changed.window != told.window or changed.hearing is not told.hearing


def test_a_restorer_is_told_what_a_detector_finds_not_what_is_known(cache: ClipCache, task: MdvdTask) -> None:
    one = judged_streams(cache, ("at_60_kbps",))[0]
    hearing = told_of(MdvdRestorer(task.network()), one, 3).hearing
    assert hearing.landmarks is None or not np.allclose(hearing.landmarks, one.points[3], atol=1e-3)


def test_a_fresh_network_gains_nothing(task: MdvdTask) -> None:
    figures = task.evaluate(task.network().eval())
    assert figures["at_27_db_face_gain_db"] == pytest.approx(0.0, abs=0.02)
