"""From a media time to a picture."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from callcodec.transport.worker import InlineWorker
from models.consistency import downsample
from models.identity_check import CheckFigures, IdentityThresholds
from receiver.identity_check import IdentityCheck
from receiver.interpolation import Interpolated, MotionAdaptiveInterpolator
from receiver.picture import PictureMaker, Prepared, weights

VOICE = np.zeros(4800, np.int16)
STEP = 7.0
TAG = 5


class Remembering:
    """A reconstructor that proposes one grey and remembers what it was given."""

    name = "remembering"

    def __init__(self, level: float = 0.5) -> None:
        self.level = level
        self.identities = 0
        self.windows: list[NDArray[np.float32]] = []
        self.mels: list[NDArray[np.float32]] = []
        self.emotions: list[int | None] = []
        self.identity_shape: NDArray[np.float32] | None = None
        self.shapes: list[NDArray[np.float32] | None] = []

    def set_identity(self, rgb: NDArray[np.uint8], shape: NDArray[np.float32] | None = None) -> None:
        assert rgb.shape == (256, 256, 3)
        self.identities += 1
        self.identity_shape = shape

    def reconstruct(
        self,
        lowres: NDArray[np.float32],
        mel: NDArray[np.float32],
        emotion: int | None = None,
        shape: NDArray[np.float32] | None = None,
    ) -> torch.Tensor:
        self.shapes.append(shape)
        self.windows.append(lowres)
        self.mels.append(mel)
        self.emotions.append(emotion)
        return torch.full((3, 256, 256), self.level)


class Holding:
    """A worker that does its work only when told to."""

    def __init__(self) -> None:
        self.waiting: list[object] = []

    def submit(self, work: object, done: object) -> None:
        self.waiting.append((work, done))


def maker(reconstructor: Remembering, iterations: int = 2) -> PictureMaker:
    made = PictureMaker(MotionAdaptiveInterpolator(0.2), reconstructor, iterations, InlineWorker())
    for i in range(4):
        made.interpolator.add(i * 0.2, np.full((8, 8, 3), 51 + 25 * i, np.uint8), STEP)
    return made


def prepare(made: PictureMaker, media_time_s: float) -> list[Prepared]:
    ready: list[Prepared] = []
    made.prepare(media_time_s, VOICE, 3, ready.append)
    return ready


def test_before_the_identity_is_there_the_picture_is_enlarged() -> None:
    reconstructor = Remembering()
    prepared = prepare(maker(reconstructor), 0.3)[0]
    assert not prepared.reconstructed
    assert reconstructor.windows == []
    assert np.abs(prepared.picture.astype(int) - prepared.lowres[0, 0].astype(int)).max() <= 1


def test_the_network_sees_the_last_five_moments_and_the_voice_around() -> None:
    reconstructor = Remembering()
    made = maker(reconstructor)
    made.set_identity(np.zeros((256, 256, 3), np.uint8), TAG)
    prepared = prepare(made, 0.4)[0]
    assert prepared.reconstructed
    levels = reconstructor.windows[0][:, 0, 0, 0] * 255
    assert levels == pytest.approx([81, 86, 91, 96, 101], abs=0.5)
    assert reconstructor.mels[0].shape == (80, 20)
    assert reconstructor.emotions == [3]


def test_the_identity_is_computed_once_however_many_pictures_follow() -> None:
    reconstructor = Remembering()
    made = maker(reconstructor)
    made.set_identity(np.zeros((256, 256, 3), np.uint8), TAG)
    for i in range(10):
        prepare(made, i * 0.04)
    assert reconstructor.identities == 1


def test_what_the_network_proposes_is_drawn_towards_what_was_received() -> None:
    made = maker(Remembering(level=0.9))
    made.set_identity(np.zeros((256, 256, 3), np.uint8), TAG)
    prepared = prepare(made, 0.4)[0]
    shown = downsample(torch.from_numpy(prepared.picture.copy()).permute(2, 0, 1).float() / 255, 8)
    received = 101 / 255
    assert prepared.consistency_error == pytest.approx(0.9 - received, abs=0.01)
    assert abs(float(shown.mean()) - received) < 0.5 * (0.9 - received)


def test_luma_is_trusted_more_than_chroma_and_both_less_where_errors_are_expected() -> None:
    picture = np.zeros((3, 8, 8), np.float32)
    luma, chroma = weights(Interpolated(picture, 0.01, 0.03, 0.0))
    worse = weights(Interpolated(picture, 0.05, 0.06, 0.0))
    assert 0 < chroma < luma < 1
    assert worse[0] < luma
    assert worse[1] < chroma


def test_a_machine_that_is_too_slow_leaves_pictures_out() -> None:
    worker = Holding()
    made = PictureMaker(MotionAdaptiveInterpolator(0.2), Remembering(), 1, worker)
    made.interpolator.add(0.0, np.zeros((8, 8, 3), np.uint8), STEP)
    for i in range(4):
        prepare(made, i * 0.04)
    assert len(worker.waiting) == 1
    assert made.skipped == 2


def test_nothing_is_made_before_the_first_face() -> None:
    made = PictureMaker(MotionAdaptiveInterpolator(0.2), Remembering(), 1, InlineWorker())
    assert prepare(made, 1.0) == []


def test_with_somebody_elses_image_the_picture_is_only_enlarged_until_the_right_one_is_there() -> None:
    figures = CheckFigures(0, 0.0, 0, 0.0, 0, 0.0)
    thresholds = IdentityThresholds("", alarm=0.05, release=0.04, train=figures, val=figures)
    reconstructor = Remembering(level=0.9)
    interpolator = MotionAdaptiveInterpolator(0.2)
    made = PictureMaker(interpolator, reconstructor, 2, InlineWorker(), IdentityCheck(thresholds))
    made.set_identity(np.zeros((256, 256, 3), np.uint8), TAG)
    prepared: list[Prepared] = []
    for i in range(80):
        if i % 5 == 0:
            interpolator.add(i * 0.04, np.full((8, 8, 3), 128, np.uint8), STEP)
        if i == 40:
            reconstructor.level = 0.5
            made.set_identity(np.zeros((256, 256, 3), np.uint8), TAG)
        prepared += prepare(made, i * 0.04)
    assert [p.wrong_identity for p in prepared] == [not p.reconstructed for p in prepared]
    assert not prepared[10].wrong_identity
    assert prepared[39].wrong_identity
    assert np.abs(prepared[39].picture.astype(int) - 128).max() <= 1
    assert np.abs(prepared[10].picture.astype(int) - 128).max() > 2
    assert prepared[79].reconstructed
