"""Opus through libopus: what a packet costs, what comes back, and that nothing from outside breaks it."""

import contextlib
import csv
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from callcodec.speech import SAMPLE_RATE_HZ, libopus
from callcodec.speech.opus import (
    MAX_PACKET_BYTES,
    PACKET_LENGTHS_MS,
    OpusDecoder,
    OpusEncoder,
    OpusError,
    is_silent,
    packet_duration_samples,
)

Pcm = NDArray[np.int16]


def vowel(seconds: float, pitch_hz: float = 120.0) -> Pcm:
    """A buzz through two formants, swelling twice a second: as much like speech as a few lines can be."""
    time_s = np.arange(round(seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    tones = np.arange(1, 25) * pitch_hz
    formants = np.exp(-(((tones - 700) / 250) ** 2)) + 0.5 * np.exp(-(((tones - 1200) / 250) ** 2)) + 0.02
    sound = (formants[:, None] * np.sin(2 * np.pi * tones[:, None] * time_s)).sum(axis=0)
    swell = 0.6 + 0.4 * np.sin(4 * np.pi * time_s)
    voiced: Pcm = (6000 * swell * sound / np.abs(sound).max()).astype(np.int16)
    return voiced


def encode_all(encoder: OpusEncoder, pcm: Pcm) -> list[bytes]:
    step = encoder.frame_samples
    return [encoder.encode(pcm[start : start + step]) for start in range(0, len(pcm) - step + 1, step)]


def level(pcm: Pcm) -> float:
    return float(np.sqrt(np.mean(pcm.astype(np.float64) ** 2)))


def recorded_voice(path: Path) -> Pcm:
    resampler = av.AudioResampler("s16", "mono", SAMPLE_RATE_HZ)
    with av.open(str(path)) as container:
        blocks = [
            block.to_ndarray()[0]
            for frame in container.decode(audio=0)
            for block in resampler.resample(frame)
        ]
    return np.concatenate(blocks).astype(np.int16)


@pytest.mark.parametrize("packet_ms", PACKET_LENGTHS_MS)
def test_what_is_decoded_lasts_as_long_and_sounds_alike(packet_ms: int) -> None:
    pcm = vowel(2.4)
    with OpusEncoder(12_000, packet_ms) as encoder, OpusDecoder() as decoder:
        packets = encode_all(encoder, pcm)
        decoded = np.concatenate([decoder.decode(packet) for packet in packets])
        delay = encoder.lookahead_samples
    assert len(decoded) == len(pcm)
    assert level(decoded) == pytest.approx(level(pcm), rel=0.15)
    assert np.corrcoef(decoded[delay:], pcm[:-delay])[0, 1] > 0.9


def test_the_decoded_sound_lags_by_the_lookahead() -> None:
    pcm = vowel(3.0, pitch_hz=97.0)
    with OpusEncoder(12_000, 60) as encoder, OpusDecoder() as decoder:
        decoded = np.concatenate([decoder.decode(packet) for packet in encode_all(encoder, pcm)])
        lookahead = encoder.lookahead_samples
    lags = range(lookahead - 40, lookahead + 41)
    likeness = [float(pcm[:40_000].astype(float) @ decoded[lag : 40_000 + lag].astype(float)) for lag in lags]
    assert lags[int(np.argmax(likeness))] == pytest.approx(lookahead, abs=8)


@pytest.mark.parametrize(
    ("bitrate_bps", "packet_ms", "most_bytes"),
    [(6_000, 60, 45), (8_000, 60, 60), (6_000, 120, 90), (8_000, 40, 40), (12_000, 40, 60)],
)
def test_recorded_speech_stays_within_its_rate(
    clips: Path, bitrate_bps: int, packet_ms: int, most_bytes: int
) -> None:
    with (clips / "val.tsv").open(newline="") as table:
        names = [next(iter(row.values())) for row in csv.DictReader(table, delimiter="\t")][:4]
    for name in names:
        with OpusEncoder(bitrate_bps, packet_ms) as encoder:
            path = clips / "val" / (name if name.endswith(".mp4") else f"{name}.mp4")
            sizes = [len(packet) for packet in encode_all(encoder, recorded_voice(path))]
        assert np.mean(sizes) <= most_bytes


def test_the_rate_can_change_within_a_call() -> None:
    with OpusEncoder(24_000, 60) as encoder:
        before = np.mean([len(packet) for packet in encode_all(encoder, vowel(3.0))])
        encoder.bitrate_bps = 6_000
        after = np.mean([len(packet) for packet in encode_all(encoder, vowel(3.0))])
    assert encoder.bitrate_bps == 6_000
    assert after < 0.65 * before


def test_a_pause_costs_nothing_with_dtx() -> None:
    with OpusEncoder(6_000, 60, dtx=True) as encoder:
        encode_all(encoder, vowel(1.2))
        packets = encode_all(encoder, np.zeros(3 * SAMPLE_RATE_HZ, np.int16))
    assert np.mean([is_silent(packet) for packet in packets]) > 0.6


def test_without_dtx_every_packet_is_worth_sending() -> None:
    with OpusEncoder(6_000, 60) as encoder:
        packets = encode_all(encoder, np.zeros(SAMPLE_RATE_HZ, np.int16))
    assert not any(is_silent(packet) for packet in packets)


@pytest.mark.parametrize("packet_ms", PACKET_LENGTHS_MS)
def test_silent_packets_are_decoded_too(packet_ms: int) -> None:
    with OpusEncoder(6_000, packet_ms, dtx=True) as encoder, OpusDecoder() as decoder:
        for packet in encode_all(encoder, np.zeros(2 * SAMPLE_RATE_HZ, np.int16)):
            assert len(decoder.decode(packet)) == encoder.frame_samples


def test_a_lost_packet_is_concealed_without_a_hole_or_a_click() -> None:
    pcm = vowel(3.0)
    with OpusEncoder(12_000, 60) as encoder, OpusDecoder() as decoder:
        packets = encode_all(encoder, pcm)
        blocks = [decoder.conceal(960) if n == 20 else decoder.decode(p) for n, p in enumerate(packets)]
    steps = np.abs(np.diff(np.concatenate(blocks).astype(int)))
    assert level(blocks[20][:480]) > 0.3 * level(blocks[19])
    assert steps[20 * 960 - 20 : 21 * 960 + 100].max() < 1.5 * steps[: 20 * 960 - 20].max()


def test_a_long_gap_fades_to_the_background_noise() -> None:
    syllables = np.concatenate([vowel(0.24), np.zeros(3840, np.int16)] * 4 + [vowel(0.24)])
    with OpusEncoder(12_000, 60) as encoder, OpusDecoder() as decoder:
        for packet in encode_all(encoder, syllables):
            last = decoder.decode(packet)
        gap = [decoder.conceal(1920) for _ in range(10)]
    assert level(gap[-1]) < 0.05 * level(last)


@pytest.mark.parametrize("samples", [1, 39, 320, 1000, 1920])
def test_any_stretch_up_to_the_longest_packet_can_be_concealed(samples: int) -> None:
    assert len(OpusDecoder().conceal(samples)) == samples


@pytest.mark.parametrize("samples", [-1, 0, 1921])
def test_no_other_stretch_is_concealed(samples: int) -> None:
    with pytest.raises(OpusError, match="cannot be concealed"):
        OpusDecoder().conceal(samples)


@pytest.mark.parametrize(
    "pcm", [np.zeros(959, np.int16), np.zeros(960, np.float32), np.zeros((1, 960), np.int16)]
)
def test_a_frame_of_another_length_or_type_is_refused(pcm: Pcm) -> None:
    with OpusEncoder(6_000, 60) as encoder, pytest.raises(OpusError, match="960 samples of int16"):
        encoder.encode(pcm)


def test_every_second_sample_of_an_array_is_encoded_as_its_copy_would_be() -> None:
    pcm = vowel(0.12)
    with OpusEncoder(6_000, 60) as strided, OpusEncoder(6_000, 60) as whole:
        assert strided.encode(pcm[::2]) == whole.encode(pcm[::2].copy())


@pytest.mark.parametrize(
    ("bitrate_bps", "packet_ms", "complexity"),
    [(6_000, 30, 10), (100, 60, 10), (10**6, 60, 10), (6_000, 60, 11)],
)
def test_impossible_settings_are_refused(bitrate_bps: int, packet_ms: int, complexity: int) -> None:
    with pytest.raises(OpusError):
        OpusEncoder(bitrate_bps, packet_ms, complexity=complexity)


def test_what_is_closed_says_so() -> None:
    encoder, decoder = OpusEncoder(6_000, 60), OpusDecoder()
    for coder in (encoder, decoder):
        coder.close()
        coder.close()
    with pytest.raises(OpusError, match="closed"):
        encoder.encode(np.zeros(960, np.int16))
    with pytest.raises(OpusError, match="closed"):
        decoder.conceal(960)


@pytest.mark.parametrize(
    ("packet", "rate_hz", "samples"),
    [
        (b"\x58\x00", 48_000, 2880),
        (b"\x58\x00", 16_000, 960),
        (b"\x59\x00", 48_000, 5760),
        (b"\x48", 48_000, 960),
    ],
)
def test_a_packet_tells_its_length(packet: bytes, rate_hz: int, samples: int) -> None:
    assert packet_duration_samples(packet, rate_hz) == samples


@pytest.mark.parametrize("packet", [b"", bytes(MAX_PACKET_BYTES + 1), b"\x5b\x03"])
def test_what_no_packet_can_be_has_no_length(packet: bytes) -> None:
    with pytest.raises(OpusError):
        packet_duration_samples(packet)


def test_an_unknown_rate_is_refused() -> None:
    with pytest.raises(OpusError, match="44100 Hz"):
        packet_duration_samples(b"\x58\x00", 44_100)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(st.binary(max_size=80), st.builds(lambda b: b"\x5b" + b, st.binary(max_size=40)))))
def test_garbage_is_decoded_or_refused_but_never_breaks_the_decoder(packets: list[bytes]) -> None:
    with OpusDecoder() as decoder:
        for packet in packets:
            try:
                samples = len(decoder.decode(packet))
            except OpusError:
                continue
            assert 0 < samples <= 1920
            assert samples == packet_duration_samples(packet, SAMPLE_RATE_HZ)
        assert len(decoder.conceal(320)) == 320


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 43), st.integers(0, 255), st.integers(0, 60))
def test_a_damaged_packet_is_decoded_or_refused(position: int, value: int, cut: int) -> None:
    with OpusEncoder(8_000, 60) as encoder, OpusDecoder() as decoder:
        packet = bytearray(encoder.encode(vowel(0.06)))
        packet[position % len(packet)] = value
        with contextlib.suppress(OpusError):
            assert len(decoder.decode(bytes(packet[: max(1, len(packet) - cut)]))) <= 1920


def test_without_any_libopus_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libopus, "_candidates", lambda: iter(["/nonexistent/libopus.so"]))
    libopus.load.cache_clear()
    try:
        with pytest.raises(OpusError, match="pip install av"):
            OpusDecoder()
    finally:
        libopus.load.cache_clear()
