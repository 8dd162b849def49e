"""`paper` at full width has the shapes and the size that the paper says; nothing is computed."""

import pytest
import torch
from torch import Tensor

from models.paper.dimensions import PaperDimensions
from models.paper.network import Paper, Upsampled

BATCH = 2


def full_size(dimensions: PaperDimensions) -> Paper:
    with torch.device("meta"):
        return Paper(dimensions)


def inputs(d: PaperDimensions) -> tuple[Tensor, Tensor, Tensor]:
    size = d.low_resolution
    return (
        torch.empty(BATCH, d.window, 3, size, size, device="meta"),
        torch.empty(BATCH, d.mel_bins, d.mel_frames, device="meta"),
        torch.empty(BATCH, 3, d.picture, d.picture, device="meta"),
    )


def upsampled(d: PaperDimensions) -> Upsampled:
    made: Upsampled = full_size(d)(*inputs(d))
    return made


def test_the_network_has_143_million_parameters_within_five_per_cent() -> None:
    parameters = sum(p.numel() for p in full_size(PaperDimensions()).parameters())
    assert parameters == pytest.approx(143e6, rel=0.05)


def test_the_animation_is_as_large_as_the_first_order_motion_model_for_talking_faces() -> None:
    parameters = sum(p.numel() for p in full_size(PaperDimensions()).animation.parameters())
    assert parameters == pytest.approx(59.8e6, rel=0.01)


def test_both_encoders_give_512_maps_of_8x8_for_each_picture_and_together_1024() -> None:
    d = PaperDimensions()
    backbone = full_size(d).backbone
    lowres, mel, _ = inputs(d)
    assert backbone.visual_encoder(lowres).shape == (BATCH, 5, 512, 8, 8)
    assert backbone.audio_encoder(mel).shape == (BATCH, 5, 512, 8, 8)
    assert backbone.fuse(lowres, mel).shape == (BATCH, 5, 1024, 8, 8)


def test_the_predictor_makes_a_picture_of_each_step_folded_into_the_batch() -> None:
    predictor = full_size(PaperDimensions()).backbone.predictor
    assert predictor(torch.empty(BATCH * 5, 1024, 8, 8, device="meta")).shape == (BATCH * 5, 3, 256, 256)


@pytest.mark.parametrize("size", [8, 16, 32, 64])
def test_every_scale_ends_at_256_pixels(size: int) -> None:
    assert upsampled(PaperDimensions(low_resolution=size)).picture.shape == (BATCH, 5, 3, 256, 256)


@pytest.mark.parametrize("window", [3, 5, 7])
def test_every_window_gives_as_many_pictures_as_it_takes(window: int) -> None:
    made = upsampled(PaperDimensions(window=window))
    assert made.picture.shape == made.intermediate.shape == (BATCH, window, 3, 256, 256)


def test_motion_is_found_at_a_quarter_of_the_picture_from_ten_key_points() -> None:
    animated = upsampled(PaperDimensions()).animated
    assert animated.driving.position.shape == (BATCH * 5, 10, 2)
    assert animated.driving.jacobian.shape == (BATCH * 5, 10, 2, 2)
    assert animated.flow.shape == (BATCH * 5, 64, 64, 2)
    assert animated.occlusion.shape == (BATCH * 5, 1, 64, 64)


def test_a_call_pays_for_the_newest_picture_only() -> None:
    d = PaperDimensions()
    network = full_size(d)
    lowres, mel, identity = inputs(d)
    assert network(lowres, mel, identity, newest_only=True).picture.shape == (BATCH, 1, 3, 256, 256)


def test_a_window_of_voice_is_as_long_as_its_window_of_pictures() -> None:
    assert PaperDimensions().mel_frames == 20
    assert PaperDimensions().mel_start == -10
    assert PaperDimensions(voice_centre="window").mel_start == -18


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"low_resolution": 10}, "×4, ×8, ×16, ×32"),
        ({"low_resolution": 128}, "×4, ×8, ×16, ×32"),
        ({"window": 0}, "at least one picture"),
        ({"width": 0.0}, "positive"),
        ({"voice_centre": "elsewhere"}, "newest, window"),
    ],
)
def test_dimensions_that_cannot_be_are_refused(wrong: dict[str, float | int | str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        PaperDimensions(**wrong)  # type: ignore[arg-type]
