"""What a call is like with each way of interpolating faces."""

from dataclasses import replace
from pathlib import Path

import pytest

from callcodec.call.config import CallConfig
from callcodec.config import load_config
from callcodec.measure.call_report import build_report
from callcodec.measure.loopback import LoopbackOptions, make_call
from callcodec.measure.report import Report
from callcodec.transport.link import LinkProfile
from receiver.settings import INTERPOLATIONS
from tests.call.talking_clip import write_talking_clip

SECONDS = 3.0


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_talking_clip(tmp_path_factory.mktemp("clip") / "talk.mp4", SECONDS)


def call(clip: Path, out: Path, interpolation: str, link: LinkProfile) -> Report:
    loaded = load_config("calls/phone", CallConfig)
    receiver = replace(loaded.receiver, reconstructor="bicubic", interpolation=interpolation)
    config = replace(loaded, receiver=receiver)
    options = LoopbackOptions(clip=clip, out=out, config=config, link=link, device="cpu", simulated=True)
    return build_report(make_call(options, out, lambda *_: None), score_pictures=False)


def glass_to_glass_ms(report: Report) -> float:
    assert report.latency.glass_to_glass_p50_ms is not None
    return report.latency.glass_to_glass_p50_ms


def test_without_waiting_for_the_next_frame_everything_comes_200_ms_earlier(
    clip: Path, tmp_path: Path
) -> None:
    link = LinkProfile(delay_ms=20)
    adaptive, network, causal = (
        call(clip, tmp_path / name, name, link) for name in ("adaptive", "network", "causal")
    )
    assert glass_to_glass_ms(network) == pytest.approx(glass_to_glass_ms(adaptive), abs=1)
    assert glass_to_glass_ms(causal) == pytest.approx(glass_to_glass_ms(adaptive) - 200, abs=5)
    assert causal.latency.voice_ms is not None
    assert adaptive.latency.voice_ms is not None
    assert causal.latency.voice_ms == pytest.approx(adaptive.latency.voice_ms - 200, abs=5)
    assert causal.latency.audio_visual_offset_ms == pytest.approx(0, abs=40)


@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
def test_a_picture_is_shown_in_every_slot_of_a_lossy_link(
    interpolation: str, clip: Path, tmp_path: Path
) -> None:
    link = LinkProfile(delay_ms=40, jitter_ms=60, loss=0.15, reorder=0.05, seed=3)
    report = call(clip, tmp_path, interpolation, link)
    assert report.voice.frames_concealed > 0  # faces that were lost may have come a second time
    faces_s = sum(report.states_s.get(state, 0) for state in ("low resolution", "reconstructing"))
    assert faces_s > 0.9 * SECONDS
    assert report.speed.slots_skipped == 0
