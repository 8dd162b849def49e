"""The voice as networks hear it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callcodec.speech.mel import MEL_SAMPLE_RATE_HZ, log_mel, mel_window

RANDOM = np.random.default_rng(0)
NOISE = (RANDOM.normal(size=MEL_SAMPLE_RATE_HZ) * 3000).astype(np.int16)


def tone(hz: float, seconds: float = 0.5) -> np.ndarray:
    """A sine of half the full scale."""
    time = np.arange(int(seconds * MEL_SAMPLE_RATE_HZ)) / MEL_SAMPLE_RATE_HZ
    return np.asarray((16000 * np.sin(2 * np.pi * hz * time)).astype(np.int16))


@settings(max_examples=40, deadline=None)
@given(st.integers(min_value=10, max_value=90))
def test_a_window_on_the_grid_equals_the_columns_of_the_whole_clip_exactly(hop: int) -> None:
    whole = log_mel(NOISE)
    assert np.array_equal(mel_window(NOISE, hop / 100), whole[:, hop - 10 : hop + 10])


@settings(max_examples=40, deadline=None)
@given(st.integers(min_value=30, max_value=70), st.integers(min_value=1760, max_value=3000))
def test_a_window_needs_no_more_than_110_ms_to_either_side(hop: int, margin: int) -> None:
    middle = hop * 160
    start, stop = middle - margin, middle + margin
    part = mel_window(NOISE[start:stop], hop / 100, pcm_start_s=start / MEL_SAMPLE_RATE_HZ)
    assert np.array_equal(part, log_mel(NOISE)[:, hop - 10 : hop + 10])


def test_what_a_window_does_not_cover_is_silence() -> None:
    assert np.array_equal(mel_window(NOISE, 5.0), np.full((80, 20), -1.0, np.float32))
    beginning = mel_window(NOISE, 0.0)
    assert (beginning[:, :9] == -1.0).all()
    assert (beginning[:, 11:] > -1.0).all()


def test_silence_is_minus_one_and_a_loud_voice_stays_near_one() -> None:
    assert (log_mel(np.zeros(1600, np.int16)) == -1.0).all()
    assert 0.5 < log_mel(tone(440)).max() < 2.5


def test_a_higher_tone_lights_a_higher_bin() -> None:
    peaks = [int(log_mel(tone(hz))[:, 20].argmax()) for hz in (150, 300, 600, 1200, 2400, 4800)]
    assert peaks == sorted(set(peaks))


def test_there_is_a_frame_for_every_10_ms() -> None:
    assert log_mel(NOISE[:1600]).shape == (80, 10)
    assert log_mel(NOISE[:1601]).shape == (80, 11)
    assert log_mel(NOISE[:0]).shape == (80, 0)


def test_int16_and_float_samples_sound_the_same() -> None:
    assert np.allclose(log_mel(NOISE), log_mel(NOISE / 32768.0), atol=1e-5)


def test_two_channels_are_refused() -> None:
    with pytest.raises(ValueError, match="one channel"):
        log_mel(np.zeros((2, 1600), np.int16))
