"""Windows of pictures that `paper` is trained on."""

from pathlib import Path

import numpy as np
import pytest

from callcodec.wire.emotion import EmotionState
from models.paper.dimensions import PaperDimensions
from models.training.emotion_labels import UNKNOWN, emotion_state
from models.training.paper_data import DegradationConfig, TalkingWindows, WindowSample
from tests.paper.clips import SPOKEN, drawn_cache, drawn_clip

EXACT = DegradationConfig(sent_share=0.0, coded_share=0.0, luma_steps=(8.0, 19.0))
SENT = DegradationConfig(sent_share=1.0, coded_share=1.0, luma_steps=(8.0, 19.0))


def drawn(
    folder: Path,
    dimensions: PaperDimensions,
    degradation: DegradationConfig = EXACT,
    lip_sync: str = "yes",
    emotion: str = "",
    frames: int = 32,
) -> TalkingWindows:
    cache = drawn_cache(folder, drawn_clip("a", lip_sync, emotion, frames))
    return TalkingWindows(cache, 0, dimensions, degradation)


def mean_error(sample: WindowSample) -> float:
    """Of the low-resolution pictures, against the averages of the targets."""
    size = sample.lowres.shape[-1]
    block = 256 // size
    exact = sample.target.float().reshape(-1, 3, size, block, size, block).mean((3, 5)) / 255
    return float((sample.lowres - exact).abs().mean())


@pytest.mark.parametrize(("window", "size"), [(3, 8), (5, 16), (7, 64)])
def test_a_window_of_any_length_and_scale_is_the_average_of_its_targets(
    window: int, size: int, tmp_path: Path
) -> None:
    sample = drawn(tmp_path, PaperDimensions(window=window, low_resolution=size))[0]
    assert sample.lowres.shape == (window, 3, size, size)
    assert sample.target.shape == (window, 3, 256, 256)
    assert sample.landmarks.shape == (window, 68, 2)
    assert sample.mel.shape == (80, 4 * window)
    assert mean_error(sample) < 0.02


def test_what_was_sent_over_the_wire_is_less_exact(tmp_path: Path) -> None:
    exact, sent = (
        drawn(tmp_path / name, PaperDimensions(), degradation)[0]
        for name, degradation in (("exact", EXACT), ("sent", SENT))
    )
    assert mean_error(exact) < mean_error(sent) < 0.15


@pytest.mark.parametrize(("centre", "first_column"), [("newest", 6), ("window", -2)])
def test_the_voice_is_centred_where_the_dimensions_say(
    centre: str, first_column: int, tmp_path: Path
) -> None:
    d = PaperDimensions(voice_centre=centre)
    sample = drawn(tmp_path, d, frames=d.window)[0]  # the only window there is: pictures 0 to 4
    heard = np.arange(first_column, first_column + 20)
    expected = np.where((heard >= 0) & (heard < 20), heard, -1)  # silence beyond the clip
    assert sample.mel[0].tolist() == expected.tolist()


def test_a_lip_sync_expert_hears_what_surrounds_the_middle_of_the_last_five_pictures(tmp_path: Path) -> None:
    sample = drawn(tmp_path, PaperDimensions(), frames=5)[0]
    assert sample.lip_mel[0].tolist() == [-1, -1, *range(18)]


def test_a_clip_shorter_than_the_window_repeats_its_first_picture(tmp_path: Path) -> None:
    sample = drawn(tmp_path, PaperDimensions(window=5), frames=3)[0]
    assert bool((sample.target[0] == sample.target[1]).all())
    assert bool((sample.target[0] == sample.target[2]).all())
    assert not bool((sample.target[2] == sample.target[3]).all())


def test_a_voice_that_is_not_of_these_lips_is_silence_and_out_of_sync(tmp_path: Path) -> None:
    silent = drawn(tmp_path / "no", PaperDimensions(), lip_sync="no")[0]
    spoken = drawn(tmp_path / "yes", PaperDimensions(), lip_sync="yes")[0]
    assert bool((silent.mel == -1).all())
    assert not bool(silent.in_sync)
    assert bool((spoken.mel == SPOKEN).any())
    assert bool(spoken.in_sync)


def test_a_clip_s_emotion_is_a_state_and_none_is_unknown(tmp_path: Path) -> None:
    happy = drawn(tmp_path / "happy", PaperDimensions(), emotion="happy:3")[0]
    unknown = drawn(tmp_path / "unknown", PaperDimensions())[0]
    assert int(happy.emotion) == EmotionState.HAPPY_STRONG
    assert int(unknown.emotion) == UNKNOWN


@pytest.mark.parametrize(
    ("label", "state"),
    [
        ("neutral", EmotionState.NEUTRAL),
        ("neutral:3", EmotionState.NEUTRAL),
        ("angry", EmotionState.ANGRY),
        ("fear:2", EmotionState.FEARFUL),
        ("sad:3", EmotionState.SAD_STRONG),
        ("contempt:3", UNKNOWN),
        ("", UNKNOWN),
    ],
)
def test_labels_of_data_sets_become_states(label: str, state: int) -> None:
    assert emotion_state(label) == state


def test_the_same_number_is_the_same_sample(tmp_path: Path) -> None:
    windows = drawn(tmp_path, PaperDimensions(), SENT)
    once, again = windows[5], windows[5]
    assert all(bool((a == b).all()) for a, b in zip(once, again, strict=True))


def test_a_share_beyond_one_is_refused() -> None:
    with pytest.raises(ValueError, match="shares"):
        DegradationConfig(sent_share=1.5, coded_share=0.0, luma_steps=(8.0, 19.0))
