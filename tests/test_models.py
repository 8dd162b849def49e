"""What the reconstructors promise to a receiver."""

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch.utils.flop_counter import FlopCounterMode

from models.bench import benchmark
from models.checkpoint import export_weights
from models.compact import Compact
from models.compact_parts import CompactDimensions
from models.reconstructor import BicubicReconstructor, CompactReconstructor
from models.registry import SHIPPED, create_reconstructor
from tests.faces import frontal_shape

RANDOM = np.random.default_rng(0)
PORTRAIT = RANDOM.integers(0, 256, (256, 256, 3)).astype(np.uint8)
LOWRES = RANDOM.random((5, 3, 8, 8)).astype(np.float32)
MEL = RANDOM.uniform(-1, 1, (80, 20)).astype(np.float32)
CPU = torch.device("cpu")
# A face of plausible proportions: mean landmarks of a frontal head.
SHAPE = frontal_shape()


def awake_network() -> Compact:
    """A network of random weights in which no layer is still zero: every input can reach the output."""
    torch.manual_seed(0)
    network = Compact(CompactDimensions())
    for parameter in network.parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.05)
    return network.requires_grad_(False)


@pytest.fixture(scope="module")
def reconstructor() -> CompactReconstructor:
    made = CompactReconstructor(awake_network(), CPU)
    made.set_identity(PORTRAIT, SHAPE)
    return made


def shown(
    reconstructor: CompactReconstructor, lowres: NDArray[np.float32], mel: NDArray[np.float32]
) -> torch.Tensor:
    return reconstructor.reconstruct(lowres, mel)


@pytest.mark.parametrize("name", SHIPPED)
def test_every_reconstructor_makes_a_picture_in_range(name: str) -> None:
    made = create_reconstructor(name)
    made.set_identity(PORTRAIT)
    picture = made.reconstruct(LOWRES, MEL, emotion=None)
    assert made.name == name
    assert picture.shape == (3, 256, 256)
    assert picture.dtype == torch.float32
    assert float(picture.min()) >= 0.0
    assert float(picture.max()) <= 1.0


def test_an_unknown_name_is_answered_with_those_that_exist() -> None:
    with pytest.raises(ValueError, match="bicubic, compact"):
        create_reconstructor("magic")


def test_the_same_input_gives_the_same_picture(reconstructor: CompactReconstructor) -> None:
    assert torch.equal(shown(reconstructor, LOWRES, MEL), shown(reconstructor, LOWRES, MEL))


@pytest.mark.parametrize("slot", range(5))
def test_every_picture_of_the_window_counts(reconstructor: CompactReconstructor, slot: int) -> None:
    changed = LOWRES.copy()
    changed[slot] = 0.5
    assert not torch.equal(shown(reconstructor, changed, MEL), shown(reconstructor, LOWRES, MEL))


def test_the_voice_counts(reconstructor: CompactReconstructor) -> None:
    silence = np.full_like(MEL, -1.0)
    assert not torch.equal(shown(reconstructor, LOWRES, silence), shown(reconstructor, LOWRES, MEL))


def test_the_shape_counts_and_so_does_not_knowing_it(reconstructor: CompactReconstructor) -> None:
    open_mouth = SHAPE.copy()
    open_mouth[65:68, 1] += 8
    told = [reconstructor.reconstruct(LOWRES, MEL, None, shape) for shape in (SHAPE, open_mouth, None)]
    assert not torch.equal(told[0], told[1])
    assert not torch.equal(told[0], told[2])


def test_the_emotion_counts(reconstructor: CompactReconstructor) -> None:
    assert not torch.equal(
        reconstructor.reconstruct(LOWRES, MEL, 3), reconstructor.reconstruct(LOWRES, MEL, None)
    )


def test_lips_land_where_the_shape_says() -> None:
    """A fresh network paints nothing, so what is moved can be read off the picture."""
    torch.manual_seed(0)
    network = Compact(CompactDimensions()).requires_grad_(False)
    ramp = torch.linspace(0, 1, 256).expand(1, 3, 256, 256).transpose(2, 3).contiguous()  # grows downwards
    wanted = SHAPE.copy()
    wanted[48:68, 1] += 6
    lowres = torch.nn.functional.avg_pool2d(ramp, 32)[:, None].expand(-1, 5, -1, -1, -1)
    told = [torch.from_numpy(shape)[None] for shape in (SHAPE, wanted)]
    moved = network.animate(
        lowres, torch.zeros(1, 80, 20), network.encode_identity(ramp, told[0]), told[1]
    ).moved
    x, y = (round(float(v)) for v in wanted[51])
    assert float(moved[0, 0, y, x]) == pytest.approx(float(ramp[0, 0, y - 6, x]), abs=2 / 255)


def test_the_identity_counts() -> None:
    made = CompactReconstructor(awake_network(), CPU)
    made.set_identity(PORTRAIT)
    before = made.reconstruct(LOWRES, MEL)
    made.set_identity(PORTRAIT[:, ::-1].copy())
    assert not torch.equal(made.reconstruct(LOWRES, MEL), before)


def test_a_fresh_network_shows_mostly_the_identity_image_in_place() -> None:
    smooth = np.tile(np.linspace(0, 255, 256).astype(np.uint8)[None, :, None], (256, 1, 3))
    torch.manual_seed(0)
    made = CompactReconstructor(Compact(CompactDimensions()).requires_grad_(False), CPU)
    made.set_identity(smooth)
    lowres = smooth.reshape(8, 32, 8, 32, 3).mean((1, 3)).transpose(2, 0, 1) / 255
    window = np.repeat(lowres[None], 5, axis=0).astype(np.float32)
    original = torch.from_numpy(smooth).permute(2, 0, 1) / 255
    assert float((made.reconstruct(window, MEL) - original).abs().mean()) < 0.1


def test_a_picture_before_the_identity_is_refused() -> None:
    with pytest.raises(ValueError, match="identity"):
        CompactReconstructor(awake_network(), CPU).reconstruct(LOWRES, MEL)


def test_inputs_of_another_shape_are_refused(reconstructor: CompactReconstructor) -> None:
    with pytest.raises(ValueError, match="8×8"):
        reconstructor.reconstruct(LOWRES[:4], MEL)
    with pytest.raises(ValueError, match="256"):
        reconstructor.set_identity(PORTRAIT[:128])


def test_compact_keeps_to_its_budget_of_parameters_and_operations() -> None:
    network = Compact(CompactDimensions()).requires_grad_(False)
    identity = network.encode_identity(torch.rand(1, 3, 256, 256))
    with FlopCounterMode(display=False) as counter:
        network(torch.rand(1, 5, 3, 8, 8), torch.rand(1, 80, 20), identity)
    assert sum(p.numel() for p in network.parameters()) <= 2.5e6
    assert counter.get_total_flops() <= 3.0e9


def test_a_batch_gives_what_its_members_give_alone() -> None:
    network = awake_network()
    images, lowres, mel = torch.rand(2, 3, 256, 256), torch.rand(2, 5, 3, 8, 8), torch.rand(2, 80, 20)
    together = network(lowres, mel, network.encode_identity(images))
    alone = [
        network(lowres[i : i + 1], mel[i : i + 1], network.encode_identity(images[i : i + 1])) for i in (0, 1)
    ]
    assert torch.allclose(together, torch.cat(alone), atol=1e-4)


def test_the_benchmark_reports_a_plausible_time() -> None:
    assert 0 < benchmark(BicubicReconstructor(CPU), frames=5) < 1


def test_weights_from_a_file_are_used(tmp_path: Path) -> None:
    network = awake_network()
    export_weights(network, tmp_path / "own.safetensors", ["clip"])
    made = create_reconstructor("compact", weights=tmp_path / "own.safetensors")
    made.set_identity(PORTRAIT)
    expected = CompactReconstructor(network, CPU)
    expected.set_identity(PORTRAIT)
    assert torch.allclose(made.reconstruct(LOWRES, MEL), expected.reconstruct(LOWRES, MEL), atol=0.05)
