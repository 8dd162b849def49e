"""An identity image of somebody else is noticed, told, and not animated."""

from collections.abc import Iterable

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from models.identity_check import CheckFigures, IdentityThresholds, animated, identity_error
from models.registry import create_reconstructor
from receiver.identity_check import IdentityCheck

FIGURES = CheckFigures(0, 0.0, 0, 0.0, 0, 0.0)
THRESHOLDS = IdentityThresholds("", alarm=0.03, release=0.025, train=FIGURES, val=FIGURES)


def verdicts(check: IdentityCheck, errors: Iterable[float], from_s: float = 0.0) -> list[bool]:
    """What is said of pictures 40 ms apart."""
    return [check.judge(from_s + 0.04 * i, error) for i, error in enumerate(errors)]


def test_a_second_of_large_errors_is_needed() -> None:
    said = verdicts(IdentityCheck(THRESHOLDS), [0.05] * 50)
    assert not any(said[:20])
    assert all(said[25:])


def test_single_bad_pictures_do_not_matter() -> None:
    assert not any(verdicts(IdentityCheck(THRESHOLDS), [0.01, 0.2, 0.01] * 40))


def test_a_face_at_the_threshold_does_not_flicker() -> None:
    check = IdentityCheck(THRESHOLDS)
    verdicts(check, [0.05] * 30)
    assert all(verdicts(check, [0.027, 0.029] * 40, from_s=1.2))
    assert not verdicts(check, [0.02] * 30, from_s=4.4)[-1]
    assert not any(verdicts(check, [0.027, 0.029] * 40, from_s=5.6))


def test_the_verdict_outlives_another_image_until_that_one_is_known() -> None:
    check = IdentityCheck(THRESHOLDS)
    verdicts(check, [0.05] * 30)
    check.renew()
    said = verdicts(check, [0.01] * 30, from_s=1.2)
    assert said[0]
    assert not said[-1]


def test_errors_from_before_a_gap_or_a_jump_in_time_are_forgotten() -> None:
    check = IdentityCheck(THRESHOLDS)
    verdicts(check, [0.01] * 30, from_s=100.0)
    assert verdicts(check, [0.05] * 30, from_s=110.0)[-1]
    assert not verdicts(check, [0.01] * 30, from_s=2.0)[-1]


def test_without_thresholds_nothing_is_ever_amiss() -> None:
    assert not any(verdicts(IdentityCheck(None), [1.0] * 50))


def test_the_error_is_of_luma_beyond_what_the_wire_adds() -> None:
    proposed = torch.full((3, 256, 256), 0.5)
    brighter = torch.full((3, 8, 8), 0.55)
    assert identity_error(proposed, brighter, 0.0) == pytest.approx(0.05, abs=1e-5)
    assert identity_error(proposed, brighter, 0.03) == pytest.approx(0.04, abs=1e-5)
    assert identity_error(proposed, brighter, 0.2) == 0.0
    finer = brighter.repeat_interleave(2, 1).repeat_interleave(2, 2)
    assert identity_error(proposed, finer, 0.0) == pytest.approx(0.05, abs=1e-5)
    redder = torch.tensor([0.6, 0.5 - 0.1 * 0.299 / 0.587, 0.5])[:, None, None].expand(3, 8, 8)
    assert identity_error(proposed, redder, 0.0) < 1e-3


class Moving:
    """A reconstructor that blends what it received over a moved image."""

    name = "moving"
    moved: torch.Tensor | None = None

    def set_identity(self, rgb: NDArray[np.uint8], shape: NDArray[np.float32] | None = None) -> None:
        """Nothing to prepare."""

    def reconstruct(
        self,
        lowres: NDArray[np.float32],
        mel: NDArray[np.float32],  # noqa: ARG002
        emotion: int | None = None,  # noqa: ARG002
        shape: NDArray[np.float32] | None = None,  # noqa: ARG002
    ) -> torch.Tensor:
        self.moved = torch.full((3, 256, 256), 0.9)
        return torch.full((3, 256, 256), float(lowres.mean()))


def test_what_a_network_moved_is_judged_and_not_what_it_copied_from_the_frame() -> None:
    reconstructor, lowres = Moving(), np.full((5, 3, 8, 8), 0.5, np.float32)
    nothing_yet = torch.zeros(3, 256, 256)
    assert animated(reconstructor, nothing_yet) is nothing_yet
    proposed = reconstructor.reconstruct(lowres, np.zeros((80, 20), np.float32))
    frame = torch.from_numpy(lowres[-1])
    assert identity_error(proposed, frame, 0.0) == pytest.approx(0.0, abs=1e-6)
    assert identity_error(animated(reconstructor, proposed), frame, 0.0) == pytest.approx(0.4, abs=1e-5)
    bicubic = create_reconstructor("bicubic")
    assert animated(bicubic, proposed) is proposed


def test_compact_shows_what_it_moved() -> None:
    compact = create_reconstructor("compact")
    compact.set_identity(np.full((256, 256, 3), 128, np.uint8))
    proposed = compact.reconstruct(np.full((5, 3, 8, 8), 0.5, np.float32), np.full((80, 20), -1, np.float32))
    moved = animated(compact, proposed)
    assert moved.shape == (3, 256, 256)
    assert moved is not proposed
    assert moved.mean().item() == pytest.approx(128 / 255, abs=0.02)
