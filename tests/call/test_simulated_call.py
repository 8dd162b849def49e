"""Whole calls on simulated time: what the two ends promise each other."""

import json
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from callcodec.call.config import CallConfig
from callcodec.config import load_config
from callcodec.measure.call_report import build_report
from callcodec.measure.loopback import LoopbackOptions, make_call, run_loopback
from callcodec.measure.report import Report
from callcodec.media.clip import open_clip
from callcodec.transport.link import LinkProfile
from tests.call.talking_clip import picture, write_talking_clip

QUIET_LINK = LinkProfile(delay_ms=20)


def config(name: str = "calls/phone") -> CallConfig:
    loaded = load_config(name, CallConfig)
    face = replace(loaded.sender.face, hints=False)  # test_hints_in_a_call.py has them
    return replace(
        loaded,
        sender=replace(loaded.sender, face=face),
        receiver=replace(loaded.receiver, reconstructor="bicubic"),
    )


def quietly(seconds: float, state: str) -> None:
    """No progress bar."""


def options(
    clip: Path,
    out: Path,
    link: LinkProfile = QUIET_LINK,
    call: CallConfig | None = None,
    duplex: bool = False,
) -> LoopbackOptions:
    return LoopbackOptions(
        clip=clip, out=out, config=call or config(), link=link, device="cpu", simulated=True, duplex=duplex
    )


def simulate(chosen: LoopbackOptions) -> Report:
    """The call and its figures, but for the pictures' quality."""
    return build_report(make_call(chosen, chosen.out, quietly), score_pictures=False)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_talking_clip(tmp_path_factory.mktemp("clip") / "talk.mp4", 6.0)


def test_everything_arrives_over_a_good_link(clip: Path, tmp_path: Path) -> None:
    report = simulate(options(clip, tmp_path))
    assert report.face.packets_received == report.face.packets_sent == 30
    assert report.voice.frames_played == report.voice.frames_sent
    assert report.voice.frames_concealed == 0
    assert report.identity.layers_received == 2
    assert report.states_s["reconstructing"] > 3


def test_the_same_call_gives_the_same_bytes_and_frames(clip: Path, tmp_path: Path) -> None:
    link = LinkProfile(delay_ms=40, jitter_ms=30, loss=0.05, seed=7)

    def once(name: str) -> tuple[bytes, dict[str, object]]:
        run_loopback(options(clip, tmp_path / name, link), quietly)
        report = json.loads((tmp_path / name / "report.json").read_text())
        for key in ("cpu_s", "reconstructor_fps"):
            del report["speed"][key]
        return sha256((tmp_path / name / "received.mp4").read_bytes()).digest(), report

    assert once("first") == once("second")


def test_picture_and_voice_of_the_film_are_in_step(clip: Path, tmp_path: Path) -> None:
    run_loopback(options(clip, tmp_path), quietly)
    film = open_clip(tmp_path / "received.mp4")
    levels = np.array([frame.rgb[90:170, 100:160].mean() for frame in film.frames()])
    voice = film.audio()
    assert voice is not None
    loudness = np.array(
        [np.abs(voice[i : i + 160].astype(float)).mean() for i in range(0, len(voice) - 160, 160)]
    )
    # Before a step of the brightness the picture is a slope from the frame before; it ends at the step.
    steps = rises(levels > 0.9 * np.percentile(levels, 95)) * 0.04
    beeps = rises(loudness > 2000) * 0.01
    offsets = [float(steps[np.argmin(np.abs(steps - beep))] - beep) for beep in beeps if beep > 1.5]
    assert len(offsets) >= 2
    assert max(offsets) - min(offsets) < 0.05
    assert abs(np.mean(offsets)) < 0.045


def rises(above: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Where a row of truth values turns true."""
    return np.flatnonzero(np.diff(above.astype(int)) == 1) + 1


def test_lost_packets_are_concealed_and_never_stop_the_picture(tmp_path: Path) -> None:
    clip = write_talking_clip(tmp_path / "long.mp4", 24.0)
    report = simulate(options(clip, tmp_path / "out", LinkProfile(delay_ms=40, loss=0.1, seed=3)))
    lost = 0.1
    assert report.voice.frames_played >= (1 - lost - 0.06) * report.voice.frames_sent
    assert report.voice.frames_concealed > 0
    assert report.face.packets_received >= (1 - lost - 0.1) * report.face.packets_sent
    assert report.states_s.get("frozen", 0.0) == 0


def test_above_ten_percent_of_loss_faces_are_sent_twice(tmp_path: Path) -> None:
    clip = write_talking_clip(tmp_path / "long.mp4", 30.0)

    def faces(loss: float) -> tuple[float, float]:
        """Share of faces that came, and bytes a face."""
        link = LinkProfile(delay_ms=40, loss=loss, seed=3)
        face = simulate(options(clip, tmp_path / f"{loss}", link)).face
        return face.packets_received / face.packets_sent, face.bytes_per_packet_mean

    few, usual_bytes = faces(0.05)
    many, bytes_ = faces(0.2)
    assert few == pytest.approx(0.95, abs=0.04)
    assert many > 0.89
    assert 1.5 * usual_bytes < bytes_ < 2.5 * usual_bytes


def test_a_voice_only_peer_sees_the_state(clip: Path, tmp_path: Path) -> None:
    report = simulate(options(clip, tmp_path))
    assert list(report.states_s)[:3] == ["voice only", "low resolution", "reconstructing"]


@pytest.mark.parametrize("carrier", ["opus", "channel"])
def test_both_carriers_deliver_the_same_faces(carrier: str, clip: Path, tmp_path: Path) -> None:
    report = simulate(options(clip, tmp_path, call=replace(config(), carrier=carrier)))
    assert report.face.packets_received == report.face.packets_sent


@pytest.mark.parametrize(
    ("name", "packet_ms", "bar_kbps"),
    [("calls/phone", 60, 18.0), ("calls/frugal", 60, 14.0), ("calls/frugal", 120, 11.0)],
)
def test_a_two_way_call_keeps_its_rate_on_the_wire(
    name: str, packet_ms: int, bar_kbps: float, tmp_path: Path
) -> None:
    call = config(name)
    sender = replace(call.sender, voice=replace(call.sender.voice, packet_ms=packet_ms))
    clip = write_talking_clip(tmp_path / "long.mp4", 20.0)
    report = simulate(options(clip, tmp_path / "out", call=replace(call, sender=sender), duplex=True))
    for rates in (report.wire.steady_sent_by_class_kbps, report.wire.steady_received_by_class_kbps):
        assert rates is not None
        assert rates.total <= bar_kbps


def test_on_a_20_kbps_link_the_face_comes_in_time_and_the_voice_is_never_interrupted(tmp_path: Path) -> None:
    clip = write_talking_clip(tmp_path / "long.mp4", 30.0)
    link = LinkProfile(rate_kbps=20, delay_ms=100)
    report = simulate(options(clip, tmp_path / "out", link, config("calls/frugal"), duplex=True))
    assert report.identity.seconds_to_first_face is not None
    assert report.identity.seconds_to_first_face <= 6
    assert report.identity.seconds_to_refined is not None
    assert report.identity.seconds_to_refined <= 25
    assert report.voice.frames_concealed == 0
    assert report.voice.frames_late == 0


def test_a_clip_without_a_voice_still_shows_its_face(tmp_path: Path) -> None:
    clip = write_talking_clip(tmp_path / "mute.mp4", 4.0, voice=False)
    report = simulate(options(clip, tmp_path / "out"))
    assert report.face.packets_received == 20


def test_an_identity_of_the_users_own_leaves_at_once(clip: Path, tmp_path: Path) -> None:
    chosen = simulate(options(clip, tmp_path / "chosen"))
    own = replace(options(clip, tmp_path / "own"), identity=picture(3))
    given = simulate(own)
    assert given.identity.layers_received == 2
    assert given.identity.seconds_to_first_face is not None
    assert chosen.identity.seconds_to_first_face is not None
    assert given.identity.seconds_to_first_face < chosen.identity.seconds_to_first_face - 0.5
