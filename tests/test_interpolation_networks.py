"""The two interpolation networks: what they are before training, what they heed, what the shipped weights are worth."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from callcodec.media.clip import open_clip
from callcodec.speech.mel import log_mel
from models.interpolation import (
    CausalDimensions,
    CausalPrediction,
    FrameInterpolation,
    InterpolationDimensions,
    linear,
)
from models.training.interpolation_scores import ReceivedClip, score_interpolation, score_prediction
from models.training.stretches import code, voice_from
from receiver.interpolators import load_interpolation, load_prediction

KEYS = torch.rand(2, 5, 3, 8, 8, generator=torch.Generator().manual_seed(1))
STEP = torch.tensor([7.0, 12.0])
AGE = torch.tensor([0.3, 0.9])
MEL = torch.rand(2, 80, 20, generator=torch.Generator().manual_seed(2))
VAL_CLIPS = ("p034_00", "p079_00", "p019_02")  # short ones: calm, calm, lively


def parameters(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


def test_five_keys_become_twenty_five_pictures() -> None:
    assert FrameInterpolation(InterpolationDimensions())(KEYS).shape == (2, 25, 3, 8, 8)


def test_interpolation_has_the_size_that_the_paper_gives() -> None:
    assert parameters(FrameInterpolation(InterpolationDimensions())) == pytest.approx(200_000, rel=0.1)


def test_straight_lines_pass_through_the_keys_and_end_at_the_last() -> None:
    lines = linear(KEYS)
    assert torch.allclose(lines[:, ::5], KEYS)
    assert torch.allclose(lines[:, 7], 0.6 * KEYS[:, 1] + 0.4 * KEYS[:, 2])
    assert torch.allclose(lines[:, 20:], KEYS[:, 4:].expand(-1, 5, -1, -1, -1))


def test_before_training_interpolation_is_linear() -> None:
    network = FrameInterpolation(InterpolationDimensions())
    assert torch.equal(network(KEYS, STEP), linear(KEYS))


def test_before_training_prediction_holds_the_last_key() -> None:
    network = CausalPrediction(CausalDimensions())
    assert torch.equal(network(KEYS, STEP, AGE, MEL), KEYS[:, -1])


def test_interpolation_heeds_how_coarse_the_wire_was() -> None:
    network = load_interpolation()
    assert not torch.allclose(network(KEYS, STEP), network(KEYS, 2 * STEP), atol=1e-4)


@pytest.mark.parametrize("key", range(5))
def test_every_key_counts(key: int) -> None:
    network, prediction = load_interpolation(), load_prediction()
    other = KEYS.clone()
    other[:, key] = KEYS[:, key].flip(-1)
    interval = slice(15, 20)
    assert not torch.allclose(network(KEYS)[:, interval], network(other)[:, interval], atol=1e-4)
    shown, changed = prediction(KEYS, STEP, AGE, MEL), prediction(other, STEP, AGE, MEL)
    assert not torch.allclose(shown, changed, atol=1e-4)


def test_the_prediction_heeds_voice_age_and_step() -> None:
    network = load_prediction()
    shown = network(KEYS, STEP, AGE, MEL)
    for changed in (
        network(KEYS, STEP, AGE, torch.full_like(MEL, -1.0)),
        network(KEYS, STEP, AGE + 0.3, MEL),
        network(KEYS, 2 * STEP, AGE, MEL),
    ):
        assert not torch.allclose(shown, changed, atol=1e-5)


@pytest.fixture(scope="module")
def received(clips: Path) -> list[ReceivedClip]:
    """Short validation clips through the real wire codec at its default quality."""
    made = []
    for name in VAL_CLIPS:
        clip = open_clip(clips / "val" / f"{name}.mp4")
        frames = np.stack([f.rgb.reshape(8, 32, 8, 32, 3).mean((1, 3)) for f in clip.frames()])[:75]
        frames = frames[: len(frames) // 5 * 5]
        pcm = clip.audio()
        mel = log_mel(np.zeros(0, np.int16) if pcm is None else pcm)
        coded = code(frames, voice_from(mel, 0, len(frames)), 9, reference_distance=2)
        made.append(
            ReceivedClip(torch.from_numpy(coded.keys), torch.from_numpy(coded.exact), coded.voice, coded.step)
        )
    return made


def test_the_shipped_interpolation_beats_straight_lines_on_unseen_people(
    received: list[ReceivedClip],
) -> None:
    figures = score_interpolation(load_interpolation(), received)
    assert figures["network_psnr_db"] > figures["linear_psnr_db"] + 0.1
    assert figures["network_luma_db"] > figures["linear_luma_db"]


def test_the_shipped_prediction_beats_holding_and_extrapolating_on_unseen_people(
    received: list[ReceivedClip],
) -> None:
    figures = score_prediction(load_prediction(), received)
    assert figures["network_psnr_db"] > figures["hold_psnr_db"] + 0.1
    assert figures["network_psnr_db"] > figures["extrapolation_psnr_db"] + 0.1
    assert figures["network_luma_db"] > figures["hold_luma_db"]
