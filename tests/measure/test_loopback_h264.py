"""The fallback to H.264 as a whole call: on simulated time, over bad links, and for real."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from callcodec.call.config import CallConfig
from callcodec.call.log import EndLog
from callcodec.call.video_settings import VideoSettings
from callcodec.config import load_config
from callcodec.measure.call_report import FinishedCall, build_report
from callcodec.measure.loopback import LoopbackOptions, make_call
from callcodec.measure.report import Report
from callcodec.media.movie import write_movie
from callcodec.transport.link import LinkProfile
from tests.receiver.video_people import Brighter, face

SECONDS = 4.0


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A face that moves, with a tone."""
    path = tmp_path_factory.mktemp("clip") / "talk.mp4"
    tone = (6000 * np.sin(np.arange(int(SECONDS * 16_000)) / 8)).astype(np.int16)
    write_movie(path, (face(number) for number in range(round(SECONDS * 25))), tone)
    return path


@pytest.fixture
def brighter(monkeypatch: pytest.MonkeyPatch) -> Brighter:
    """Takes the place of every restorer that is asked for by name."""
    restorer = Brighter(before=1, after=2)
    monkeypatch.setattr("callcodec.call.video.create_restorer", lambda *_: restorer)
    return restorer


@dataclass(frozen=True)
class Made:
    """A call that was made."""

    call: FinishedCall
    report: Report

    def logs(self) -> tuple[EndLog, EndLog]:
        return self.call.logs()


def make(
    clip: Path,
    folder: Path,
    video: VideoSettings,
    link: LinkProfile = LinkProfile(),  # noqa: B008 - frozen
    simulated: bool = True,
    seconds: float = SECONDS,
    scored: bool = False,
) -> Made:
    config = replace(load_config("calls/phone", CallConfig), video=video)
    options = LoopbackOptions(clip, folder, config, link, "cpu", seconds=seconds, simulated=simulated)
    call = make_call(options, folder, lambda *_: None)
    return Made(call, build_report(call, score_pictures=scored))


def test_a_call_shows_restored_pictures_in_step_with_the_voice(
    clip: Path, tmp_path: Path, brighter: Brighter
) -> None:
    made = make(clip, tmp_path, VideoSettings("h264", 60, "mdvd"))
    video = made.report.video
    assert video is not None
    assert video.pictures_received == video.pictures_sent == SECONDS * 25
    assert video.pictures_restored == len(brighter.heard)
    assert video.pictures_restored >= SECONDS * 25 - 2
    assert video.pictures_only_decoded == 0
    assert 20 < video.payload_kbps <= 63
    assert video.pictures_per_second == pytest.approx(25, abs=0.5)
    assert made.report.latency.audio_visual_offset_ms == pytest.approx(0, abs=30)
    assert made.report.latency.glass_to_glass_p50_ms is not None
    assert made.report.latency.glass_to_glass_p50_ms < 250
    assert made.report.voice.frames_concealed == 0
    assert made.report.identity.bytes == 0
    assert set(made.report.states_s) <= {"restoring", "voice only"}


def test_the_wire_carries_the_voice_and_the_rate_that_was_asked_for(clip: Path, tmp_path: Path) -> None:
    made = make(clip, tmp_path, VideoSettings("h264", 100, "none"))
    rates = made.report.wire.sent_by_class_kbps
    assert made.report.video is not None
    headers_kbps = 25 * 50 * 8 / 1000
    assert rates.video == pytest.approx(made.report.video.payload_kbps + headers_kbps, rel=0.06)
    assert 10 < rates.voice < 16
    assert rates.face < 0.1  # reports of the link
    assert rates.identity == 0


def test_decoded_and_restored_pictures_are_scored_apart(
    clip: Path, tmp_path: Path, brighter: Brighter
) -> None:
    video = make(clip, tmp_path, VideoSettings("h264", 200, "mdvd"), seconds=1.0, scored=True).report.video
    assert brighter.heard
    assert video is not None
    assert video.decoded_psnr_db is not None
    assert video.restored_psnr_db is not None
    assert video.decoded_psnr_db > 30
    assert video.restored_psnr_db < video.decoded_psnr_db - 1


@pytest.mark.parametrize("loss", [0.02, 0.10])
def test_after_losses_a_key_frame_comes_and_nothing_freezes_for_a_second(
    loss: float, clip: Path, tmp_path: Path, brighter: Brighter
) -> None:
    # A round trip that is longer than the wait for repetitions: every loss needs a key frame.
    link = LinkProfile(loss=loss, delay_ms=150, seed=3)
    made = make(clip, tmp_path, VideoSettings("h264", 60, "mdvd"), link)
    video = made.report.video
    assert video is not None
    assert video.packets_lost > 0
    assert video.key_frames_asked_for > 0
    assert video.key_frames > 1
    assert video.longest_freeze_s < 1.0
    informed = "".join("ny"[known] for known in brighter.informed)
    assert "yn" in informed
    assert "ny" in informed
    assert any("key frame was asked for" in warning for warning in made.report.warnings)


def test_on_a_short_way_lost_packets_are_repeated_and_cost_no_key_frame(clip: Path, tmp_path: Path) -> None:
    link = LinkProfile(loss=0.02, delay_ms=30, seed=4)
    video = make(clip, tmp_path, VideoSettings("h264", 60, "none"), link).report.video
    assert video is not None
    assert (video.packets_lost, video.key_frames, video.pictures_damaged) == (0, 1, 0)


def test_a_sender_is_asked_down_only_where_the_link_is_capped(clip: Path, tmp_path: Path) -> None:
    free = make(clip, tmp_path / "free", VideoSettings("h264", 120, "none"))
    capped = make(clip, tmp_path / "capped", VideoSettings("h264", 120, "none", limit_kbps=40))
    limits = [made.logs()[1].counts["video_rate_limits_sent"] for made in (free, capped)]
    assert limits[0] == 0
    assert limits[1] > 1
    assert capped.report.video is not None
    assert capped.report.video.payload_kbps < 50


def test_the_same_call_twice_is_the_same(clip: Path, tmp_path: Path, brighter: Brighter) -> None:
    link = LinkProfile(loss=0.05, delay_ms=60, jitter_ms=30, seed=2)
    logs = []
    for name in ("a", "b"):
        near, far = make(clip, tmp_path / name, VideoSettings("h264", 60, "mdvd"), link, seconds=2.0).logs()
        logs.append(([note.wall_s for note in far.shows], [note.state for note in far.shows], near.wire))
    assert brighter.heard
    assert logs[0] == logs[1]


def test_a_real_call_over_a_bad_link_goes_on(clip: Path, tmp_path: Path) -> None:
    link = LinkProfile(loss=0.1, delay_ms=150, seed=3)
    made = make(clip, tmp_path, VideoSettings("h264", 60, "none"), link, simulated=False)
    video = made.report.video
    assert video is not None
    assert video.pictures_received > 0.6 * video.pictures_sent
    assert video.key_frames_asked_for > 0
    assert video.key_frames > 1
    assert made.report.voice.frames_played > 0.6 * made.report.voice.frames_sent
