"""Offer and answer over a socket between two processes."""

import asyncio
import multiprocessing
import socket
import struct
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callcodec.transport.description import check_description
from callcodec.transport.peer import WebRtcPeer
from callcodec.transport.signalling import StreamSignalling, place_call, take_call
from tests.transport.calls import listen, until


async def _take_one_call(connected: socket.socket) -> None:
    signalling = await StreamSignalling.over(connected)
    peer = WebRtcPeer(loopback=True)
    heard = listen(peer)
    try:
        await take_call(peer, signalling, 20)
        await until(lambda: len(heard.voice) == 1)
        peer.send_voice(heard.voice[0].payload[::-1], heard.voice[0].rtp_timestamp)
        await signalling.receive(20)
    finally:
        await peer.close()
        await signalling.close()


def answer_in_another_process(connected: socket.socket) -> None:
    """The called side: sends the first voice packet back, reversed."""
    asyncio.run(_take_one_call(connected))


@pytest.mark.slow
def test_two_processes_meet_over_a_socket_pair() -> None:
    async def talk(connected: socket.socket) -> None:
        signalling = await StreamSignalling.over(connected)
        peer = WebRtcPeer(loopback=True)
        heard = listen(peer)
        try:
            await place_call(peer, signalling, 20)
            peer.send_voice(b"\x0bping", 480)
            await until(lambda: len(heard.voice) == 1)
            assert (heard.voice[0].payload, heard.voice[0].rtp_timestamp) == (b"gnip\x0b", 480)
            await signalling.send({"type": "done"})
        finally:
            await peer.close()
            await signalling.close()

    ours, theirs = socket.socketpair()
    process = multiprocessing.get_context("spawn").Process(target=answer_in_another_process, args=(theirs,))
    process.start()
    theirs.close()
    asyncio.run(talk(ours))
    process.join(20)
    assert process.exitcode == 0


def receive_from_bytes(data: bytes, *, close: bool = True) -> dict[str, object]:
    async def receive() -> dict[str, object]:
        ours, theirs = socket.socketpair()
        signalling = await StreamSignalling.over(ours)
        theirs.sendall(data)
        if close:
            theirs.close()
        try:
            return await signalling.receive(0.05 if not close else 5)
        finally:
            theirs.close()
            await signalling.close()

    return asyncio.run(receive())


def framed(data: bytes) -> bytes:
    return struct.pack("!I", len(data)) + data


def test_messages_are_counted_json() -> None:
    assert receive_from_bytes(framed(b'{"type": "offer"}')) == {"type": "offer"}


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        (b"", ConnectionError, "has gone"),
        (framed(b"{}")[:-1], ConnectionError, "has gone"),
        (struct.pack("!I", 65_537), ValueError, "announced a message of 65537 bytes"),
        (framed(b"{"), ValueError, "not JSON"),
        (framed(b"\xff"), ValueError, "not JSON"),
        (framed(b"[" * 60_000), ValueError, "not JSON"),
        (framed(b"[]"), ValueError, "not a JSON object"),
    ],
)
def test_a_malformed_message_is_refused_with_a_sentence(
    data: bytes, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        receive_from_bytes(data)


def test_silence_ends_the_wait() -> None:
    with pytest.raises(ConnectionError, match=r"said nothing for 0\.05 s"):
        receive_from_bytes(b"\0\0", close=False)


@settings(deadline=None, max_examples=60)
@given(st.dictionaries(st.sampled_from(["type", "sdp", "x"]), st.text() | st.integers() | st.none()))
def test_any_object_is_either_a_description_or_refused(message: dict[str, object]) -> None:
    try:
        description = check_description(message, "offer")
    except ValueError:
        return
    assert description["type"] == "offer"


SDP_LINES = (
    "m=audio 9 UDP/TLS/RTP/SAVPF 96",
    "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
    "a=mid:0",
    "a=group:BUNDLE 0 1",
    "a=candidate:1",
    "a=rtpmap:96 opus/48000/2",
    "a=rtcp-mux",
    "a=ice-ufrag:x",
    "a=ice-pwd:y",
    "a=fingerprint:sha-256 0",
    "a=setup:active",
    "c=IN IP4 x",
    "t=",
    "a=ssrc:1",
)
ATTRIBUTES = st.lists(st.sampled_from(SDP_LINES[2:]), max_size=10)


@settings(deadline=None, max_examples=60)
@given(ATTRIBUTES, ATTRIBUTES)
def test_a_hostile_offer_is_a_value_error_and_nothing_else(audio: list[str], data: list[str]) -> None:
    async def answer() -> None:
        peer = WebRtcPeer(loopback=True)
        lines = ["v=0", "o=- 1 1 IN IP4 0", "s=-", "t=0 0", SDP_LINES[0], *audio, SDP_LINES[1], *data]
        try:
            with suppress(ValueError):
                await asyncio.wait_for(peer.answer({"type": "offer", "sdp": "\r\n".join(lines)}), 5)
        finally:
            await peer.close()

    asyncio.run(answer())
