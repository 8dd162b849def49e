"""Networks between two frames and after the last one, and what happens where they cannot be used."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from models.interpolation import (
    CausalDimensions,
    CausalPrediction,
    FrameInterpolation,
    InterpolationDimensions,
)
from receiver.interpolation import Interpolator, MotionAdaptiveInterpolator
from receiver.interpolators import create_interpolator
from receiver.network_interpolation import CausalInterpolator, NetworkInterpolator

INTERVAL_S = 0.2


def silence(from_s: float, to_s: float) -> NDArray[np.int16]:
    return np.zeros(round((to_s - from_s) * 16_000), np.int16)


def noise(from_s: float, to_s: float) -> NDArray[np.int16]:
    count = round((to_s - from_s) * 16_000)
    return np.random.default_rng(1).integers(-9000, 9000, count).astype(np.int16)


def trained(create: Callable[[], nn.Module]) -> nn.Module:
    """A network whose weights change the baseline a little, the same every time."""
    torch.manual_seed(3)
    network = create()
    last = network.last
    assert isinstance(last, nn.Conv2d | nn.Conv3d)
    nn.init.normal_(last.weight, std=0.01)
    return network.requires_grad_(False).eval()


class Counting(FrameInterpolation):
    """Untrained, so linear; counts its runs."""

    runs = 0

    def forward(self, keys: torch.Tensor, step: torch.Tensor | None = None) -> torch.Tensor:
        self.runs += 1
        return super().forward(keys, step)


def network() -> NetworkInterpolator:
    interpolation = trained(lambda: FrameInterpolation(InterpolationDimensions()))
    assert isinstance(interpolation, FrameInterpolation)
    return NetworkInterpolator(INTERVAL_S, interpolation)


def causal(voice: Callable[[float, float], NDArray[np.int16]] = silence) -> CausalInterpolator:
    prediction = trained(lambda: CausalPrediction(CausalDimensions()))
    assert isinstance(prediction, CausalPrediction)
    return CausalInterpolator(INTERVAL_S, prediction, FrameInterpolation(InterpolationDimensions()), voice)


def face(seed: int, size: int = 8) -> NDArray[np.uint8]:
    smooth = np.random.default_rng(seed).uniform(60, 190, (1, 1, 3)) + 30 * np.random.default_rng(0).random(
        (size, size, 3)
    )
    return smooth.astype(np.uint8)


def feed(interpolator: Interpolator, times_s: list[float], size: int = 8) -> None:
    for number, time_s in enumerate(times_s):
        interpolator.add(time_s, face(number, size), 7.0)


def picture(interpolator: Interpolator, media_time_s: float) -> NDArray[np.float32]:
    shown = interpolator.at(media_time_s)
    assert shown is not None
    return shown.picture


EVEN = [i * INTERVAL_S for i in range(6)]


@pytest.mark.parametrize("create", [network, causal])
def test_nothing_is_shown_before_the_first_frame(create: Callable[[], Interpolator]) -> None:
    interpolator = create()
    assert interpolator.at(0.0) is None
    interpolator.add(1.0, face(0), 7.0)
    assert interpolator.at(0.9) is None
    assert interpolator.at(1.0) is not None


@pytest.mark.parametrize("create", [network, causal])
def test_an_untrained_network_between_frames_draws_straight_lines(create: Callable[[], Interpolator]) -> None:
    interpolator = create() if create is causal else NetworkInterpolator(
        INTERVAL_S, FrameInterpolation(InterpolationDimensions())
    )  # fmt: skip
    feed(interpolator, EVEN)
    between = (face(3) / 255 + face(4) / 255).transpose(2, 0, 1) / 2
    assert np.allclose(picture(interpolator, 0.7), between, atol=1e-5)


def test_the_network_changes_what_is_shown_between_frames() -> None:
    ours, adaptive = network(), MotionAdaptiveInterpolator(INTERVAL_S)
    feed(ours, EVEN)
    feed(adaptive, EVEN)
    assert np.abs(picture(ours, 0.9) - picture(adaptive, 0.9)).max() > 1e-4


def test_the_network_runs_once_for_each_new_frame() -> None:
    counting = Counting(InterpolationDimensions())
    interpolator = NetworkInterpolator(INTERVAL_S, counting)
    feed(interpolator, EVEN)
    counting.runs = 0
    for slot in range(5):
        for back in range(5):
            interpolator.at(0.8 + 0.04 * (slot - back) + 0.01)
    assert counting.runs == 1


def test_a_late_frame_counts_as_soon_as_it_is_there() -> None:
    late, punctual = network(), network()
    feed(punctual, EVEN)
    for number in (0, 1, 2, 4, 5):
        late.add(EVEN[number], face(number), 7.0)
    before = picture(late, 0.7)
    late.add(EVEN[3], face(3), 7.0)
    assert not np.allclose(before, picture(late, 0.7), atol=1e-3)
    assert np.allclose(picture(late, 0.7), picture(punctual, 0.7), atol=1e-6)


def test_a_lost_frame_is_bridged() -> None:
    interpolator = network()
    feed(interpolator, [0.0, 0.2, 0.4, 0.8])
    shown = interpolator.at(0.6)
    assert shown is not None
    assert shown.age_s == 0
    assert np.abs(shown.picture - (face(2) / 255 + face(3) / 255).transpose(2, 0, 1) / 2).max() < 0.2


@pytest.mark.parametrize("create", [network, causal])
def test_when_frames_stop_the_picture_ages_and_stands_still(create: Callable[[], Interpolator]) -> None:
    interpolator = create()
    feed(interpolator, EVEN)
    soon, late, later = interpolator.at(1.1), interpolator.at(1.6), interpolator.at(2.4)
    assert soon is not None
    assert late is not None
    assert later is not None
    assert later.age_s == pytest.approx(1.4)
    assert soon.luma_error < late.luma_error < later.luma_error
    assert np.allclose(late.picture, later.picture)


@pytest.mark.parametrize("create", [network, causal])
@pytest.mark.parametrize(
    ("times_s", "size"),
    [([0.0, 0.08, 0.16, 0.24, 0.32, 0.40], 8), ([0.0, 0.5, 1.0, 1.5], 8), (EVEN, 16), ([0.3], 8)],
    ids=["12.5 FPS", "2 FPS", "16 pixels", "one frame"],
)
def test_where_frames_do_not_come_five_times_a_second_it_is_the_adaptive_one(
    create: Callable[[], Interpolator], times_s: list[float], size: int
) -> None:
    ours, adaptive = create(), MotionAdaptiveInterpolator(INTERVAL_S)
    feed(ours, times_s, size)
    feed(adaptive, times_s, size)
    for media_time_s in (times_s[-1] - 0.03, times_s[-1], times_s[-1] + 0.07):
        expected, shown = adaptive.at(media_time_s), ours.at(media_time_s)
        assert (shown is None) == (expected is None)
        if shown is not None and expected is not None:
            assert np.array_equal(shown.picture, expected.picture)
            assert shown.luma_error == expected.luma_error


@pytest.mark.parametrize("create", [network, causal])
def test_another_rung_and_back(create: Callable[[], Interpolator]) -> None:
    interpolator = create()
    feed(interpolator, EVEN)
    interpolator.add(1.2, face(0, 16), 7.0)
    assert picture(interpolator, 1.25).shape == (3, 16, 16)
    interpolator.add(1.4, face(1), 7.0)
    interpolator.add(1.6, face(2), 7.0)
    assert picture(interpolator, 1.5).shape == (3, 8, 8)


def test_the_causal_one_waits_for_nothing() -> None:
    assert causal().wait_s == 0
    assert network().wait_s == MotionAdaptiveInterpolator(INTERVAL_S).wait_s == INTERVAL_S


def test_the_voice_moves_the_causal_picture() -> None:
    quiet, loud = causal(silence), causal(noise)
    feed(quiet, EVEN)
    feed(loud, EVEN)
    assert not np.array_equal(picture(quiet, 1.1), picture(loud, 1.1))


def test_the_causal_one_hears_only_what_was_said_until_now() -> None:
    asked: list[tuple[float, float]] = []

    def voice(from_s: float, to_s: float) -> NDArray[np.int16]:
        asked.append((from_s, to_s))
        return silence(from_s, to_s)

    interpolator = causal(voice)
    feed(interpolator, EVEN)
    interpolator.at(1.1)
    assert len(asked) == 1
    assert asked[0] == pytest.approx((0.89, 1.11))


def test_a_predicted_picture_is_kept_for_the_windows_of_the_next_slots() -> None:
    times = []

    def voice(from_s: float, to_s: float) -> NDArray[np.int16]:
        times.append(from_s)
        return silence(from_s, to_s)

    interpolator = causal(voice)
    feed(interpolator, EVEN)
    first = picture(interpolator, 1.04)
    assert picture(interpolator, 1.042) is first
    assert len(times) == 1
    interpolator.add(1.2, face(7), 7.0)
    assert picture(interpolator, 1.04) is not first


def test_an_unknown_interpolation_is_a_clear_error() -> None:
    with pytest.raises(
        ValueError, match="there is no interpolation 'magic'; there are adaptive, network and causal"
    ):
        create_interpolator("magic", INTERVAL_S, silence)
