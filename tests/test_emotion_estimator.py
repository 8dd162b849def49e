"""The emotion estimator: it says what it learnt, and nothing where it is not sure."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from callcodec.wire.emotion import EmotionState
from models.checkpoint import WeightsError
from models.emotion_estimator import (
    BASELINE_WINDOWS,
    WINDOW,
    EmotionEstimator,
    EmotionModel,
    load_emotion_model,
    upright,
)
from models.training.emotion_fit import Windows, fit, leave_one_person_out
from tests.faces import frontal_shape

RANDOM = np.random.default_rng(0)
HAPPY, SAD = int(EmotionState.HAPPY), int(EmotionState.SAD)


def smiling() -> NDArray[np.float32]:
    shape = frontal_shape()
    shape[[48, 54, 60, 64]] += np.array([[-6, -5], [6, -5], [-6, -5], [6, -5]], np.float32)
    return shape


def model(threshold: float = 0.9) -> EmotionModel:
    """Smiling is happy, its opposite is sad."""
    off = upright(smiling()[None])[0] - upright(frontal_shape()[None])[0]
    rows = np.stack([sign * off + RANDOM.normal(0, 0.003, off.shape) for sign in (1, -1) for _ in range(30)])
    states = np.repeat([HAPPY, SAD], 30)
    return fit(Windows(rows, states, np.array(["a"] * 60)), threshold)


def said(estimator: EmotionEstimator, shape: NDArray[np.float32], count: int) -> list[int]:
    return [state for _ in range(count) if (state := estimator.push(shape)) is not None]


def test_a_smile_after_a_while_of_talk_is_happy() -> None:
    estimator = EmotionEstimator(model())
    assert said(estimator, frontal_shape(), WINDOW * BASELINE_WINDOWS * 2) == []
    assert set(said(estimator, smiling(), 2 * WINDOW)) == {HAPPY}


def test_nothing_is_said_before_the_face_itself_is_known() -> None:
    assert said(EmotionEstimator(model(threshold=0.0)), smiling(), WINDOW * BASELINE_WINDOWS - 1) == []


def test_nothing_is_said_of_a_face_that_is_not_found() -> None:
    estimator = EmotionEstimator(model(threshold=0.0))
    said(estimator, frontal_shape(), WINDOW * BASELINE_WINDOWS)
    assert said(estimator, np.full((70, 2), np.nan, np.float32), 100) == []
    assert said(estimator, smiling(), WINDOW - 1) == []


def test_where_the_head_is_and_how_large_does_not_count() -> None:
    angle = 0.3
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    elsewhere = (0.8 * frontal_shape() @ turn + np.array([20, 5])).astype(np.float32)
    assert np.allclose(upright(elsewhere[None]), upright(frontal_shape()[None]), atol=1e-4)


def test_a_person_left_out_is_judged_by_the_others() -> None:
    off = upright(smiling()[None])[0] - upright(frontal_shape()[None])[0]
    rows = np.stack([sign * off + RANDOM.normal(0, 0.003, off.shape) for sign in (1, -1) * 40])
    states, people = np.array([HAPPY, SAD] * 40), np.repeat(["a", "b"], 40)
    assert leave_one_person_out(Windows(rows, states, people)).accuracy == 1.0
    contrary = np.where(people == "a", states, HAPPY + SAD - states)
    assert leave_one_person_out(Windows(rows, contrary, people)).accuracy == 0.0


def test_the_shipped_estimator_knows_seven_emotions_and_when_to_be_silent() -> None:
    shipped = load_emotion_model()
    assert len(shipped.states) == 7
    assert shipped.threshold > 0.9
    assert shipped.probabilities(np.zeros(shipped.components.shape[0])).sum() == pytest.approx(1.0)


def test_a_file_of_other_weights_is_refused(tmp_path: Path) -> None:
    (tmp_path / "emotion.safetensors").write_bytes(b"no")
    with pytest.raises(WeightsError, match="emotion"):
        load_emotion_model(tmp_path / "emotion.safetensors")
