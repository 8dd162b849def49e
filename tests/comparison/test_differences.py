"""Bjøntegaard differences: their known values, and when they are refused."""

from __future__ import annotations

import pytest

from callcodec.measure.codecs.reduced import CodecPoint
from callcodec.measure.comparison.differences import bjontegaard
from callcodec.measure.comparison.plans import RATE_LADDER
from callcodec.measure.comparison.summary import PointSummary, summarise
from tests.comparison.made_up import Points, curve

THEIRS = [CodecPoint("x264", 256, 25.0, crf) for crf in (51, 46, 41, 36)]


def side(points: Points) -> list[PointSummary]:
    return list(summarise({p.label: p for p in points}, curve(points)).values())


def ours(rates: tuple[float, ...], values: tuple[float, ...]) -> list[PointSummary]:
    return side(dict(zip(RATE_LADDER, zip(rates, values, strict=True), strict=False)))


def theirs(rates: tuple[float, ...], values: tuple[float, ...]) -> list[PointSummary]:
    return side(dict(zip(THEIRS, zip(rates, values, strict=True), strict=True)))


def test_half_the_bits_for_the_same_quality_are_minus_fifty_percent() -> None:
    quality = (24.0, 26.0, 28.0, 30.0)
    found = bjontegaard(ours((1, 2, 4, 8), quality), "x264", theirs((2, 4, 8, 16), quality), "psnr_db")
    assert found.rate_percent is not None
    assert found.rate_percent.mean == pytest.approx(-50, abs=0.1)
    assert found.rate_percent.low <= found.rate_percent.mean <= found.rate_percent.high


def test_two_decibels_more_at_the_same_rate_are_two_decibels() -> None:
    rates = (1.0, 2.0, 4.0, 8.0)
    found = bjontegaard(ours(rates, (26, 28, 30, 32)), "x264", theirs(rates, (24, 26, 28, 30)), "psnr_db")
    assert found.quality is not None
    assert found.quality.mean == pytest.approx(2, abs=0.01)


def test_curves_that_do_not_overlap_are_refused_with_both_ranges() -> None:
    found = bjontegaard(
        ours((0.2, 0.3, 0.4, 0.5), (22, 23, 24, 25)),
        "x264",
        theirs((6, 8, 10, 12), (26, 27, 28, 29)),
        "psnr_db",
    )
    assert found.rate_percent is None
    assert found.quality is None
    assert "22.00 to 25.00" in found.rate_reason
    assert "theirs 6.00 to 12.00" in found.quality_reason


def test_two_points_are_no_curve() -> None:
    found = bjontegaard(ours((1, 2), (22, 23)), "x264", theirs((1, 2, 3, 4), (21, 22, 23, 24)), "psnr_db")
    assert "3 points" in found.rate_reason
