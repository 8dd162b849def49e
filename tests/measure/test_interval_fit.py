"""Fitted intervals are those of the encoder: known dead zones are found again."""

from pathlib import Path

import numpy as np
import pytest

from callcodec.measure.interval_fit import BINS, REACH, Deviations, deviations, main, quantile, widest
from callcodec.measure.openh264 import encode_openh264, is_installed
from callcodec.media.compression import encode_i420
from models.restoration.back_projection import BASIS, HALF_STEP, Interval, Intervals
from models.restoration.restorer import CodecMaps, QuantisedBlocks
from tests.restoration.drawn import drawn_face, i420


def test_a_dead_zone_of_a_third_is_found_again() -> None:
    random = np.random.default_rng(0)
    step = np.full((64, 64, 4, 4), 8.0, np.float32)
    blocks = random.laplace(0, 12, (64, 64, 4, 4))
    levels = np.sign(blocks) * np.floor(np.abs(blocks) / 8 + 1 / 3)
    difference = np.einsum("hwij,ik,jl->hwkl", blocks, BASIS, BASIS).transpose(0, 2, 1, 3).reshape(256, 256)
    # A prediction that takes up what rounding the original to whole numbers leaves
    original = np.clip(np.round(difference + 128), 0, 255).astype(np.uint8)
    flags = np.zeros((64, 64), bool)
    codec = CodecMaps(
        prediction=(original - difference).astype(np.float32),
        residue=np.zeros((256, 256), np.int16),
        motion=np.zeros((64, 64, 2), np.float32),
        intra=flags,
        qp=np.zeros((64, 64), np.float32),
        edges=np.zeros((2, 64, 64), bool),
        coded=flags,
        quantised=QuantisedBlocks((levels * step).astype(np.float32), step, flags),
    )
    counted = Deviations()
    counted.add(original, codec)
    inter = counted.fitted(0.001).inter
    assert (inter.low, inter.high, inter.zero) == pytest.approx((-1 / 3, 2 / 3, 2 / 3), abs=0.02)
    assert counted.outside(Intervals(HALF_STEP.intra, Interval(-1 / 3, 2 / 3, 2 / 3), 1)) < 0.001
    assert counted.outside(HALF_STEP) > 0.05


def test_quantiles_are_those_of_the_values() -> None:
    values = np.random.default_rng(1).normal(0, 0.5, 100_000)
    histogram = np.histogram(values, BINS, (-REACH, REACH))[0]
    assert quantile(histogram, 0.01) == pytest.approx(np.quantile(values, 0.01), abs=0.01)
    assert quantile(np.zeros(BINS, np.int64), 0.5) == 0.0


def test_the_widest_holds_for_all() -> None:
    one = Intervals(Interval(-0.1, 0.9, 0.3), Interval(-0.2, 0.5, 0.8), 2.0)
    assert widest([HALF_STEP, one]) == Intervals(Interval(-0.5, 0.9, 0.5), Interval(-0.5, 0.5, 0.8), 2.0)


def test_x264_leaves_the_half_step_and_hardly_its_own_intervals() -> None:
    pictures = i420([drawn_face(n) for n in range(10)])
    counted = deviations([pictures], lambda frames, kbps: encode_i420(frames, kbps=kbps))
    fitted = counted.fitted()
    assert counted.outside(fitted) < 0.02
    assert counted.outside(fitted) < counted.outside(HALF_STEP)
    assert fitted.inter.high > 0.55


def test_openh264_gives_an_access_unit_for_every_picture() -> None:
    if not is_installed():
        pytest.skip("libopenh264 is not installed")
    pictures = i420([drawn_face(n) for n in range(6)])
    units = encode_openh264(pictures, 200.0)
    assert len(units) == 6
    assert deviations([pictures], encode_openh264).fitted().inter.high > 0.55


def test_a_folder_without_clips_is_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path)]) == 2
    assert "holds no train.tsv" in capsys.readouterr().err
