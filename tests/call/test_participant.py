"""What one end does with whatever the other end sends."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from callcodec.call.config import CallConfig
from callcodec.call.source import ClipSource
from callcodec.config import load_config
from callcodec.speech.opus import OpusEncoder
from callcodec.transport.endpoint import Channel
from callcodec.wire.bundle import Bundle
from callcodec.wire.control import Bye, Hello, IdentityRequest, Refusal, parse_control, serialise_control
from callcodec.wire.face_packet import RUNGS, FacePacket
from callcodec.wire.lowres import encode
from callcodec.wire.opus_padding import embed, extract
from receiver.state import State
from tests.call.fakes import FakeEndpoint, make_end
from tests.call.talking_clip import write_talking_clip

SILENCE = np.zeros(960, np.int16)
channels = st.sampled_from(list(Channel))


def voice_packet(extra: bytes = b"") -> bytes:
    with OpusEncoder(8000, 60) as opus:
        packet = opus.encode(SILENCE)
    return embed(packet, extra) if extra else packet


def test_each_end_says_hello_first(tmp_path: Path) -> None:
    endpoint, end = make_end(tmp_path)
    end.start(0.0)
    channel, data = endpoint.messages[0]
    assert channel is Channel.CONTROL
    assert isinstance(parse_control(data), Hello)


def test_another_major_version_is_refused_with_a_sentence(tmp_path: Path) -> None:
    endpoint, end = make_end(tmp_path)
    end.start(0.0)
    endpoint.hear_message(Channel.CONTROL, serialise_control(Hello(major=9)), 0.1)
    assert end.refusal is not None
    assert "version" in end.refusal
    assert isinstance(parse_control(endpoint.messages[-1][1]), Refusal)
    assert any("refused" in warning for warning in end.warnings())


def test_the_state_follows_what_arrives(tmp_path: Path) -> None:
    endpoint, end = make_end(tmp_path)
    end.start(0.0)
    end.tick(0.01)
    assert end.receiver.state(0.01) is State.WAITING
    for i in range(20):
        endpoint.hear_voice(voice_packet(), i, 2880 * i, 0.06 * (i + 1))
        end.tick(0.06 * (i + 1))
    assert end.receiver.state(1.2) is State.VOICE_ONLY
    assert end.receiver.state(3.0) is State.LOST


def test_a_face_that_grows_old_is_called_frozen(tmp_path: Path) -> None:
    endpoint, end = make_end(tmp_path)
    end.start(0.0)
    picture = np.full((8, 8, 3), 120, np.uint8)
    face = FacePacket(0, None, 0, 2, 0, encode(picture, 2, None).payload)
    for i in range(60):
        extra = Bundle(None, (face,)).serialise() if i == 0 else b""
        endpoint.hear_voice(voice_packet(extra), i, 2880 * i, 0.06 * (i + 1))
        end.tick(0.06 * (i + 1))
        if i == 12:
            assert end.receiver.state(0.06 * 13) is State.LOW_RESOLUTION
    assert end.receiver.state(3.6) is State.FROZEN


@pytest.mark.parametrize("rung", [0, 2, 4])
def test_every_rung_is_shown_though_this_end_did_not_ask_for_it(rung: int, tmp_path: Path) -> None:
    endpoint, end = make_end(tmp_path)
    end.start(0.0)
    size = RUNGS[rung].size
    payload = encode(np.full((size, size, 3), 120, np.uint8), 2, None).payload
    for i in range(20):
        bundle = Bundle(None, (FacePacket(i, None, rung, 2, 0, payload),))
        endpoint.hear_voice(voice_packet(bundle.serialise()), i, 2880 * i, 0.06 * (i + 1))
        end.tick(0.06 * (i + 1))
    assert end.receiver.state(1.2) is State.LOW_RESOLUTION


def test_faces_travel_in_speech_pauses_too(tmp_path: Path) -> None:
    clip = write_talking_clip(tmp_path / "mute.mp4", 3.0, voice=False)
    config = load_config("calls/frugal", CallConfig)
    quiet = replace(config.sender, voice=replace(config.sender.voice, dtx=True))
    endpoint, end = make_end(tmp_path / "end", ClipSource(clip), replace(config, sender=quiet))
    end.start(0.0)
    for step in range(320):
        end.tick(step * 0.01)
    with_faces = [extract(payload)[1] for payload, _ in endpoint.voice if extract(payload)[1]]
    assert len(with_faces) == 15
    assert len(endpoint.voice) < 40


def test_the_identity_is_sent_again_when_asked_for(tmp_path: Path) -> None:
    clip = write_talking_clip(tmp_path / "clip.mp4", 6.0)
    endpoint, end = make_end(tmp_path / "end", ClipSource(clip))
    end.start(0.0)

    def run(first: int, last: int) -> int:
        before = len([1 for channel, _ in endpoint.messages if channel is Channel.IDENTITY])
        for step in range(first, last):
            end.tick(step * 0.01)
        return len([1 for channel, _ in endpoint.messages if channel is Channel.IDENTITY]) - before

    sent = run(0, 450)
    assert sent > 3
    endpoint.hear_message(Channel.CONTROL, serialise_control(IdentityRequest(1)), 4.5)
    assert 0 < run(450, 600) < sent


def test_a_missing_identity_is_asked_for_patiently(tmp_path: Path) -> None:
    endpoint, end = make_end(tmp_path)
    end.start(0.0)
    payload = encode(np.full((8, 8, 3), 120, np.uint8), 2, None).payload
    for i in range(240):
        extra = Bundle(None, (FacePacket(i, None, 0, 2, 0, payload),)).serialise()
        endpoint.hear_voice(voice_packet(extra), i, 2880 * i, 0.06 * (i + 1))
        end.tick(0.06 * (i + 1))
    controls = [parse_control(data) for channel, data in endpoint.messages if channel is Channel.CONTROL]
    assert [request for request in controls if isinstance(request, IdentityRequest)] == [
        IdentityRequest(0)
    ] * 2


def test_nothing_is_sent_after_the_goodbye(tmp_path: Path) -> None:
    endpoint, end = make_end(tmp_path)
    end.start(0.0)
    end.tick(0.1)
    end.hang_up()
    assert isinstance(parse_control(endpoint.messages[-1][1]), Bye)
    count = len(endpoint.voice)
    end.tick(1.0)
    assert len(endpoint.voice) == count


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(
    voices=st.lists(
        st.tuples(st.binary(max_size=80), st.integers(0, 65535), st.integers(0, 2**32 - 1)), max_size=12
    ),
    bundles=st.lists(st.binary(min_size=1, max_size=60).filter(any), max_size=6),
    messages=st.lists(st.tuples(channels, st.binary(min_size=1, max_size=120)), max_size=8),
)
def test_garbage_never_ends_a_call(
    voices: list[tuple[bytes, int, int]],
    bundles: list[bytes],
    messages: list[tuple[Channel, bytes]],
    tmp_path: Path,
) -> None:
    endpoint, end = make_end(tmp_path)
    end.start(0.0)
    _speak(endpoint, voices, bundles, messages)
    for step in range(40):
        end.tick(1.0 + step * 0.02)
    assert end.refusal is None or isinstance(end.refusal, str)


def _speak(
    endpoint: FakeEndpoint,
    voices: list[tuple[bytes, int, int]],
    bundles: list[bytes],
    messages: list[tuple[Channel, bytes]],
) -> None:
    good = voice_packet()
    for i, bundle in enumerate(bundles):
        endpoint.hear_voice(embed(good, bundle), i, 2880 * i, 0.06 * i)
    for payload, sequence, timestamp in voices:
        endpoint.hear_voice(payload, sequence, timestamp, 0.5)
    for channel, data in messages:
        endpoint.hear_message(channel, data, 0.9)
