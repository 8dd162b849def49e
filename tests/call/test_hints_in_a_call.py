"""Expression hints in whole calls on simulated time, with a finder of faces that sees the drawn one."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from callcodec.call import participant
from callcodec.call.config import CallConfig
from callcodec.call.source import ClipSource
from callcodec.config import load_config
from callcodec.face.shape_finder import ShapeFinder
from callcodec.measure import loopback_end
from callcodec.measure.call_report import build_report
from callcodec.measure.loopback import LoopbackOptions, make_call
from callcodec.measure.report import Report
from callcodec.transport.endpoint import Channel
from callcodec.transport.link import LinkProfile
from callcodec.wire.bundle import Bundle
from callcodec.wire.control import Capability, Hello, serialise_control
from callcodec.wire.face_packet import RUNGS, FacePacket
from callcodec.wire.hints import HintReference, Hints, decode_hints, origin_tag
from callcodec.wire.identity import IdentityHeader
from callcodec.wire.opus_padding import extract
from tests.call.fakes import make_end
from tests.call.talking_clip import picture, write_talking_clip
from tests.face.drawn_shape import drawn_shape

FRAMES = 150


@dataclass(frozen=True)
class Found:
    points: NDArray[np.float32]
    confidence: float


class BlobDetector:
    """Finds the drawn face of talking_clip: its points follow the middle of the blob."""

    def __init__(self, confidence: float = 1.0, noise_px: float = 0.0) -> None:
        self.confidence = confidence
        self._noise_px = noise_px
        self._random = np.random.default_rng(1)
        self.middles: list[float] = []

    def detect_with_confidence(self, rgb: NDArray[np.uint8]) -> Found:
        rows, columns = np.nonzero(rgb[:, :, 1] > 45)
        self.middles.append(float(columns.mean()))
        points = drawn_shape(at=(float(columns.mean()), float(rows.mean())))[:68]
        noise = self._random.normal(0, self._noise_px, (68, 2))
        return Found((points + noise).astype(np.float32), self.confidence)


class Remembering:
    """Reconstructs nothing and remembers the shapes that it was told."""

    name = "remembering"

    def __init__(self) -> None:
        self.shapes: list[NDArray[np.float32] | None] = []
        self.identity_shapes: list[NDArray[np.float32] | None] = []

    def set_identity(self, rgb: NDArray[np.uint8], shape: NDArray[np.float32] | None = None) -> None:
        assert rgb.shape == (256, 256, 3)
        self.identity_shapes.append(shape)

    def reconstruct(
        self,
        lowres: NDArray[np.float32],
        mel: NDArray[np.float32],  # noqa: ARG002
        emotion: int | None = None,  # noqa: ARG002
        shape: NDArray[np.float32] | None = None,
    ) -> torch.Tensor:
        self.shapes.append(shape)
        return torch.nn.functional.interpolate(torch.from_numpy(lowres[-1:]), 256)[0]


def config(hints: bool = True) -> CallConfig:
    loaded = load_config("calls/phone", CallConfig)
    face = replace(loaded.sender.face, hints=hints)
    return replace(
        loaded,
        sender=replace(loaded.sender, face=face),
        receiver=replace(loaded.receiver, reconstructor="bicubic"),
    )


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_talking_clip(tmp_path_factory.mktemp("clip") / "talk.mp4", FRAMES / 25)


@dataclass(frozen=True)
class Outcome:
    report: Report
    near: BlobDetector
    far: BlobDetector
    shown: Remembering


def hold(
    clip: Path,
    out: Path,
    patch: pytest.MonkeyPatch,
    link: LinkProfile,
    confidence: float = 1.0,
    hints: bool = True,
) -> Outcome:
    near, far, shown = BlobDetector(confidence), BlobDetector(confidence), Remembering()
    finders = iter((ShapeFinder(near), ShapeFinder(far)))
    patch.setattr(loopback_end, "create_shape_finder", lambda: next(finders))
    patch.setattr(loopback_end, "create_reconstructor", lambda *_: shown)
    options = LoopbackOptions(
        clip=clip, out=out, config=config(hints), link=link, device="cpu", simulated=True, duplex=False
    )
    call = make_call(options, out, lambda _seconds, _state: None)
    return Outcome(build_report(call, score_pictures=False), near, far, shown)


def offsets_px(outcome: Outcome) -> NDArray[np.float64]:
    """How far the shapes shown lie from where the face was, at the delay that fits best."""
    shown = outcome.shown.shapes
    told = np.array([np.nan if s is None else s[:68, 0].mean() for s in shown])
    of_identity, *middles = outcome.near.middles  # which was the first picture that was looked at
    assert outcome.shown.identity_shapes[-1] is not None
    start = outcome.shown.identity_shapes[-1][:68, 0].mean()
    truth = start + np.array(middles) - of_identity
    best = np.full(len(told), np.inf)
    for late in range(
        min(40, len(told) - 10)
    ):  # the first pictures of a new identity were taken before its shape was known
        part = truth[: len(told) - late]
        off = np.abs(told[late : late + len(part)] - part)
        off = off[np.isfinite(off)]
        if len(off) and off.mean() < best.mean():
            best = off
    return best


def test_the_face_is_shown_where_the_sender_saw_it(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcome = hold(clip, tmp_path, monkeypatch, LinkProfile(delay_ms=50))
    known = [shape for shape in outcome.shown.shapes if shape is not None]
    assert len(known) >= 0.7 * len(outcome.shown.shapes)
    assert offsets_px(outcome).mean() < 2.0
    assert np.ptp([shape[:, 0].mean() for shape in known]) > 12
    assert 0 < outcome.report.face.hint_bytes_per_packet_mean <= 6


def test_lost_packets_leave_the_face_where_it_was(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcome = hold(clip, tmp_path, monkeypatch, LinkProfile(delay_ms=50, jitter_ms=40, loss=0.08, seed=5))
    known = [shape for shape in outcome.shown.shapes if shape is not None]
    assert len(known) >= max(40, 0.5 * len(outcome.shown.shapes))
    assert offsets_px(outcome).mean() < 4.0


def test_a_peer_that_does_not_read_hints_gets_none(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(participant, "CAPABILITIES", participant.CAPABILITIES & ~Capability.HINTS)
    outcome = hold(clip, tmp_path, monkeypatch, LinkProfile(delay_ms=20))
    assert outcome.report.face.hint_bytes_per_packet_mean == 0
    assert set(map(type, outcome.shown.shapes)) == {type(None)}


def test_an_unsure_finder_sends_no_hints_and_the_call_goes_on(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcome = hold(clip, tmp_path, monkeypatch, LinkProfile(delay_ms=20), confidence=0.1)
    assert outcome.report.face.hint_bytes_per_packet_mean == 0
    assert outcome.shown.identity_shapes == [None, None]
    assert outcome.report.states_s["reconstructing"] > 3


def test_the_identity_pictures_shape_is_found_once_a_layer(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcome = hold(clip, tmp_path, monkeypatch, LinkProfile(delay_ms=20), hints=False)
    assert len(outcome.shown.identity_shapes) == 2
    assert all(shape is not None for shape in outcome.shown.identity_shapes)
    assert len(outcome.far.middles) == 2


def test_hints_start_from_a_new_identity_when_its_first_layer_has_left(clip: Path, tmp_path: Path) -> None:
    source = ClipSource(clip)
    endpoint, end = make_end(tmp_path, source, config(), ShapeFinder(BlobDetector()))
    end.start(0.0)
    endpoint.hear_message(Channel.CONTROL, serialise_control(Hello(capabilities=Capability.HINTS)), 0.0)
    tags = []
    for number, identity in ((0, picture(0)), (150, picture(20))):
        before = len(endpoint.messages)
        end.sender.use_identity(identity)
        for step in range(number, number + 150):
            end.tick(0.02 * step)
        headers = [data for channel, data in endpoint.messages[before:] if channel is Channel.IDENTITY]
        tags.append(origin_tag(IdentityHeader.parse(headers[0]).sha256))
    source.close()
    told = [hints.origin for hints in all_hints([payload for payload, _ in endpoint.voice])]
    assert tags[0] != tags[1]
    assert told == sorted(told, key=tags.index)
    assert set(told) == set(tags)


@pytest.mark.parametrize(
    ("name", "packet_ms", "bar_kbps"),
    [("calls/phone", 60, 18.0), ("calls/frugal", 60, 14.0), ("calls/frugal", 120, 11.0)],
)
def test_a_two_way_call_whose_hints_are_full_keeps_its_rate_on_the_wire(
    name: str, packet_ms: int, bar_kbps: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    restless = lambda: ShapeFinder(BlobDetector(noise_px=4.0))  # noqa: E731
    monkeypatch.setattr(loopback_end, "create_shape_finder", restless)
    call = load_config(name, CallConfig)
    sender = replace(call.sender, voice=replace(call.sender.voice, packet_ms=packet_ms))
    call = replace(call, sender=sender, receiver=replace(call.receiver, reconstructor="bicubic"))
    clip = write_talking_clip(tmp_path / "long.mp4", 12.0)
    options = LoopbackOptions(
        clip=clip, out=tmp_path / "out", config=call, link=LinkProfile(delay_ms=20), device="cpu",
        simulated=True, duplex=True,
    )  # fmt: skip
    made = make_call(options, options.out, lambda _seconds, _state: None)
    report = build_report(made, score_pictures=False)
    assert report.face.hint_bytes_per_packet_mean > 0.75 * call.sender.face.hint_bytes
    for rates in (report.wire.steady_sent_by_class_kbps, report.wire.steady_received_by_class_kbps):
        assert rates is not None
        assert rates.total <= bar_kbps


def all_hints(voice: Sequence[bytes]) -> list[Hints]:
    """The hints of all face packets in order."""
    found: list[Hints] = []
    decoded: dict[int, Hints] = {}
    for payload in voice:
        bundle = Bundle.parse(extract(payload)[1] or b"")
        for face in bundle.faces:
            if face.hints is not None:
                decoded[face.frame_number] = decode_hints(
                    face.hints, RUNGS[face.rung], named_hints(decoded, face)
                )
                found.append(decoded[face.frame_number])
    return found


def named_hints(decoded: dict[int, Hints], face: FacePacket) -> HintReference | None:
    """What the packet's hints are predicted from."""
    if face.reference_distance is None:
        return None
    named = decoded.get(face.frame_number - face.reference_distance)
    return None if named is None else HintReference(named, face.reference_distance)
