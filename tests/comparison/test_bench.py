"""Points on a drawn clip, measured for real: codecs, our call, failures, and what is kept."""

from __future__ import annotations

import errno
from dataclasses import replace
from pathlib import Path

import pytest

from callcodec.measure.codecs.reduced import CodecPoint
from callcodec.measure.comparison.bench import Bench, BenchSettings, Job, Measured
from callcodec.measure.comparison.cache import ResultCache
from callcodec.measure.comparison.judging import Density
from callcodec.measure.comparison.plans import FRUGAL
from callcodec.measure.comparison.points import (
    OfflinePoint,
    OwnPoint,
    Point,
    RestoredPoint,
    StillPoint,
    point_from_json,
    point_to_json,
)
from callcodec.measure.comparison.result import PointResult
from tests.comparison.made_up import clip_file, drawn_clip

SMALL = CodecPoint("x264", 64, 5.0, 36)
BICUBIC = OwnPoint("bicubic", hints=False)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return drawn_clip(tmp_path_factory.mktemp("clips") / "drawn.mp4", 64)


def measure(film: Path, folder: Path, *points: Point, full: bool = False) -> list[Measured]:
    return list(Bench(BenchSettings(folder)).run(Job(clip_file(film), points, full)))


def test_a_codec_has_rates_and_a_few_figures_when_screened(film: Path, tmp_path: Path) -> None:
    (found,) = measure(film, tmp_path, SMALL)
    result = found.result
    assert result.error is None
    assert result.rates is not None
    assert 0 < result.rates.kbps < 30
    assert result.rates.first_bytes > 50
    assert result.rates.bpp == pytest.approx(result.rates.kbps * 1000 / (256 * 256 * 25))
    assert set(result.figures) == {"psnr_db", "psnr_y_db", "ssim", "ms_ssim", "gmsd"}
    assert result.effort.sending_s is not None


def test_the_same_call_measured_twice_is_the_same_to_the_byte(film: Path, tmp_path: Path) -> None:
    first, second = (measure(film, tmp_path / name, BICUBIC)[0].result for name in ("a", "b"))
    assert first.error is None
    assert (first.rates, first.figures, first.delays) == (second.rates, second.figures, second.delays)
    assert first.rates is not None
    assert first.rates.kbps < 2
    assert first.rates.wire_kbps is not None
    assert first.rates.wire_kbps > first.rates.kbps + (first.rates.voice_kbps or 0)


def test_all_figures_are_there_for_what_is_judged_closely(film: Path, tmp_path: Path) -> None:
    (found,) = measure(film, tmp_path, StillPoint(), full=True)
    result = found.result
    assert result.figures["flicker"] is not None
    assert result.figures["psnr_y_db"] is not None
    assert result.figures["lpips"] is None
    assert "torchvision" in result.notes["lpips"] or "weights" in result.notes["lpips"]
    assert result.strip is not None
    assert len(list(tmp_path.rglob("*.jpg"))) == 2


def test_raw_pictures_cost_what_the_paper_says(film: Path, tmp_path: Path) -> None:
    found = measure(film, tmp_path, OfflinePoint("bicubic", 25.0), OfflinePoint("bicubic", 5.0))
    bpp = [m.result.rates.bpp for m in found if m.result.rates is not None]
    assert bpp == pytest.approx([0.0234, 0.0047], abs=1e-4)


def test_h264_as_decoded_is_a_point_like_others(film: Path, tmp_path: Path) -> None:
    (found,) = measure(film, tmp_path, RestoredPoint("none", "blur", 21, by_rate=False))
    assert found.result.error is None
    assert found.result.figures["psnr_db"] is not None


def test_what_was_measured_is_not_measured_again(film: Path, tmp_path: Path) -> None:
    fresh = measure(film, tmp_path, SMALL)
    kept = measure(film, tmp_path, SMALL, replace(SMALL, crf=41))
    assert [m.fresh for m in (*fresh, *kept)] == [True, False, True]
    assert kept[0].result == fresh[0].result


def test_other_conditions_are_other_results(film: Path, tmp_path: Path) -> None:
    measure(film, tmp_path, SMALL)
    job = Job(clip_file(film), (SMALL,), full=False)
    (other,) = Bench(BenchSettings(tmp_path, density=Density(3, 6))).run(job)
    assert other.fresh


def test_a_damaged_result_is_measured_anew(film: Path, tmp_path: Path) -> None:
    measure(film, tmp_path, SMALL)
    (kept,) = (tmp_path / "cache").rglob("*.json")
    kept.write_text("{", encoding="utf-8")
    assert measure(film, tmp_path, SMALL)[0].fresh


def test_a_clip_that_is_too_short_is_a_row_that_says_so(tmp_path: Path) -> None:
    short = drawn_clip(tmp_path / "short.mp4", 20)
    found = measure(short, tmp_path, SMALL, StillPoint())
    assert [m.result.rates for m in found] == [None, None]
    assert all("1.2 s are needed" in (m.result.error or "") for m in found)


def test_an_emotion_that_nobody_knows_is_a_row_that_says_so(film: Path, tmp_path: Path) -> None:
    (found,) = measure(film, tmp_path, replace(FRUGAL, emotion=True))
    assert found.result.error == "the clip's emotion is not known"


def test_a_full_disk_costs_what_would_be_kept_not_the_result(
    film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: ResultCache, key: str, result: PointResult) -> None:  # noqa: ARG001
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(ResultCache, "keep", full)
    (found,) = measure(film, tmp_path, SMALL)
    assert found.result.error is None
    assert found.warning is not None
    assert "No space left on device" in found.warning


@pytest.mark.parametrize(
    "point", [SMALL, BICUBIC, OfflinePoint("compact", 5.0), StillPoint(), RestoredPoint("mdvd")]
)
def test_a_point_survives_its_report(point: Point) -> None:
    assert point_from_json(point_to_json(point)) == point


def test_pictures_at_every_fifth_slot_would_favour_slow_codecs() -> None:
    with pytest.raises(ValueError, match="multiples of 5"):
        Density(5, 10)
