"""What `paper` makes of its inputs, at a small width."""

import dataclasses

import pytest
import torch
from torch import Tensor

from models.paper.back_projection import BackProjection
from models.paper.network import Paper
from tests.paper.networks import TINY, awake_paper

BATCH = 2


@pytest.fixture(scope="module")
def network() -> Paper:
    return awake_paper().requires_grad_(False)


def inputs() -> dict[str, Tensor]:
    random = torch.Generator().manual_seed(1)
    return {
        "lowres": torch.rand(BATCH, TINY.window, 3, 8, 8, generator=random),
        "mel": torch.rand(BATCH, 80, TINY.mel_frames, generator=random) * 2 - 1,
        "identity": torch.rand(BATCH, 3, TINY.picture, TINY.picture, generator=random),
    }


@pytest.mark.parametrize("name", ["lowres", "mel", "identity"])
@pytest.mark.parametrize("how", ["zeroed", "shuffled"])
def test_each_input_counts(network: Paper, name: str, how: str) -> None:
    given = inputs()
    changed = given | {name: torch.zeros_like(given[name]) if how == "zeroed" else given[name].flip(0)}
    difference = network(**changed).picture - network(**given).picture
    assert float(difference.abs().max()) > 1e-4


@pytest.mark.parametrize("name", ["lowres", "mel"])
def test_pictures_and_voice_also_count_in_the_driving_video(network: Paper, name: str) -> None:
    given = inputs()
    changed = given | {name: given[name].flip(0)}
    assert float((network(**changed).intermediate - network(**given).intermediate).abs().max()) > 1e-4


def test_the_order_of_the_voice_counts(network: Paper) -> None:
    given = inputs()
    backwards = given | {"mel": given["mel"].flip(-1)}
    assert float((network(**backwards).picture - network(**given).picture).abs().max()) > 1e-4


def test_the_output_is_the_driving_video_and_a_residual(network: Paper) -> None:
    made = network(**inputs())
    assert made.animated.residual.any()
    residual = made.animated.residual.reshape(made.picture.shape)
    assert torch.allclose(made.picture, made.intermediate + residual)


def test_a_fresh_network_shows_the_driving_video() -> None:
    made = Paper(TINY)(**inputs())
    assert torch.equal(made.picture, made.intermediate)


def test_the_emotion_state_counts_and_an_unknown_one_is_none(network: Paper) -> None:
    given = inputs()
    plain = network(**given).picture
    unknown = network(**given, emotion=torch.tensor([-1, -1])).picture
    happy, sad = (network(**given, emotion=torch.tensor([state, -1])).picture for state in (3, 5))
    assert torch.equal(unknown, plain)
    assert not torch.equal(happy[0], plain[0])
    assert not torch.equal(happy[0], sad[0])
    assert torch.allclose(happy[1], plain[1], atol=1e-5)


def test_a_cached_identity_gives_what_its_image_gives(network: Paper) -> None:
    given = inputs()
    cached = given | {"identity": network.encode_identity(given["identity"])}
    assert torch.equal(network(**cached).picture, network(**given).picture)


def test_the_newest_picture_alone_is_that_of_the_window(network: Paper) -> None:
    newest = network(**inputs(), newest_only=True).picture
    assert torch.allclose(newest[:, 0], network(**inputs()).picture[:, -1], atol=1e-4)


def test_a_batch_gives_what_its_members_give_alone(network: Paper) -> None:
    together = network(**inputs()).picture
    alone = [network(**{k: v[i : i + 1] for k, v in inputs().items()}).picture for i in range(BATCH)]
    assert torch.allclose(together, torch.cat(alone), atol=1e-3)


def test_every_parameter_learns() -> None:
    single = dataclasses.replace(TINY, window=1)
    network = awake_paper(single)
    states = torch.arange(single.emotions)  # a state's row of the embedding learns from its own samples
    made = network(
        torch.rand(len(states), 1, 3, 8, 8),
        torch.rand(len(states), 80, single.mel_frames),
        torch.rand(len(states), 3, 64, 64),
        states,
    )
    (made.picture**2).mean().backward()
    idle = [name for name, p in network.named_parameters() if p.grad is None or not p.grad.any()]
    assert idle == []


@pytest.mark.parametrize("scale", [4, 8])
def test_back_projection_stacks_seven_enlarged_maps(scale: int) -> None:
    large = BackProjection(channels=2, scale=scale)(torch.rand(1, 2, 4, 4))
    assert large.shape == (1, 14, 4 * scale, 4 * scale)
