"""mdvd: its shapes, what it hears and sees, and what it costs."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from callcodec.config import load_config
from models.restoration.mdvd import Codec, FrameFeatures, Mdvd, MdvdDimensions
from models.restoration.mdvd_restorer import MdvdRestorer
from models.restoration.restorer import CodecMaps, FacePicture, Hearing
from tests.faces import frontal_shape
from tests.restoration.drawn import stream

WINDOW = slice(1, 6)


@pytest.fixture(scope="module")
def restorer() -> MdvdRestorer:
    """Fresh weights, except that the last convolutions do not begin with zeros."""
    torch.manual_seed(1)
    network = Mdvd(load_config("models/mdvd_compact", MdvdDimensions))
    for layer in (network.leave, network.video.align.second, network.correction.third):
        torch.nn.init.normal_(layer.weight, std=0.05)
    return MdvdRestorer(network)


@pytest.fixture(scope="module")
def decoded() -> list[FacePicture]:
    return stream(7, 50.0)[1]


def hearing(seed: int = 1) -> Hearing:
    voice = np.random.default_rng(seed).normal(0, 0.4, (21, 13)).astype(np.float32)
    return Hearing(voice, frontal_shape()[:68] + 3 * seed)


def test_a_fresh_network_shows_what_was_decoded(decoded: list[FacePicture]) -> None:
    fresh = MdvdRestorer(Mdvd(load_config("models/mdvd_compact", MdvdDimensions)))
    shown = fresh.restore(decoded[WINDOW], hearing())
    np.testing.assert_array_equal(shown.y, decoded[3].planes.y)
    np.testing.assert_array_equal(shown.v, decoded[3].planes.v)


def _with_codec(window: list[FacePicture], change: Callable[[CodecMaps], CodecMaps]) -> list[FacePicture]:
    return [FacePicture(one.planes, change(one.codec)) for one in window if one.codec is not None]


@pytest.mark.parametrize(
    "change",
    [
        lambda c: replace(c, motion=np.zeros_like(c.motion)),
        lambda c: replace(c, motion=c.motion[::-1].copy()),
        lambda c: replace(c, qp=c.qp + 6),
        lambda c: replace(c, residue=np.zeros_like(c.residue)),
        lambda c: replace(c, prediction=c.prediction[::-1].copy()),
        lambda c: replace(c, edges=~c.edges),
    ],
    ids=["no motion", "shuffled motion", "QP", "no residue", "prediction", "partitions"],
)
def test_everything_that_the_stream_says_matters(
    restorer: MdvdRestorer, decoded: list[FacePicture], change: Callable[[CodecMaps], CodecMaps]
) -> None:
    usual = restorer.restore(decoded[WINDOW], hearing())
    other = restorer.restore(_with_codec(decoded[WINDOW], change), hearing())
    assert (usual.y != other.y).any()


@pytest.mark.parametrize(
    "told",
    [
        replace(hearing(), voice=None),
        replace(hearing(), voice=hearing(2).voice),
        replace(hearing(), landmarks=None),
        replace(hearing(), landmarks=hearing(4).landmarks),
    ],
    ids=["no voice", "another voice", "no landmarks", "other landmarks"],
)
def test_voice_and_landmarks_matter(
    restorer: MdvdRestorer, decoded: list[FacePicture], told: Hearing
) -> None:
    usual = restorer.restore(decoded[WINDOW], hearing())
    assert (usual.y != restorer.restore(decoded[WINDOW], told).y).any()


def test_every_neighbour_matters(restorer: MdvdRestorer, decoded: list[FacePicture]) -> None:
    usual = restorer.restore(decoded[WINDOW], hearing())
    for place in (0, 1, 3, 4):
        window = list(decoded[WINDOW])
        window[place] = decoded[6]
        assert (usual.y != restorer.restore(window, hearing()).y).any()


def test_the_voice_moves_landmarks(restorer: MdvdRestorer) -> None:
    network = restorer.network
    points = torch.from_numpy(frontal_shape()[:68])[None]
    heard = [network.hearing(torch.randn(1, 21, 13))[:, 10] for _ in range(2)]
    first, second = (network.correction(points, one).detach() for one in heard)
    assert float((first - second).abs().max()) > 1e-4
    assert float((first - points).abs().max()) <= 6.0


def test_features_of_a_picture_are_computed_once(
    restorer: MdvdRestorer, decoded: list[FacePicture], monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh, computed = MdvdRestorer(restorer.network), []
    compute = restorer.network.features

    def counted(packed: Tensor) -> FrameFeatures:
        computed.append(packed)
        return compute(packed)

    monkeypatch.setattr(restorer.network, "features", counted)
    fresh.restore(decoded[0:5], hearing())
    fresh.restore(decoded[1:6], hearing())
    assert len(computed) == 6


def test_a_part_of_a_picture_is_restored_as_in_the_whole(restorer: MdvdRestorer) -> None:
    torch.manual_seed(2)
    network = restorer.network
    frames = torch.rand(1, 5, 24, 64, 64)
    codec = Codec(torch.rand(1, 32, 64, 64), torch.rand(1, 8, 64, 64), torch.zeros(1, 4, 2, 64, 64))
    voice, points = torch.randn(1, 21, 13), torch.from_numpy(frontal_shape()[:68])[None]
    with torch.inference_mode():
        whole = network(frames, codec, voice, points, torch.zeros(1, 2)).picture[..., 8:56, 8:56]
        cut = Codec(*(t[..., 8:56, 8:56] for t in codec))
        part = network(frames[..., 8:56, 8:56], cut, voice, points, torch.tensor([[8.0, 8.0]])).picture
    centre = (..., slice(22, 26), slice(22, 26))  # beyond the reach of most of what was cut off
    assert float((whole[centre] - part[centre]).abs().mean()) < 0.1 * float(
        (whole[centre] - frames[:, 2, :, 8:56, 8:56][centre]).abs().mean()
    )


def test_another_window_or_size_is_refused(restorer: MdvdRestorer, decoded: list[FacePicture]) -> None:
    with pytest.raises(ValueError, match="5 pictures, not 3"):
        restorer.restore(decoded[:3], Hearing())
    with pytest.raises(ValueError, match="21"):
        restorer.restore(decoded[WINDOW], Hearing(np.zeros((20, 13), np.float32)))


def test_the_compact_preset_is_small_enough_for_two_cores() -> None:
    network = Mdvd(load_config("models/mdvd_compact", MdvdDimensions)).eval()
    assert sum(p.numel() for p in network.parameters()) <= 2_000_000
    packed = torch.rand(1, 24, 64, 64)
    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        own = network.features(packed)
        others = own.coarse[:, None].repeat(1, 4, 1, 1, 1)
        codec = Codec(torch.rand(1, 32, 64, 64), torch.rand(1, 8, 64, 64), torch.zeros(1, 4, 2, 64, 64))
        network.restore(
            packed, own, others, codec, torch.zeros(1, 21, 13), torch.zeros(1, 68, 2), torch.zeros(1, 2)
        )
    assert counter.get_total_flops() / 2 <= 1.35e9  # multiplications


def test_the_paper_preset_has_the_papers_shapes() -> None:
    with torch.device("meta"):
        network = Mdvd(load_config("models/mdvd", MdvdDimensions))
        codec = Codec(torch.rand(2, 2, 256, 256), torch.rand(2, 8, 256, 256), torch.zeros(2, 4, 2, 256, 256))
        heard = network.hearing(torch.zeros(2, 21, 13))
        assert network.voice(heard).shape == (2, 64, 256, 256)
        assert len(network.voice.blocks) == 5
        assert network.hearing.lstm.num_layers == 3
        assert network.hearing.lstm.bidirectional
        restored = network(
            torch.rand(2, 5, 3, 256, 256),
            codec,
            torch.zeros(2, 21, 13),
            torch.zeros(2, 68, 2),
            torch.zeros(2, 2),
        )
    assert restored.picture.shape == (2, 3, 256, 256)
    assert restored.landmarks.shape == (2, 68, 2)
