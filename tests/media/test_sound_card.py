"""Sound devices that are pulled out during a call, and come back."""

from collections.abc import Iterator

import numpy as np
import pytest

from callcodec.media.microphone import Microphone
from callcodec.media.sound_card import LOST_AFTER_S, RESCAN_EVERY, RETRY_S, SoundCard
from callcodec.media.speaker import FIRST_SAMPLES, Speaker
from tests.media.fakes import FakePortAudio


class Bench:
    """A microphone and a speaker on one card, and a clock that a test moves."""

    def __init__(self) -> None:
        self.audio = FakePortAudio()
        self.now_s = 100.0
        self.said: list[str] = []
        self.card = SoundCard(self.audio, self.said.append, lambda: self.now_s)
        self.microphone = Microphone(self.card)
        self.speaker = Speaker(self.card)

    def pass_time(self, seconds: float, *working: str) -> None:
        """The card calls the streams that work every 20 ms."""
        for _ in range(round(seconds / 0.02)):
            self.now_s += 0.02
            if "InputStream" in working and "InputStream" not in self.audio.missing:
                self.audio.hear(np.ones(320, np.int16))
            if "OutputStream" in working and "OutputStream" not in self.audio.missing:
                self.audio.sound(320)
            self.card.tend()


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    monkeypatch.setattr("callcodec.media.sound_card.CHECK_S", 1e6)  # tests tend the card themselves
    bench = Bench()
    yield bench
    bench.card.close()


BOTH = ("InputStream", "OutputStream")


def test_devices_that_work_are_left_alone(bench: Bench) -> None:
    streams = dict(bench.audio.streams)
    bench.pass_time(10.0, *BOTH)
    assert bench.audio.streams == streams
    assert not bench.said


def test_a_microphone_that_is_pulled_out_is_told_and_used_again_when_it_is_back(bench: Bench) -> None:
    bench.audio.missing = {"InputStream"}
    bench.pass_time(LOST_AFTER_S + 0.1, *BOTH)
    assert bench.said == ["The microphone is gone; the call goes on without it until it is back."]
    bench.pass_time(3 * RETRY_S, *BOTH)
    bench.audio.missing = set()
    bench.pass_time(RETRY_S + 0.1, *BOTH)
    assert bench.said[1:] == ["The microphone is back."]
    bench.microphone.voice(0.0)
    bench.audio.hear(np.full(320, 6, np.int16))
    assert bench.microphone.voice(0.02).tolist() == [6] * 320


def test_a_speaker_that_is_back_sounds_again(bench: Bench) -> None:
    bench.audio.missing = {"OutputStream"}
    bench.pass_time(LOST_AFTER_S + RETRY_S, *BOTH)
    bench.audio.missing = set()
    bench.pass_time(RETRY_S + 0.1, *BOTH)
    bench.speaker.play(np.full(FIRST_SAMPLES, 5, np.int16))
    assert (bench.audio.sound(320) == 5).all()


def test_a_new_list_of_devices_is_asked_for_at_once_only_where_nothing_is_disturbed(bench: Bench) -> None:
    bench.audio.missing = {"InputStream"}
    bench.pass_time(LOST_AFTER_S + (RESCAN_EVERY - 2) * RETRY_S, *BOTH)
    assert bench.audio.rescans == 0
    bench.audio.missing = set(BOTH)
    bench.pass_time(LOST_AFTER_S + RETRY_S + 0.1)
    assert bench.audio.rescans >= 1


def test_a_working_speaker_survives_the_search_for_a_microphone_that_changed_its_name(bench: Bench) -> None:
    bench.audio.missing = {"InputStream"}
    bench.pass_time(LOST_AFTER_S + RESCAN_EVERY * RETRY_S + 0.1, *BOTH)
    assert bench.audio.rescans == 1
    assert not bench.audio.streams["OutputStream"].closed
    assert "The speaker is gone; the call goes on without it until it is back." not in bench.said


def test_a_closed_card_has_let_go_of_everything(bench: Bench) -> None:
    bench.card.close()
    assert all(stream.closed for stream in bench.audio.streams.values())
