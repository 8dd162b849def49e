"""The one module that reaches into aiortc and aioice; written against aiortc 1.16 and aioice 0.13.

`apply()` changes, once for the process, what no constructor offers:

- reports (RTCP) ten times rarer, and RTP timestamps that start where the application says;
- consent checks that outlive long round trips and heavy loss (`consent.ConsentSchedule`);
- connectivity checks once a second: a link that comes back is found within a second;
- every datagram counted, by class (`tally.WireTally`);
- host candidates on the loopback, which aioice leaves out;
- SCTP's first timeout 1 s, as RFC 9260, 16 has it, instead of the 3 s of RFC 4960;
- the lowest rate of aiortc's own H.264 encoder, 500 kbps.

The other functions adapt one connection. tests/transport/test_aiortc_patches.py fails when a name has moved.
"""

from __future__ import annotations

import asyncio
import base64
import functools
import os
import random
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any

import aioice
import aiortc
import av
from aioice import ice, stun
from aiortc import (
    RTCDataChannel,
    RTCPeerConnection,
    RTCRtpTransceiver,
    rtcrtpreceiver,
    rtcrtpsender,
    rtcsctptransport,
)
from aiortc.codecs import h264
from aiortc.mediastreams import VIDEO_TIME_BASE
from aiortc.rtcdtlstransport import SRTP_AES128_CM_SHA1_80, SRTP_PROFILES
from aiortc.rtp import (
    RTCP_PSFB_APP,
    AnyRtcpPacket,
    RtcpPsfbPacket,
    RtcpSrPacket,
    RtpPacket,
    pack_remb_fci,
    unpack_remb_fci,
)

from callcodec.transport.consent import ConsentSchedule
from callcodec.transport.endpoint import IPV4_UDP_BYTES, IPV6_UDP_BYTES
from callcodec.transport.tally import WireTally, classify

AIORTC_SERIES = "1.16."
AIOICE_SERIES = "0.13."

RTCP_INTERVAL_FACTOR = 10
"""aiortc reports every 0.5-1.5 s, which is a tenth of such a call. RFC 3550, 6.2 asks for at most 5 % of the
bandwidth and for 5 s or more between reports."""

SCTP_RTO_INITIAL_S = 1.0
H264_MIN_BITS_PER_S = 30_000

STUN_RETRY_MAX_S = 1.0
STUN_RETRIES = 60
"""RFC 8489, 6.2.1 doubles the pause between repetitions up to 16 s, and gives up after some 40 s: so does this, with
shorter pauses."""

_host_addresses: ContextVar[tuple[str, ...] | None] = ContextVar("host_addresses", default=None)


class _RareRandom:
    """Stands in for the module `random`, of which aiortc's sender and receiver only use `0.5 + random()`."""

    def random(self) -> float:
        return RTCP_INTERVAL_FACTOR * (0.5 + random.random()) - 0.5


class CountingStunProtocol(ice.StunProtocol):
    """A socket of an ICE agent that counts what goes through it, where `watch_ice` has asked for that."""

    def datagram_received(self, data: bytes | str, addr: tuple[Any, ...]) -> None:
        tally = self._tally()
        if tally is not None and isinstance(data, bytes) and (kind := classify(data)) is not None:
            tally.count_received(kind, len(data) + _header_bytes(addr[0]))
        super().datagram_received(data, addr)

    async def send_data(self, data: bytes, addr: tuple[str, int]) -> None:
        self._count_sent(data, addr)
        await super().send_data(data, addr)

    def send_stun(self, message: stun.Message, addr: tuple[str, int]) -> None:
        self._count_sent(bytes(message), addr)
        super().send_stun(message, addr)

    def _tally(self) -> WireTally | None:
        return getattr(self.receiver, "callcodec_tally", None)

    def _count_sent(self, data: bytes, addr: tuple[str, int]) -> None:
        tally = self._tally()
        if tally is not None and (kind := classify(data)) is not None:
            tally.count_sent(kind, len(data) + _header_bytes(addr[0]))


class SteadyTransaction(stun.Transaction):
    """A STUN request that is repeated after half a second, and then once a second.

    aioice keeps the pause in a private attribute, and doubles it without a limit; the property takes its place.
    """

    _pause_s: float

    @property
    def _Transaction__timeout_delay(self) -> float:  # noqa: N802 - aioice's name
        return min(self._pause_s, STUN_RETRY_MAX_S)

    @_Transaction__timeout_delay.setter
    def _Transaction__timeout_delay(self, pause_s: float) -> None:  # noqa: N802
        self._pause_s = pause_s


def _header_bytes(host: str) -> int:
    return IPV6_UDP_BYTES if ":" in host else IPV4_UDP_BYTES


async def _query_consent(connection: aioice.Connection) -> None:
    """Connection.query_consent on our schedule: asks until consent has expired, then closes."""
    schedule = ConsentSchedule(random.Random())
    loop = asyncio.get_running_loop()
    expires_s = loop.time() + schedule.lifetime_s
    healthy = True
    while loop.time() < expires_s:
        await asyncio.sleep(schedule.interval_s(healthy))
        for pair in list(connection._nominated.values()):
            healthy = await _ask_consent(connection, pair, schedule)
            if healthy:
                expires_s = loop.time() + schedule.lifetime_s
    vars(connection).get("callcodec_consent_expired", lambda: None)()
    connection._query_consent_task = None
    await connection.close()


async def _ask_consent(
    connection: aioice.Connection, pair: ice.CandidatePair, schedule: ConsentSchedule
) -> bool:
    assert connection.remote_password is not None  # connect() has returned
    try:
        await asyncio.wait_for(
            pair.protocol.request(
                connection.build_request(pair, nominate=False),
                pair.remote_addr,
                integrity_key=connection.remote_password.encode(),
                retransmissions=len(schedule.timeouts_s) - 1,
            ),
            sum(schedule.timeouts_s),
        )
    except (stun.TransactionError, TimeoutError):
        return False
    return True


def apply() -> None:
    """Patches the libraries for this process, once. RuntimeError if their versions are others."""
    if not aiortc.__version__.startswith(AIORTC_SERIES) or not aioice.__version__.startswith(AIOICE_SERIES):
        raise RuntimeError(
            f"This program needs aiortc {AIORTC_SERIES}* and aioice {AIOICE_SERIES}*; found aiortc "
            f"{aiortc.__version__} and aioice {aioice.__version__}. Install the versions that it asks for."
        )
    if ice.StunProtocol is CountingStunProtocol:
        return
    find_addresses = ice.get_host_addresses

    @functools.wraps(find_addresses)
    def get_host_addresses(use_ipv4: bool, use_ipv6: bool) -> list[str]:
        chosen = _host_addresses.get()
        # A machine without any network still has its loopback.
        return list(chosen) if chosen else find_addresses(use_ipv4, use_ipv6) or ["127.0.0.1"]

    replacements: tuple[tuple[Any, str, Any], ...] = (
        (ice, "StunProtocol", CountingStunProtocol),
        (ice, "get_host_addresses", get_host_addresses),
        (stun, "Transaction", SteadyTransaction),
        (stun, "RETRY_MAX", STUN_RETRIES),
        (ice.Connection, "query_consent", _query_consent),
        (rtcrtpsender, "random", _RareRandom()),
        (rtcrtpreceiver, "random", _RareRandom()),
        # The sender adds a random origin to every timestamp here, and nowhere else.
        (rtcrtpsender, "uint32_add", lambda _origin, timestamp: timestamp % 2**32),
        (rtcsctptransport, "SCTP_RTO_INITIAL", SCTP_RTO_INITIAL_S),
        (h264, "MIN_BITRATE", H264_MIN_BITS_PER_S),
    )
    for owner, name, value in replacements:
        setattr(owner, name, value)


@contextmanager
def host_addresses(*addresses: str) -> Iterator[None]:
    """While it lasts, connections of this task gather candidates on these addresses only (none: on all)."""
    token = _host_addresses.set(addresses or None)
    try:
        yield
    finally:
        _host_addresses.reset(token)


def watch_ice(transceiver: RTCRtpTransceiver, tally: WireTally, consent_expired: Callable[[], None]) -> None:
    """Counts every datagram under `transceiver`, and tells when consent expires, before all is closed.

    To be called before candidates are gathered. Without it, expiry looks as if the other side had hung up.
    """
    connection = transceiver.receiver.transport.transport._connection
    vars(connection).update(callcodec_tally=tally, callcodec_consent_expired=consent_expired)


def shorten_srtp(transceiver: RTCRtpTransceiver) -> None:
    """Prefers the SRTP profile with the 10-byte tag to those with 16; the others stay on offer."""
    profiles = sorted(SRTP_PROFILES, key=lambda profile: profile is not SRTP_AES128_CM_SHA1_80)
    transceiver.receiver.transport._srtp_profiles = profiles


def shorten_cname(connection: RTCPeerConnection) -> None:
    """A CNAME of 16 characters (96 random bits, RFC 7022, 5) instead of 36: it goes out with every report."""
    cname = base64.b64encode(os.urandom(12)).decode()
    vars(connection)["_RTCPeerConnection__cname"] = cname


def tap_rtp(transceiver: RTCRtpTransceiver, on_packet: Callable[[RtpPacket], None]) -> None:
    """Hands every RTP packet over as it arrives; neither aiortc's jitter buffer nor its decoder sees it.

    The tap takes the place of the jitter buffer, behind the statistics that receiver reports are made from.
    """
    vars(transceiver.receiver)["_RTCRtpReceiver__jitter_buffer"] = _Tap(on_packet)


def packetised_h264(access_unit: bytes) -> list[bytes]:
    """RTP payloads of an access unit in Annex B form, as aiortc sends it (RFC 6184, packetisation mode 1)."""
    packet = av.Packet(access_unit)
    packet.pts, packet.time_base = 0, VIDEO_TIME_BASE
    return h264.H264Encoder().pack(packet)[0]


def depayloaded_h264(payload: bytes) -> bytes:
    """The bytes of an Annex B stream in an RTP payload. ValueError where there are none."""
    return h264.h264_depayload(payload)


def depayloaded(packet: RtpPacket) -> bytes:
    """The bytes of an Annex B stream that aiortc has found in a tapped packet of H.264."""
    data = vars(packet).get("_data", b"")
    return data if isinstance(data, bytes) else b""


def watch_feedback(
    transceiver: RTCRtpTransceiver, key_frame_wanted: Callable[[], None], rate_limited: Callable[[int], None]
) -> None:
    """Tells when the other side wants a key frame (PLI, FIR), or takes so many bits per second at most (REMB)."""
    sender = transceiver.sender
    handle = sender._handle_rtcp_packet

    async def handle_rtcp_packet(packet: AnyRtcpPacket) -> None:
        if isinstance(packet, RtcpPsfbPacket) and packet.fmt == RTCP_PSFB_APP:
            with suppress(ValueError):
                bits_per_second, sources = unpack_remb_fci(packet.fci)
                if sender._ssrc in sources:
                    rate_limited(bits_per_second)
        await handle(packet)

    vars(sender).update(_handle_rtcp_packet=handle_rtcp_packet, _send_keyframe=key_frame_wanted)


def watch_sender_reports(transceiver: RTCRtpTransceiver, reported: Callable[[int, int], None]) -> None:
    """Tells each sender report's NTP timestamp (64 bits) and the RTP timestamp of that moment (RFC 3550, 6.4.1)."""
    receiver = transceiver.receiver
    handle = receiver._handle_rtcp_packet

    async def handle_rtcp_packet(packet: AnyRtcpPacket) -> None:
        if isinstance(packet, RtcpSrPacket):
            reported(packet.sender_info.ntp_timestamp, packet.sender_info.rtp_timestamp)
        await handle(packet)

    vars(receiver)["_handle_rtcp_packet"] = handle_rtcp_packet


def send_pli(transceiver: RTCRtpTransceiver, ssrc: int) -> None:
    """Asks the sender of `ssrc` for a key frame."""
    _begin(transceiver, transceiver.receiver._send_rtcp_pli(ssrc))


def send_remb(transceiver: RTCRtpTransceiver, ssrc: int, bits_per_second: int) -> None:
    """Tells the sender of `ssrc` how much is taken at most. aiortc itself only does so with a header extension."""
    receiver = transceiver.receiver
    own = vars(receiver)["_RTCRtpReceiver__rtcp_ssrc"]
    fci = pack_remb_fci(bits_per_second, [ssrc])
    packet = RtcpPsfbPacket(fmt=RTCP_PSFB_APP, ssrc=own, media_ssrc=0, fci=fci)
    _begin(transceiver, receiver._send_rtcp(packet))


def _begin(transceiver: RTCRtpTransceiver, work: Coroutine[Any, Any, None]) -> None:
    """Runs `work` on the event loop, which itself keeps no more than a weak reference to a task."""
    tasks: set[asyncio.Task[None]] = vars(transceiver).setdefault("callcodec_tasks", set())
    task = asyncio.get_running_loop().create_task(work)
    tasks.add(task)
    task.add_done_callback(tasks.discard)


def unacknowledged_bytes(channel: RTCDataChannel) -> int:
    """Bytes that `channel` was given and that the other side has not confirmed (aiortc itself only counts to the first
    transmission)."""
    association = channel.transport
    chunks = (*association._outbound_queue, *association._sent_queue)
    under_way = sum(len(c.user_data) for c in chunks if c.stream_id == channel.id and not c._acked)
    return int(channel.bufferedAmount) + under_way


class _Tap:
    def __init__(self, on_packet: Callable[[RtpPacket], None]) -> None:
        self._on_packet = on_packet

    def add(self, packet: RtpPacket) -> tuple[bool, None]:
        """JitterBuffer.add: no key frame is needed, and no frame is complete."""
        self._on_packet(packet)
        return False, None
