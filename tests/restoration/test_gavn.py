"""gavn restores pictures from their neighbours, their landmarks and the voice."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from callcodec.config import load_config
from models.restoration.gavn import ALL, Beyond, Branches, Gavn, GavnDimensions
from models.restoration.gavn_deconvolution import FILTERS, WienerBank
from models.restoration.gavn_restorer import GavnRestorer, packed_planes, scaled, unpacked_planes
from models.restoration.gavn_temporal import Pyramid, Step, alignment_plan, moved
from models.restoration.gavn_trust import Trust
from models.restoration.restorer import FacePicture, Hearing
from models.training.restoration.degradations import blurred
from tests.restoration.drawn import drawn_face, stream


@pytest.fixture(scope="module")
def pictures() -> list[FacePicture]:
    return stream(9)[1]


@pytest.fixture(scope="module")
def restorer() -> GavnRestorer:
    """With weights that do something everywhere."""
    torch.manual_seed(1)
    network = Gavn(load_config("models/gavn_compact", GavnDimensions))
    for module in network.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)) and not module.weight.any():
            nn.init.normal_(module.weight, std=0.05)
    return GavnRestorer(network)


def hearing(seed: int = 1) -> Hearing:
    return Hearing(np.random.default_rng(seed).normal(0, 1, (21, 13)).astype(np.float32))


def differ(restorer: GavnRestorer, window: list[FacePicture], told: Hearing, branches: Branches) -> bool:
    """Whether the picture is another one with only some branches."""
    usual = restorer.restore(window, told)
    restorer.network.branches = branches
    changed = restorer.restore(window, told)
    restorer.network.branches = ALL
    return bool((usual.y != changed.y).any())


def test_a_fresh_network_shows_what_came_in(pictures: list[FacePicture]) -> None:
    fresh = GavnRestorer(Gavn(load_config("models/gavn_compact", GavnDimensions)))
    shown, own = fresh.restore(pictures[:7], hearing()), pictures[3].planes
    assert all((getattr(shown, plane) == getattr(own, plane)).all() for plane in "yuv")


@pytest.mark.parametrize("branch", ["temporal", "skip_frames", "identity", "landmarks", "voice"])
def test_every_branch_matters(restorer: GavnRestorer, pictures: list[FacePicture], branch: str) -> None:
    assert differ(restorer, pictures[:7], hearing(), Branches(**{branch: False}))


def test_another_voice_is_another_picture(restorer: GavnRestorer, pictures: list[FacePicture]) -> None:
    usual, other = (restorer.restore(pictures[:7], hearing(seed)) for seed in (1, 2))
    assert (usual.y != other.y).any()


def test_no_voice_is_the_voice_switched_off(restorer: GavnRestorer, pictures: list[FacePicture]) -> None:
    unheard = restorer.restore(pictures[:7], Hearing())
    restorer.network.branches = Branches(voice=False)
    off = restorer.restore(pictures[:7], hearing())
    restorer.network.branches = ALL
    assert (unheard.y == off.y).all()


@pytest.mark.parametrize("place", [0, 1, 2, 4, 5, 6])
def test_every_neighbour_matters(restorer: GavnRestorer, pictures: list[FacePicture], place: int) -> None:
    window = list(pictures[:7])
    window[place] = pictures[8]
    assert (restorer.restore(window, hearing()).y != restorer.restore(pictures[:7], hearing()).y).any()


def test_the_voice_moves_landmarks(restorer: GavnRestorer) -> None:
    identity, small = restorer.network.identity, torch.rand(1, 3, 64, 64)
    first, second = (identity.points(small, identity.hearing(torch.randn(1, 21, 13))) for _ in range(2))
    assert float((first - second).detach().abs().max()) > 1e-4


def test_features_of_a_picture_are_computed_once(
    restorer: GavnRestorer, pictures: list[FacePicture], monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh, computed = GavnRestorer(restorer.network), []
    compute = restorer.network.features

    def counted(packed: Tensor) -> Pyramid:
        computed.append(1)
        return compute(packed)

    monkeypatch.setattr(restorer.network, "features", counted)
    fresh.restore(pictures[:7], hearing())
    fresh.restore(pictures[1:8], hearing())
    assert len(computed) == 8


def test_one_picture_is_restored_as_together_with_its_neighbours(
    restorer: GavnRestorer, pictures: list[FacePicture]
) -> None:
    told = hearing()
    assert told.voice is not None
    window = scaled(torch.from_numpy(np.stack([packed_planes(p.planes) for p in pictures[:7]])))[None]
    with torch.inference_mode():
        together = restorer.network(window, torch.from_numpy(told.voice).expand(1, 3, 21, 13), torch.ones(1))
    assert together.pictures.shape == (3, 6, 128, 128)
    assert together.points.shape == (3, 68, 2)
    alone = restorer.restore(pictures[:7], told).y.astype(int)
    # A target's own alignments do not depend on the other targets; only rounding may differ.
    assert np.abs(alone - unpacked_planes(together.pictures[1]).y).max() <= 1


def test_a_part_is_restored_as_in_the_whole(restorer: GavnRestorer) -> None:
    torch.manual_seed(2)
    network, origin = restorer.network, torch.tensor([[8, 16]])
    window, voice, voiced = torch.rand(1, 7, 6, 128, 128) - 0.5, torch.randn(1, 3, 21, 13), torch.ones(1)
    own = window[0, 2:5]
    y, x = slice(32, 96), slice(16, 80)
    with torch.inference_mode():
        small = torch.rand(3, 3, 64, 64)
        everything = Beyond(torch.zeros(1, 2, dtype=torch.int64), small, network.corrections(own))
        whole = network(window, voice, voiced, everything).pictures
        cut = Beyond(origin, small, everything.wiener[..., y, x])
        part = network(window[..., y, x], voice, voiced, cut).pictures
    middle = slice(30, 34)
    change = (whole[..., y, x] - own[..., y, x])[..., middle, middle].abs().mean()
    assert float((part - whole[..., y, x])[..., middle, middle].abs().mean()) < 0.25 * float(change)


def test_another_window_or_voice_is_refused(restorer: GavnRestorer, pictures: list[FacePicture]) -> None:
    with pytest.raises(ValueError, match="7 pictures, not 5"):
        restorer.restore(pictures[:5], Hearing())
    with pytest.raises(ValueError, match="21"):
        restorer.restore(pictures[:7], Hearing(np.zeros((20, 13), np.float32)))


def test_packed_planes_come_back(pictures: list[FacePicture]) -> None:
    planes = pictures[4].planes
    back = unpacked_planes(scaled(torch.from_numpy(packed_planes(planes))))
    assert all((getattr(back, plane) == getattr(planes, plane)).all() for plane in "yuv")


def test_the_alignments_are_those_of_the_paper() -> None:
    rounds = alignment_plan(7, (2, 3, 4))
    assert [len(steps) for steps in rounds] == [9, 4, 2, 2]
    steps = [step for steps in rounds for step in steps]
    assert Step("FA", 1, 0, False) in steps  # equation 4
    assert Step("FA", 2, 1, True) in steps
    assert Step("BA", 5, 6, False) in steps  # 5
    assert Step("FS", 3, 1, False) in steps  # 6
    assert Step("FS", 4, 2, True) in steps
    assert Step("BS", 2, 4, True) in steps  # 7
    assert Step("AF", 3, 3, False) in steps  # 8
    assert all(step.kind[1] != "S" for steps in alignment_plan(7, (3,), skip_frames=False) for step in steps)
    with pytest.raises(ValueError, match="two on either side"):
        alignment_plan(7, (1,))


def test_offsets_take_features_from_elsewhere() -> None:
    features = torch.rand(1, 4, 6, 8)
    offsets = torch.zeros(1, 2, 2, 6, 8)
    offsets[:, 1, 0] = 1.0  # the second group looks one pixel to the right
    taken = moved(features, offsets, torch.ones(1, 2, 6, 8))
    torch.testing.assert_close(taken[:, :2], features[:, :2], atol=1e-5, rtol=0)
    torch.testing.assert_close(taken[:, 2:, :, :-1], features[:, 2:, :, 1:], atol=1e-5, rtol=0)


@pytest.mark.parametrize(("kernel", "number"), [(15, 0), (21, 2), (25, 3)])
def test_a_wiener_filter_undoes_blur_of_its_width(kernel: int, number: int) -> None:
    rgb = drawn_face(0)
    clean, soft = rgb[..., 1].astype(np.float32), blurred(rgb, kernel)[..., 1].astype(np.float32)
    added = WienerBank(256)(torch.from_numpy(soft)[None])[0].numpy()
    assert len(added) == len(FILTERS)
    assert np.mean((soft + added[number] - clean) ** 2) < 0.75 * np.mean((soft - clean) ** 2)


def test_filters_leave_flat_pictures_alone() -> None:
    assert float(WienerBank(64)(torch.full((1, 64, 64), 0.3)).abs().max()) < 1e-4


def test_the_compact_preset_is_small_enough_for_two_cores() -> None:
    network = Gavn(load_config("models/gavn_compact", GavnDimensions)).eval()
    assert sum(p.numel() for p in network.parameters()) <= 2_000_000
    own = torch.rand(1, 6, 128, 128)
    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        features = network.features(own)
        network.restore(own, [features] * 7, [3], torch.zeros(1, 21, 13), torch.ones(1))
    assert counter.get_total_flops() / 2 <= 1.75e9  # multiplications


def test_the_paper_preset_has_the_papers_shapes() -> None:
    with torch.device("meta"):
        network = Gavn(load_config("models/gavn", GavnDimensions))
        features = network.features(torch.rand(7, 6, 112, 112))
        assert [level.shape[-1] for level in features] == [56, 28, 14]
        restored = network(torch.rand(1, 7, 6, 112, 112), torch.zeros(1, 3, 21, 13), torch.ones(1))
    assert restored.pictures.shape == (3, 6, 112, 112)
    assert network.dimensions.targets == (2, 3, 4)


def test_what_is_added_shrinks_with_the_share_that_a_spectrum_deserves(
    restorer: GavnRestorer, pictures: list[FacePicture]
) -> None:
    network, own = restorer.network, pictures[3].planes.y.astype(int)
    whole = np.abs(restorer.restore(pictures[:7], hearing()).y - own).mean()
    with torch.no_grad():
        network.trust.share.bias.fill_(0.5)
        half = np.abs(restorer.restore(pictures[:7], hearing()).y - own).mean()
        network.trust.share.bias.fill_(-1.0)
        nothing = np.abs(restorer.restore(pictures[:7], hearing()).y - own).mean()
        network.trust.share.bias.fill_(1.0)
    assert nothing == 0 < half < whole


def test_blur_takes_the_fine_bands_of_a_spectrum() -> None:
    trust, rgb = Trust(256), drawn_face(0)
    sharp, soft = (
        trust.spectrum(torch.from_numpy(p[None, ..., 1].astype(np.float32))) for p in (rgb, blurred(rgb, 21))
    )
    assert (soft[0, 3:] < sharp[0, 3:] - 0.5).all()
    assert sharp.shape == (1, 6)
