"""The voice follows the playout clock without clicks and at its own pitch."""

import numpy as np
import pytest

from receiver.pcm_timeline import Pcm
from receiver.voice_buffer import VoiceBuffer
from receiver.voice_reader import VoiceReader

PITCH_HZ = 200.0
LEVEL = 10_000
READ = 320
STEEPEST = 2 * np.pi * PITCH_HZ / 16_000 * LEVEL


class SineDecoder:
    """Plays one sine on and on, packet by packet; silence where it has to conceal."""

    def __init__(self) -> None:
        self._position = 0

    def decode(self, packet: bytes) -> Pcm:  # noqa: ARG002
        time_s = np.arange(self._position, self._position + 960) / 16_000
        self._position += 960
        sine: Pcm = np.rint(LEVEL * np.sin(2 * np.pi * PITCH_HZ * time_s)).astype(np.int16)
        return sine

    def conceal(self, samples: int) -> Pcm:
        return np.zeros(samples, np.int16)


def read_at(paces: list[float], lead_packets: int = 20) -> Pcm:
    """One read of 20 ms for each pace of the clock, with the buffer `lead_packets` ahead."""
    buffer = VoiceBuffer(SineDecoder)
    reader = VoiceReader(buffer)
    pushed, media_s, out = 0, 0.0, []
    for pace in paces:
        while pushed * 0.06 < media_s + lead_packets * 0.06:
            buffer.push(pushed, pushed * 2880, b"", 960)
            pushed += 1
        out.append(reader.read(READ, media_s, media_s + pace * READ / 16_000))
        media_s += pace * READ / 16_000
    return np.concatenate(out)


def pitch_hz(pcm: Pcm) -> float:
    """The frequency of a sine from its rising zero crossings."""
    sound = pcm.astype(float)
    rising = np.flatnonzero((sound[:-1] < 0) & (sound[1:] >= 0))
    crossings = rising - sound[rising] / (sound[rising + 1] - sound[rising])
    return float(16_000 / np.median(np.diff(crossings)))


def test_at_the_senders_pace_every_sample_comes_as_it_was_decoded() -> None:
    out = read_at([1.0] * 100)
    decoder = SineDecoder()
    wanted = np.concatenate([decoder.decode(b"") for _ in range(34)])
    assert (out[READ:] == wanted[READ : len(out)]).all()


@pytest.mark.parametrize("pace", [0.9995, 0.9998, 1.0002, 1.004])
def test_drift_is_resampled_away(pace: float) -> None:
    out = read_at([1.0] * 10 + [pace] * 500)
    assert np.abs(np.diff(out.astype(int))).max() < 1.01 * STEEPEST + 1
    assert pitch_hz(out[80_000:]) == pytest.approx(PITCH_HZ * pace, rel=2e-4)


@pytest.mark.parametrize("pace", [0.9, 1.1])
def test_a_tenth_is_spliced_away_and_the_pitch_stays(pace: float) -> None:
    out = read_at([1.0] * 10 + [pace] * 200)
    assert np.abs(np.diff(out.astype(int))).max() < 1.1 * STEEPEST
    assert pitch_hz(out) == pytest.approx(PITCH_HZ, rel=0.006)


@pytest.mark.parametrize("leap_s", [0.31, 0.5])
def test_a_leap_of_the_clock_does_not_click(leap_s: float) -> None:
    out = read_at([1.0] * 50 + [1.0 + leap_s / 0.02] + [1.0] * 50, lead_packets=40)
    assert np.abs(np.diff(out.astype(int))).max() < 1.1 * STEEPEST


def test_a_standing_clock_is_silent_and_comes_back_without_a_click() -> None:
    out = read_at([1.0] * 50 + [0.0] * 50 + [1.0] * 50)
    assert not out[51 * READ : 100 * READ].any()
    assert np.abs(out[102 * READ :]).max() > 0.99 * LEVEL
    assert np.abs(np.diff(out.astype(int))).max() < 1.3 * STEEPEST


@pytest.mark.parametrize("count", [1, 7, 160, 441, 2000])
def test_reads_may_have_any_length(count: int) -> None:
    buffer = VoiceBuffer(SineDecoder)
    reader = VoiceReader(buffer)
    for number in range(60):
        buffer.push(number, number * 2880, b"", 960)
    read_s = count / 16_000
    assert all(len(reader.read(count, n * read_s, n * 1.1 * read_s + read_s)) == count for n in range(20))
