"""Echoes are cancelled where the package for that is installed."""

import importlib

import numpy as np
import pytest

from callcodec.measure.echo import measure_echo
from callcodec.media.clip import open_clip
from callcodec.media.echo import FRAME_SAMPLES, find_canceller
from callcodec.media.microphone import Microphone
from callcodec.media.sound_card import SoundCard
from callcodec.media.speaker import FIRST_SAMPLES, Speaker
from callcodec.sample import sample_clip
from tests.media.fakes import FakePortAudio


@pytest.mark.parametrize(("delay_ms", "ring_s"), [(0.0, 0.1), (120.0, 0.3)])
def test_an_echo_is_taken_away_and_the_own_voice_is_not(delay_ms: float, ring_s: float) -> None:
    canceller = find_canceller()
    if canceller is None:
        pytest.skip("the extra callcodec[echo] is not installed")
    voice = open_clip(sample_clip()).audio()
    assert voice is not None
    left = measure_echo(canceller, voice, delay_ms, ring_s)
    assert left.erle_db > 25
    assert abs(left.near_kept_db) < 2


def test_without_the_package_there_is_no_canceller(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_: str) -> None:
        raise ImportError("livekit")

    monkeypatch.setattr(importlib, "import_module", missing)
    assert find_canceller() is None


def test_what_the_card_plays_is_told_and_what_it_hears_is_cleaned() -> None:
    audio = FakePortAudio()
    card = SoundCard(audio)
    told: list[int] = []
    speaker = Speaker(card, lambda pcm: told.extend(pcm.tolist()))
    microphone = Microphone(card, lambda pcm: (pcm - 1).astype(np.int16))
    speaker.play(np.full(FIRST_SAMPLES, 5, np.int16))
    audio.sound(2 * FRAME_SAMPLES)
    microphone.voice(0.0)
    audio.hear(np.full(320, 9, np.int16))
    card.close()
    assert told == [5] * 2 * FRAME_SAMPLES
    assert microphone.voice(0.02).tolist() == [8] * 320
