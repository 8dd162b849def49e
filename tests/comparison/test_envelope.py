"""Envelopes, accountings and verdicts on made-up curves whose answers are known."""

from __future__ import annotations

from dataclasses import replace

import pytest

from callcodec.measure.codecs.reduced import CodecPoint
from callcodec.measure.comparison.accounting import overtaking, pictures_on_the_wire_kbps, whole_kbps
from callcodec.measure.comparison.envelope import envelope
from callcodec.measure.comparison.plans import PHONE
from callcodec.measure.comparison.report import build
from callcodec.measure.comparison.summary import PointSummary, summarise
from callcodec.measure.comparison.verdict import MET, MISSED, NOT_MEASURED
from tests.comparison.made_up import AV1, CLIPS, OURS, STILL, Points, curve, result, run


def summaries(*names: str) -> list[PointSummary]:
    """Of the made-up run: still, av1."""
    of: dict[str, Points] = {"still": STILL, "av1": AV1}
    points = {p.label: p for name in names for p in of[name]}
    return list(summarise(points, [r for name in names for r in curve(of[name])]).values())


def test_a_point_below_the_line_of_its_neighbours_is_no_corner() -> None:
    corners = envelope(summaries("av1"), "psnr_db").corners
    assert [corner.kbps for corner in corners] == [1.2, 2.4, 10.0]


def test_between_corners_time_is_shared() -> None:
    found = envelope(summaries("still", "av1"), "psnr_db").at(0.6)
    assert found is not None
    assert found.value == pytest.approx(21.5)
    assert found.share == pytest.approx(0.5)
    assert set(found.by_clip("psnr_db")) == set(CLIPS)


def test_beyond_the_last_corner_nothing_gets_better() -> None:
    found = envelope(summaries("av1"), "psnr_db").at(100)
    assert found is not None
    assert found.value == pytest.approx(29)


def test_below_the_first_corner_there_is_nothing() -> None:
    assert envelope(summaries("av1"), "psnr_db").at(1.0) is None


def test_where_less_is_better_the_envelope_runs_below() -> None:
    corners = envelope(summaries("still", "av1"), "gmsd").corners
    values = [corner.value for corner in corners]
    assert values == sorted(values, reverse=True)
    assert len(values) > 2


def test_the_cheapest_setting_for_a_quality_lies_on_the_envelope() -> None:
    found = envelope(summaries("still", "av1"), "psnr_db").reaching(24.0)
    assert found is not None
    assert found.kbps == pytest.approx(1.8)
    assert envelope(summaries("still", "av1"), "psnr_db").reaching(30.0) is None


def test_everything_included_a_first_picture_weighs_less_the_longer_the_call() -> None:
    assert whole_kbps(0.5, 10_000, 10) == pytest.approx(8.5)
    assert whole_kbps(0.5, 10_000, 600) == pytest.approx(0.5 + 80 / 600)


def test_a_call_overtakes_a_codec_once_its_identity_image_has_paid_off() -> None:
    report = build(run())
    ours = report.summaries[PHONE.label]
    found = overtaking(ours, "svt-av1", report.envelopes["svt-av1"]["psnr_db"])
    assert found.their_kbps == pytest.approx(1.8)  # for our 24 dB
    assert found.seconds == pytest.approx((10_000 - 500) * 8 / 1000 / (1.8 - 0.7))


def test_a_codec_that_never_is_as_good_is_overtaken_at_once() -> None:
    report = build(run(curve(STILL, 0), curve(AV1), curve({PHONE: (0.5, 40.0)}, 10_000)))
    assert "none of its settings" in report.overtakings[0].verdict


def test_a_codec_that_needs_fewer_bits_is_never_overtaken() -> None:
    report = build(run(curve(STILL, 0), curve(AV1), curve({PHONE: (3.0, 23.5)}, 10_000)))
    assert report.overtakings[0].seconds is None
    assert report.overtakings[0].verdict.startswith("never")


def test_a_codec_pays_fifty_bytes_for_each_packet_of_its_own() -> None:
    summary = build(run()).summaries[CodecPoint("svt-av1", 64, 5.0, 63).label]
    assert pictures_on_the_wire_kbps(summary) == pytest.approx(1.2 + 5 * 50 * 8 / 1000)


def test_the_headline_takes_our_best_call_within_the_rate() -> None:
    claims = build(run()).claims
    assert "23.0" not in claims[0].found
    assert "0.70 kbps" in claims[0].found  # 24 dB against 20 + 0.7 / 1.2 · 3
    assert claims[0].verdict == MET


def test_the_headline_says_when_a_bar_is_missed() -> None:
    weak: Points = {PHONE: (0.7, 22.0)}
    claims = build(run(curve(STILL, 0), curve(AV1), curve(weak, 10_000))).claims
    assert [claim.verdict for claim in claims] == [MISSED, MISSED, MISSED]


def test_without_codecs_or_without_ours_nothing_is_claimed() -> None:
    assert {claim.verdict for claim in build(run(curve(STILL, 0), curve(AV1))).claims} == {NOT_MEASURED}
    assert {claim.verdict for claim in build(run(curve(STILL, 0), curve(OURS))).claims} == {NOT_MEASURED}


def test_where_a_codec_becomes_better_is_said() -> None:
    found = {c.figure: c for c in build(run()).crossings}["psnr_db"]
    assert found.kbps is not None
    assert 2.4 < found.kbps < 3.5  # ours ends at 25.5 dB, AV1 passes that between 2.4 and 10 kbps


def test_a_clip_that_failed_is_told_and_the_others_count() -> None:
    results = curve({PHONE: (0.5, 24.0)})
    results[0] = replace(results[0], rates=None, figures={}, error="no face arrived")
    report = build(run(results))
    assert len(report.summaries[PHONE.label].results) == 2
    assert [failure.error for failure in report.failures] == ["no face arrived"]


def test_closer_judgements_replace_those_of_the_sweep() -> None:
    point = next(iter(AV1))
    screened = replace(result(point, "one", 1.2, 10.0), full=False)
    found = summarise({point.label: point}, [result(point, "one", 1.2, 23.0), screened])
    assert found[point.label].mean("psnr_db") == 23.0
