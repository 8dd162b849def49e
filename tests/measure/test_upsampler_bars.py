"""Bars are met or missed by the figures they name, and nothing is made up where nothing was measured."""

from __future__ import annotations

from dataclasses import replace

from callcodec.measure.metrics.blinks import BlinkCount
from callcodec.measure.upsampler.bars import MET, MISSED, NOT_MEASURED, Bar, Compared, judge_bars
from callcodec.measure.upsampler.scoring import ClipFigures
from callcodec.measure.upsampler.summary import Row, difference, ratio, summarise
from callcodec.measure.upsampler.wrong_identity import judge

FIGURES = ClipFigures(
    clip="a", person="p", kbps=0.6, psnr_db=24.0, face_psnr_db=22.0, mouth_psnr_db=21.0, ssim=0.8, ms_ssim=0.8,
    gmsd=0.15, landmark_distance=0.05, landmark_distance_to_labels=0.06, mouth_correlation=0.7,
    mouth_correlation_to_labels=0.6, eye_correlation=0.1, head_pose_error_degrees=3.0, yaw_error_degrees=3.0,
    pitch_error_degrees=3.0, roll_error_degrees=3.0, flicker=2.0, blinks=BlinkCount(4, 1, 0),
    blinks_of_labels=BlinkCount(4, 1, 0),
)  # fmt: skip


def row(name: str, **figures: float | BlinkCount | None) -> Row:
    """Two clips of two people with the same figures but for a bit of PSNR."""
    clips = [replace(FIGURES, clip=c, person=c, **figures) for c in "ab"]  # type: ignore[arg-type]
    return summarise(name, clips)


def bars(hinted: Row | None, frames_per_second: float | None = 45.0) -> dict[str, Bar]:
    ours = row("ours")
    bicubic = row("bicubic", psnr_db=20.0, ssim=0.66, landmark_distance=0.1)
    av1 = row("AV1", gmsd=0.16, ms_ssim=0.81, kbps=1.5)
    compared = Compared(ours, hinted, bicubic, av1, ours, hinted, bicubic)
    return {bar.name: bar for bar in judge_bars(compared, None, frames_per_second)}


def test_each_bar_is_met_or_missed_by_its_own_figure() -> None:
    found = bars(row("hinted", psnr_db=24.6, mouth_correlation=0.84, blinks=BlinkCount(5, 4, 1)))
    psnr = found["PSNR over bicubic ×32 at 5 FPS"]
    assert (psnr.plain_verdict, psnr.hinted_verdict) == (MISSED, MET)
    assert psnr.plain.startswith("+4.00 dB")
    assert found["SSIM over bicubic ×32 at 5 FPS"].plain_verdict == MET
    assert found["GMSD (less is better)"].plain_verdict == MET
    assert found["MS-SSIM"].plain_verdict == MISSED
    assert found["landmark distance against bicubic"].plain.startswith("0.50×")
    mouth = found["mouth opening, correlation with the original's"]
    assert (mouth.plain_verdict, mouth.hinted_verdict) == (MET, MISSED)
    assert found["blinks shown of blinks made"].hinted_verdict == MET
    assert found["speed on two CPU cores"].plain_verdict == MET


def test_what_was_not_measured_is_neither_met_nor_missed() -> None:
    found = bars(None, None)
    assert found["blinks shown of blinks made"].hinted_verdict == NOT_MEASURED
    assert found["speed on two CPU cores"].plain_verdict == NOT_MEASURED
    assert found["wrong identity image found by the network's own error"].plain_verdict == NOT_MEASURED


def test_a_difference_is_taken_clip_by_clip() -> None:
    ours = summarise("ours", [replace(FIGURES, clip="a", psnr_db=30), replace(FIGURES, clip="b", psnr_db=20)])
    other = summarise(
        "other", [replace(FIGURES, clip="b", psnr_db=19), replace(FIGURES, clip="c", psnr_db=1)]
    )
    found = difference(ours, other, "psnr_db")
    assert found is not None
    assert (found.mean, found.clips) == (1.0, 1)
    assert ratio(ours, other, "psnr_db") == 2.5


def test_blinks_are_counted_over_all_clips() -> None:
    found = summarise("x", [FIGURES, replace(FIGURES, blinks=BlinkCount(6, 4, 2))])
    assert found.blinks == BlinkCount(10, 5, 2)
    assert found.blinks_shown == 0.5


def test_a_threshold_for_identities_is_drawn_from_other_people() -> None:
    own = [("a", 0.1), ("a", 0.12), ("b", 0.2), ("b", 0.1)]
    foreign = [("a", 0.21), ("a", 0.19), ("b", 0.13), ("b", 0.11)]
    found = judge(own, foreign, None)
    assert found.found == 0.5  # a's beyond 0.2, b's beyond 0.12
    assert found.false_alarms == 0.25  # b's second at 0.2
    assert judge(own, foreign, 0.15).found == 0.5
    assert judge(own, foreign, 0.05).false_alarms == 1.0
