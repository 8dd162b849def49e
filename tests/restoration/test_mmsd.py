"""mmsd: its shapes, what it sees, hears and is told, and what it costs."""

from collections.abc import Iterator
from dataclasses import fields, replace

import numpy as np
import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from callcodec.config import load_config
from callcodec.wire.emotion import EmotionState
from models.restoration.enlarging import enlarged, fold, level, unfold
from models.restoration.mmsd import EVERYTHING, Branches, Mmsd, MmsdDimensions, picture_size
from models.restoration.mmsd_parts import ACTION_UNITS, EMOTIONS, VoiceFusion, one_hot
from models.restoration.mmsd_restorer import MmsdRestorer, bicubic
from models.restoration.packing import PACKED, unpack
from models.restoration.restorer import FacePicture, Hearing
from models.training.restoration.mdvd_data import face_pictures
from models.training.restoration.mmsd_data import coded, reduced
from tests.restoration.drawn import drawn_face, i420


def compact() -> MmsdDimensions:
    return load_config("models/mmsd_compact", MmsdDimensions)


@pytest.fixture(scope="module")
def network() -> Mmsd:
    """Fresh weights, except that nothing begins with zeros."""
    torch.manual_seed(1)
    made = Mmsd(compact()).eval()
    for weight in (
        made.leave.weight,
        made.video.align.second.weight,
        made.action_units.told.weight,
        made.emotion_fusion.told.weight,
    ):
        torch.nn.init.normal_(weight, std=0.2)
    return made


@pytest.fixture
def restorer(network: Mmsd) -> Iterator[MmsdRestorer]:
    yield MmsdRestorer(network)
    network.branches = EVERYTHING


@pytest.fixture(scope="module")
def decoded() -> list[FacePicture]:
    small = reduced(np.stack(i420([drawn_face(k) for k in range(5)])))
    return face_pictures(coded(small, 28))


def hearing(seed: int = 1) -> Hearing:
    return Hearing(np.random.default_rng(seed).normal(0, 1, (21, 13)).astype(np.float32), emotion=3)


def test_there_are_as_many_emotions_as_the_wire_has() -> None:
    assert len(EmotionState) == EMOTIONS


def test_the_papers_shapes_go_through() -> None:
    with torch.device("meta"):
        paper = Mmsd(load_config("models/mmsd", MmsdDimensions))
        restored = paper(
            torch.empty(2, 5, 6, 60, 36), torch.empty(2, 21, 13), torch.zeros(2, dtype=torch.int64)
        )
    assert picture_size(paper.dimensions) == (120, 72)
    assert restored.picture.shape == (2, PACKED, 120, 72)
    assert [plane.shape[-2:] for plane in unpack(restored.picture)] == [(480, 288), (240, 144), (240, 144)]
    assert restored.action_units.shape == (2, len(ACTION_UNITS))
    assert len(paper.video.blocks) == 4
    assert paper.video.out.out_channels == 64


def test_compact_is_small_and_light(network: Mmsd) -> None:
    assert sum(p.numel() for p in network.parameters()) <= 2e6
    picture = torch.rand(1, 6, 32, 32)
    window = network.features(picture)[:, None].expand(-1, 5, -1, -1, -1)
    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        network.features(picture)
        network.restore(picture, window, torch.zeros(1, 21, 13), torch.tensor([3]))
    assert counter.get_total_flops() <= 2 * 1.1e9


def test_a_fresh_network_enlarges_as_bicubic_does(decoded: list[FacePicture]) -> None:
    shown = MmsdRestorer(Mmsd(compact())).restore(decoded, hearing())
    plain = bicubic(decoded[2].planes)
    assert shown.y.shape == (256, 256)
    assert shown.u.shape == (128, 128)
    np.testing.assert_array_equal(shown.y, plain.y)
    np.testing.assert_array_equal(shown.u, plain.u)


def test_folding_keeps_every_sample_and_enlarging_their_place(decoded: list[FacePicture]) -> None:
    planes = decoded[0].planes
    folded = fold(planes)
    for plane, kept in zip((planes.y, planes.u, planes.v), unfold(folded), strict=True):
        np.testing.assert_array_equal(plane, kept[0, 0].mul(255).round().numpy())
    assert level(folded).shape == (1, 3, 64, 64)
    back = unpack(enlarged(folded))[0].unfold(2, 4, 4).unfold(3, 4, 4).mean((-2, -1))
    assert float((back[0, 0] - torch.from_numpy(planes.y / 255.0)).abs().mean()) < 0.02


@pytest.mark.parametrize(
    "told",
    [
        replace(hearing(), voice=None),
        replace(hearing(), voice=hearing(2).voice),
        replace(hearing(), emotion=None),
        replace(hearing(), emotion=8),
    ],
    ids=["no voice", "another voice", "no emotion", "another emotion"],
)
def test_voice_and_emotion_matter(restorer: MmsdRestorer, decoded: list[FacePicture], told: Hearing) -> None:
    assert (restorer.restore(decoded, hearing()).y != restorer.restore(decoded, told).y).any()


@pytest.mark.parametrize("order", [(2, 2, 2, 2, 2), (4, 3, 2, 1, 0)], ids=["no neighbours", "shuffled"])
def test_the_pictures_around_it_matter(
    restorer: MmsdRestorer, decoded: list[FacePicture], order: tuple[int, ...]
) -> None:
    usual = restorer.restore(decoded, hearing())
    assert (usual.y != restorer.restore([decoded[k] for k in order], hearing()).y).any()


@pytest.mark.parametrize("branch", [field.name for field in fields(Branches)])
def test_each_branch_can_be_switched_off(
    restorer: MmsdRestorer, decoded: list[FacePicture], branch: str
) -> None:
    usual = restorer.restore(decoded, hearing())
    restorer.network.branches = replace(EVERYTHING, **{branch: False})
    assert (usual.y != restorer.restore(decoded, hearing()).y).any()


def test_without_its_branch_the_voice_is_not_heard(
    restorer: MmsdRestorer, decoded: list[FacePicture]
) -> None:
    restorer.network.branches = replace(EVERYTHING, voice=False)
    one, other = (restorer.restore(decoded, hearing(seed)) for seed in (1, 2))
    np.testing.assert_array_equal(one.y, other.y)


def test_the_voice_is_weighted_by_the_inner_product_of_embeddings() -> None:
    fusion = VoiceFusion(6, 4, 3)
    video, voice = torch.randn(2, 6, 5, 7), torch.randn(2, 4, 5, 7)
    theta, phi = fusion.theta(video)[1, :, 3, 2], fusion.phi(voice)[1, :, 3, 2]
    weight = fusion.attention(video, voice)
    assert weight.shape == (2, 1, 5, 7)
    assert weight[1, 0, 3, 2].item() == pytest.approx(torch.sigmoid(theta @ phi).item(), abs=1e-5)


def test_an_unknown_emotion_is_no_state() -> None:
    states = one_hot(torch.tensor([-1, 0, 14]))
    assert states.sum(1).tolist() == [0, 1, 1]
    assert states[2, 14] == 1


def test_features_are_computed_once_a_picture(restorer: MmsdRestorer, decoded: list[FacePicture]) -> None:
    window = [FacePicture(one.planes) for one in decoded]
    counted = []
    hook = restorer.network.coarse.register_forward_hook(lambda *_: counted.append(1))
    for _ in range(3):
        restorer.restore(window, hearing())
    hook.remove()
    assert len(counted) == 5


@pytest.mark.parametrize(
    ("told", "complaint"),
    [
        (Hearing(voice=np.zeros((13, 21), np.float32)), "21 × 13"),
        (Hearing(emotion=15), "states are 0 to 14"),
    ],
)
def test_what_does_not_fit_is_said(
    restorer: MmsdRestorer, decoded: list[FacePicture], told: Hearing, complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        restorer.restore(decoded, told)
    with pytest.raises(ValueError, match="window of 5"):
        restorer.restore(decoded[:3], hearing())
