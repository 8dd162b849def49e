"""What is changed inside aiortc and aioice is where it is looked for, and does what it is meant to do."""

import ast
import asyncio
import inspect
import random
import re
from dataclasses import fields
from itertools import pairwise
from pathlib import Path

import aioice
import aiortc
import pytest
from aioice import ice, stun
from aiortc import rtcrtpreceiver, rtcrtpsender, rtcsctptransport
from aiortc.codecs import h264
from aiortc.rtcdtlstransport import SRTP_AES128_CM_SHA1_80, SRTP_PROFILES
from aiortc.rtp import RtcpSenderInfo

from callcodec.transport import aiortc_patches
from callcodec.transport.clock import SimulatedClock
from callcodec.transport.consent import ConsentSchedule
from callcodec.transport.endpoint import ConnectionState
from callcodec.transport.peer import WebRtcPeer
from callcodec.transport.tally import WireTally, classify
from tests.transport.calls import call, until

aiortc_patches.apply()


def names_used(function: object, module: str) -> list[str]:
    """Attributes of `module` that the source of `function` uses."""
    return re.findall(rf"\b{module}\.(\w+)", inspect.getsource(function))  # type: ignore[arg-type]


def test_applying_twice_changes_nothing() -> None:
    def patched() -> list[object]:
        return [
            ice.StunProtocol,
            ice.get_host_addresses,
            ice.Connection.query_consent,
            vars(rtcrtpsender)["random"],
            vars(rtcrtpreceiver)["random"],
            vars(rtcrtpsender)["uint32_add"],
        ]

    before = patched()
    aiortc_patches.apply()
    assert patched() == before


@pytest.mark.parametrize(("package", "version"), [(aiortc, "1.17.0"), (aioice, "0.14.0")])
def test_other_versions_are_refused(package: object, version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "__version__", version)
    with pytest.raises(RuntimeError, match=re.escape(version)):
        aiortc_patches.apply()


def test_reports_still_wait_for_half_a_second_plus_a_random_fraction() -> None:
    for module in (rtcrtpsender.RTCRtpSender, rtcrtpreceiver.RTCRtpReceiver):
        assert names_used(module, "random") == ["random"]
        assert "asyncio.sleep(0.5 + random.random())" in inspect.getsource(module._run_rtcp)
    draws = [0.5 + aiortc_patches._RareRandom().random() for _ in range(1000)]
    assert 5 <= min(draws) < 6
    assert 14 < max(draws) <= 15


def test_the_random_timestamp_origin_is_added_in_one_place_only() -> None:
    source = inspect.getsource(rtcrtpsender)
    calls = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "uint32_add"
    ]
    assert [ast.unparse(node) for node in calls] == ["uint32_add(timestamp_origin, enc_frame.timestamp)"]


def test_the_tap_sits_where_the_jitter_buffer_was() -> None:
    source = inspect.getsource(rtcrtpreceiver.RTCRtpReceiver)
    assert "self.__jitter_buffer = JitterBuffer(capacity=16, prefetch=4)" in source
    assert "pli_flag, encoded_frame = self.__jitter_buffer.add(packet)" in source


def test_a_video_track_is_tapped_behind_repetition_and_before_the_decoder() -> None:
    source = inspect.getsource(rtcrtpreceiver.RTCRtpReceiver._handle_rtp_packet)
    steps = (
        "packet = unwrap_rtx(",
        "_send_rtcp_nack(",
        "packet._data = depayload(",
        "self.__jitter_buffer.add(packet)",
    )
    assert sorted(steps, key=source.index) == list(steps)
    assert "self.__jitter_buffer = JitterBuffer(capacity=512, is_video=True)" in inspect.getsource(
        rtcrtpreceiver.RTCRtpReceiver.__init__
    )


def test_feedback_is_heard_and_sent_where_it_is_looked_for() -> None:
    source = inspect.getsource(rtcrtpsender.RTCRtpSender)
    assert source.count("self._send_keyframe()") == 1
    assert "async def _handle_rtcp_packet(self, packet: AnyRtcpPacket) -> None:" in source
    receiver = rtcrtpreceiver.RTCRtpReceiver
    assert list(inspect.signature(receiver._send_rtcp_pli).parameters) == ["self", "media_ssrc"]
    assert list(inspect.signature(receiver._send_rtcp).parameters) == ["self", "packet"]
    assert "self.__rtcp_ssrc = ssrc" in inspect.getsource(receiver._set_rtcp_ssrc)


def test_sender_reports_come_where_they_are_looked_for() -> None:
    receiver = rtcrtpreceiver.RTCRtpReceiver
    assert list(inspect.signature(receiver._handle_rtcp_packet).parameters) == ["self", "packet"]
    assert {"ntp_timestamp", "rtp_timestamp"} <= {field.name for field in fields(RtcpSenderInfo)}


def test_an_encoder_of_the_library_may_be_asked_for_less_than_500_kbps() -> None:
    encoder = h264.H264Encoder()
    encoder.target_bitrate = 60_000
    assert encoder.target_bitrate == 60_000
    encoder.target_bitrate = 0
    assert encoder.target_bitrate == aiortc_patches.H264_MIN_BITS_PER_S


def test_sockets_and_addresses_come_from_the_names_that_are_replaced() -> None:
    assert "StunProtocol(self), local_addr=" in inspect.getsource(ice.Connection.get_component_candidates)
    assert "get_host_addresses(" in inspect.getsource(ice.Connection.gather_candidates)
    assert "self.query_consent()" in inspect.getsource(ice.Connection.connect)
    assert "self._rto = SCTP_RTO_INITIAL" in inspect.getsource(rtcsctptransport.RTCSctpTransport.__init__)
    assert {"timeout_delay", "tries_max"} <= set(
        re.findall(r"__(\w+)", inspect.getsource(aiortc_patches.SteadyTransaction.__mro__[1]))
    )


def test_the_private_names_of_a_connection_exist() -> None:
    async def look() -> None:
        peer = WebRtcPeer(loopback=True)
        try:
            connection = peer._connection
            (transceiver,) = connection.getTransceivers()
            fresh = aiortc.RTCPeerConnection().addTransceiver("audio")
            assert "_RTCRtpReceiver__jitter_buffer" in vars(fresh.receiver)
            assert fresh.receiver.transport._srtp_profiles is SRTP_PROFILES
            assert transceiver.receiver.transport._srtp_profiles[0] is SRTP_AES128_CM_SHA1_80
            assert f"cname:{vars(connection)['_RTCPeerConnection__cname']}" in (await peer.offer())["sdp"]
            assert isinstance(transceiver.receiver.transport.transport._connection, aioice.Connection)
        finally:
            await peer.close()

    asyncio.run(look())


def test_the_connection_uses_the_short_tag_and_no_header_extension() -> None:
    async def look() -> None:
        async with call() as both:
            (transceiver,) = both.caller._connection.getTransceivers()
            tls = transceiver.receiver.transport._ssl
            assert tls is not None
            assert tls.get_selected_srtp_profile() == SRTP_AES128_CM_SHA1_80.openssl_profile
            before = both.caller.wire_statistics()
            both.caller.send_voice(bytes(100), 0)
            await until(lambda: len(both.at_called.voice) == 1)
            sent = (both.caller.wire_statistics() - before).sent
            assert (sent.rtp, sent.rtp_packets) == (28 + 12 + 100 + 10, 1)

    asyncio.run(look())


def test_a_peer_that_offers_header_extensions_is_answered_without() -> None:
    async def negotiate() -> None:
        other = aiortc.RTCPeerConnection(aiortc.RTCConfiguration(iceServers=[]))
        peer = WebRtcPeer(loopback=True)
        try:
            other.addTransceiver("audio")
            other.createDataChannel("any")
            with aiortc_patches.host_addresses("127.0.0.1"):
                await other.setLocalDescription()
            offer = other.localDescription
            assert "a=extmap" in offer.sdp
            answer = await peer.answer({"type": offer.type, "sdp": offer.sdp})
            assert "a=extmap" not in answer["sdp"]
            await other.setRemoteDescription(aiortc.RTCSessionDescription(answer["sdp"], answer["type"]))
            await peer.connected(10)
        finally:
            await peer.close()
            await other.close()

    asyncio.run(negotiate())


def test_receiver_reports_keep_their_statistics() -> None:
    async def look() -> None:
        async with call() as both:
            for number in range(3):
                both.caller.send_voice(b"opus", number * 2880)
            await until(lambda: len(both.at_called.voice) == 3)
            statistics = await both.called._connection.getReceivers()[0].getStats()
            received = [s.packetsReceived for s in statistics.values() if s.type == "inbound-rtp"]
            assert received == [3]

    asyncio.run(look())


def test_consent_expires_when_the_other_side_no_longer_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    def hasty(source: random.Random) -> ConsentSchedule:
        return ConsentSchedule(source, 0.8, 0.1, 0.02, (0.2, 0.2))

    monkeypatch.setattr(aiortc_patches, "ConsentSchedule", hasty)

    async def die() -> None:
        async with call() as both:
            states: list[ConnectionState] = []
            both.caller.on_state = states.append
            await asyncio.sleep(1.0)
            assert both.caller.state is ConnectionState.CONNECTED
            transport = both.called._connection.getTransceivers()[0].receiver.transport.transport
            monkeypatch.setattr(transport._connection, "request_received", lambda *_: None)
            await until(lambda: states == [ConnectionState.FAILED], 10)

    asyncio.run(die())


def test_connectivity_is_checked_every_second_for_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stun, "RETRY_RTO", 0.02)
    monkeypatch.setattr(aiortc_patches, "STUN_RETRY_MAX_S", 0.04)

    class Counter:
        def __init__(self) -> None:
            self.sent_s: list[float] = []

        def send_stun(self, message: stun.Message, addr: tuple[str, int]) -> None:  # noqa: ARG002
            self.sent_s.append(asyncio.get_running_loop().time())

    async def ask() -> list[float]:
        counter = Counter()
        request = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
        with pytest.raises(stun.TransactionTimeout):
            await stun.Transaction(request, ("127.0.0.1", 1), counter, retransmissions=6).run()
        return counter.sent_s

    aiortc_patches.apply()
    sent_s = asyncio.run(ask())
    assert len(sent_s) == 7
    assert max(after - before for before, after in pairwise(sent_s)) < 0.08
    assert stun.RETRY_MAX == aiortc_patches.STUN_RETRIES


@pytest.mark.parametrize(
    ("datagram", "kind"),
    [
        (bytes([0, 1]), "stun"),
        (bytes([22, 254]), "dtls"),
        (bytes([0x80, 96]), "rtp"),
        (bytes([0x80, 0x80 | 96]), "rtp"),
        (bytes([0x80, 200]), "rtcp"),
        (bytes([0x80]), None),
        (bytes([64, 0]), None),
        (b"", None),
    ],
)
def test_datagrams_are_told_apart_by_their_first_bytes(datagram: bytes, kind: str | None) -> None:
    assert classify(datagram) == kind


def test_nothing_else_reaches_into_the_libraries() -> None:
    root = Path(aiortc_patches.__file__).parents[2]
    for path in (root / "callcodec").rglob("*.py"):
        if path.name not in ("aiortc_patches.py",):
            assert not re.search(r"(import|from) +aioice|aioice\.", path.read_text(encoding="utf-8")), path


def test_a_tally_counts_from_the_moment_it_is_made() -> None:
    clock = SimulatedClock(100.0)
    tally = WireTally(clock)
    clock.run_until(104.0)
    tally.count_sent("rtp", 1000)
    assert tally.statistics().sent_kbps == pytest.approx(2.0)


def test_a_machine_without_a_network_has_its_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ifaddr.get_adapters", lambda: [])
    assert ice.get_host_addresses(use_ipv4=True, use_ipv6=True) == ["127.0.0.1"]


def test_addresses_are_chosen_for_a_while_only() -> None:
    before = ice.get_host_addresses(use_ipv4=True, use_ipv6=False)
    with aiortc_patches.host_addresses("127.0.0.2"):
        assert ice.get_host_addresses(use_ipv4=True, use_ipv6=False) == ["127.0.0.2"]
    assert ice.get_host_addresses(use_ipv4=True, use_ipv6=False) == before
