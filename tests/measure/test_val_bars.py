"""The picture's bars, on people whom the network never saw, through the whole call."""

from pathlib import Path
from statistics import fmean

import pytest

from callcodec.call.config import CallConfig
from callcodec.config import load_config
from callcodec.measure.call_report import build_report
from callcodec.measure.loopback import LoopbackOptions, make_call
from callcodec.measure.report import Report
from callcodec.transport.link import LinkProfile

ONE_WAY_MS = 70  # with 60 ms voice packets: a frame is acknowledged before the second one after it is coded


@pytest.fixture(scope="module")
def reports(clips: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Report]:
    """One simulated call with every val clip; both ends talk, so that acknowledgements find a packet."""
    found = []
    for clip in sorted((clips / "val").glob("*.mp4")):
        options = LoopbackOptions(
            clip=clip,
            out=tmp_path_factory.mktemp(clip.stem),
            config=load_config("calls/phone", CallConfig),
            link=LinkProfile(delay_ms=ONE_WAY_MS),
            device="cpu",
            simulated=True,
        )
        report = build_report(make_call(options, options.out, _quietly))
        for folder in options.out.iterdir():
            for frames in folder.glob("*.rgb"):
                frames.unlink()
        found.append(report)
    return found


def mean(values: list[float | None]) -> float:
    """Mean over clips; every clip must have its figure."""
    assert all(value is not None for value in values)
    return fmean(value for value in values if value is not None)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_picture_is_3_db_better_than_enlargement_and_2_db_better_than_a_still(
    reports: list[Report],
) -> None:
    ours = mean([report.quality.psnr_db for report in reports])
    assert ours >= mean([report.quality.bicubic_psnr_db for report in reports]) + 3
    assert ours >= mean([report.quality.identity_copy_psnr_db for report in reports]) + 2


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_its_structure_is_better_than_both(reports: list[Report]) -> None:
    ours = mean([report.quality.ssim for report in reports])
    assert ours > mean([report.quality.bicubic_ssim for report in reports])
    assert ours > mean([report.quality.identity_copy_ssim for report in reports])


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_face_packet_takes_at_most_20_bytes_and_six_more_for_hints(reports: list[Report]) -> None:
    hints = mean([report.face.hint_bytes_per_packet_mean for report in reports])
    assert hints <= 6
    assert mean([report.face.bytes_per_packet_mean for report in reports]) - hints <= 20


def _quietly(seconds: float, state: str) -> None:
    """No progress bar."""
