"""What cosines of lips and voice say: offsets, LSE-D and LSE-C, and how often a network is right."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional as F

from models.sync_scoring import OFFSETS, measure_accuracy, offset_curve


def embeddings(n: int, seed: int = 0) -> Tensor:
    return F.normalize(torch.randn(n, 64, generator=torch.Generator().manual_seed(seed)), dim=-1)


@settings(deadline=None, max_examples=20)
@given(late=st.integers(-OFFSETS, OFFSETS))
def test_a_voice_that_comes_late_is_found_to_be_as_late_as_it_is(late: int) -> None:
    lips = embeddings(60)
    assert offset_curve(lips, lips.roll(late, 0)).offset == late


def test_lips_that_are_their_voice_have_no_distance_and_much_confidence() -> None:
    lips = embeddings(60)
    curve = offset_curve(lips, lips)
    assert curve.distance == pytest.approx(0, abs=1e-2)
    assert curve.confidence > 1.2


def test_lips_of_another_clip_have_more_distance_and_less_confidence() -> None:
    own, other = offset_curve(embeddings(60), embeddings(60)), offset_curve(embeddings(60), embeddings(60, 1))
    assert other.distance > own.distance
    assert other.confidence < own.confidence


def test_a_clip_too_short_for_the_offsets_is_refused() -> None:
    with pytest.raises(ValueError, match="more than 15 windows"):
        offset_curve(embeddings(OFFSETS), embeddings(OFFSETS))
    with pytest.raises(ValueError, match="not 30 and 31"):
        offset_curve(embeddings(30), embeddings(31))


def test_a_network_that_knows_every_window_is_always_right() -> None:
    found = measure_accuracy([(embeddings(70, seed), embeddings(70, seed)) for seed in range(3)])
    assert (found.pairs, found.pairs_of_a_second, found.threshold, found.offset) == (1, 1, 1, 1)


def test_a_network_that_knows_nothing_is_right_half_of_the_time() -> None:
    found = measure_accuracy([(embeddings(150, seed), embeddings(150, 50 + seed)) for seed in range(12)])
    assert found.pairs == pytest.approx(0.5, abs=0.05)
    assert found.pairs_of_a_second == pytest.approx(0.5, abs=0.2)
    assert found.threshold == pytest.approx(0.5, abs=0.05)
    assert found.offset < 0.5


def test_a_whole_second_is_told_better_than_five_pictures() -> None:
    def faintly(seed: int) -> tuple[Tensor, Tensor]:
        return embeddings(100, seed), F.normalize(
            embeddings(100, seed) + 4 * embeddings(100, 50 + seed), dim=-1
        )

    found = measure_accuracy([faintly(seed) for seed in range(5)])
    assert 0.6 < found.pairs < found.pairs_of_a_second


def test_without_a_clip_there_is_no_accuracy() -> None:
    with pytest.raises(ValueError, match="no clips"):
        measure_accuracy([])
