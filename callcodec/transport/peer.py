"""One end of a real call: a WebRTC connection with one Opus line and three data channels."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from fractions import Fraction

import av
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCDataChannel,
    RTCIceServer,
    RTCPeerConnection,
    RTCRtpSender,
    RTCSessionDescription,
)
from aiortc.rtcconfiguration import RTCBundlePolicy
from aiortc.rtp import RtpPacket

from callcodec.transport import aiortc_patches
from callcodec.transport.authentication import fingerprints_of, spelled
from callcodec.transport.clock import Clock, MonotonicClock
from callcodec.transport.description import (
    CALL_MEDIA,
    Description,
    UnusableDescriptionError,
    check_description,
    has_video,
    without_header_extensions,
)
from callcodec.transport.endpoint import (
    RTP_CLOCK_HZ,
    Channel,
    ConnectionState,
    MessageArrival,
    VoiceArrival,
    WireStatistics,
    check_message,
)
from callcodec.transport.h264_track import H264Track
from callcodec.transport.tally import WireTally

logger = logging.getLogger(__name__)

MAX_VOICE_BYTES = 1200
"""An RTP payload that fits every path with its headers (RFC 8831, 5: 1200 bytes)."""

LOOPBACK = "127.0.0.1"


class _VoiceTrack(MediaStreamTrack):
    """Gives aiortc one finished Opus packet at a time, as soon as it is there."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._packets: asyncio.Queue[tuple[bytes, int]] = asyncio.Queue()

    def push(self, payload: bytes, rtp_timestamp: int) -> None:
        self._packets.put_nowait((payload, rtp_timestamp))

    async def recv(self) -> av.Packet[av.stream.Stream]:
        payload, rtp_timestamp = await self._packets.get()
        packet = av.Packet(payload)
        packet.pts = rtp_timestamp
        packet.time_base = Fraction(1, RTP_CLOCK_HZ)
        return packet


class WebRtcPeer:
    """Implements Endpoint over aiortc. Made, used and closed on one event loop.

    The caller: `offer()`, send it, receive the answer, `accept()`. The called: receive, `answer()`, send.
    Both: `connected()`, then the call, then `close()`.
    """

    media = CALL_MEDIA
    """The sections of its descriptions, in their order."""

    def __init__(
        self,
        *,
        loopback: bool = False,
        ice_servers: tuple[RTCIceServer, ...] = (),
        clock: Clock | None = None,
        offers_video: bool = False,
        sends_video: bool = False,
    ) -> None:
        """`loopback`: candidates on 127.0.0.1 only. No server is contacted unless `ice_servers` names one.

        `offers_video`: an offer has an H.264 line; whoever is called takes one in any case. `sends_video`: this side
        has something to send on it.
        """
        aiortc_patches.apply()
        self.on_voice: Callable[[VoiceArrival], None] | None = None
        self.on_message: Callable[[MessageArrival], None] | None = None
        self.on_state: Callable[[ConnectionState], None] | None = None
        self._loop = asyncio.get_running_loop()
        self._clock = clock or MonotonicClock()
        self.video = H264Track(self._clock, sends_video)
        self._addresses = (LOOPBACK,) if loopback else ()
        self._state = ConnectionState.NEW
        self._settled = asyncio.Event()
        self._connection = RTCPeerConnection(
            RTCConfiguration(iceServers=list(ice_servers), bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)
        )
        self._connection.on("connectionstatechange", self._follow_connection)
        self._track = _VoiceTrack()
        transceiver = self._connection.addTransceiver(self._track, "sendrecv")
        opus = [codec for codec in RTCRtpSender.getCapabilities("audio").codecs if codec.name == "opus"]
        transceiver.setCodecPreferences(opus)
        self._tally = WireTally(self._clock)
        aiortc_patches.watch_ice(transceiver, self._tally, lambda: self._enter(ConnectionState.FAILED))
        aiortc_patches.shorten_srtp(transceiver)
        aiortc_patches.shorten_cname(self._connection)
        aiortc_patches.tap_rtp(transceiver, self._take_voice)
        aiortc_patches.watch_sender_reports(transceiver, self.video.voice_reported)
        self._channels = {channel: self._open_channel(channel) for channel in Channel}
        if offers_video:
            self.video.join(self._connection)

    @property
    def state(self) -> ConnectionState:
        """See Endpoint."""
        return self._state

    @property
    def fingerprints(self) -> tuple[str, ...]:
        """Of this side's certificate, as `authentication.fingerprints_of` spells those of its descriptions."""
        transport = self._connection.getTransceivers()[0].sender.transport
        return tuple(
            sorted(spelled(f.algorithm, f.value) for f in transport.getLocalParameters().fingerprints)
        )

    @property
    def remote_fingerprints(self) -> tuple[str, ...]:
        """Of the other side's description; none before there is one."""
        description = self._connection.remoteDescription
        return () if description is None else fingerprints_of(description.sdp)

    async def offer(self) -> Description:
        """The caller's half of the negotiation, candidates included."""
        self._enter(ConnectionState.CONNECTING)
        offer = await self._connection.createOffer()
        return await self._describe(RTCSessionDescription(without_header_extensions(offer.sdp), offer.type))

    async def answer(self, offer: Mapping[str, object]) -> Description:
        """The called side's half. ValueError if the offer cannot be understood or lacks voice or channels."""
        self._enter(ConnectionState.CONNECTING)
        with self._understanding("offer"):
            if has_video(offer):
                self.video.join(self._connection)
            await self._apply(offer, "offer")
            return await self._describe(await self._connection.createAnswer())

    async def accept(self, answer: Mapping[str, object]) -> None:
        """Ends the negotiation on the caller's side. ValueError as in `answer`."""
        with self._understanding("answer"):
            await self._apply(answer, "answer")

    async def connected(self, timeout_s: float) -> None:
        """Returns once CONNECTED. ConnectionError, with a sentence, if it fails or `timeout_s` is over."""
        try:
            await asyncio.wait_for(self._settled.wait(), timeout_s)
        except TimeoutError:
            raise ConnectionError(
                f"No connection came up within {timeout_s:g} s: no packet of the other side gets through, "
                "or it has gone."
            ) from None
        if self._state is not ConnectionState.CONNECTED:
            raise ConnectionError("The connection failed: the two sides have found no path to each other.")

    async def close(self) -> None:
        """Hangs up. Safe at any time, and more than once."""
        self._enter(ConnectionState.CLOSED)
        try:
            await asyncio.wait_for(self._connection.close(), 5)
        except Exception as error:
            # A connection that was given half of a bad description cannot always close in order.
            logger.warning("The connection did not close in order: %r", error)

    def send_voice(self, payload: bytes, rtp_timestamp: int) -> None:
        """See Endpoint. ValueError unless `payload` has 1 to 1200 bytes."""
        if not 0 < len(payload) <= MAX_VOICE_BYTES:
            raise ValueError(f"A voice packet has 1 to {MAX_VOICE_BYTES} bytes, this one has {len(payload)}.")
        if self._state is ConnectionState.CONNECTED:
            self._track.push(payload, rtp_timestamp % 2**32)

    def send_message(self, channel: Channel, data: bytes) -> None:
        """See Endpoint."""
        check_message(data)
        if self._state is ConnectionState.CONNECTED and self._channels[channel].readyState == "open":
            self._channels[channel].send(data)

    def unacknowledged_bytes(self, channel: Channel) -> int:
        """See Endpoint."""
        return aiortc_patches.unacknowledged_bytes(self._channels[channel])

    def wire_statistics(self) -> WireStatistics:
        """See Endpoint."""
        return self._tally.statistics()

    def _open_channel(self, channel: Channel) -> RTCDataChannel:
        data_channel = self._connection.createDataChannel(
            channel.name.lower(),
            ordered=channel.reliable,
            maxRetransmits=None if channel.reliable else 0,
            negotiated=True,
            id=channel.value,
        )
        data_channel.on("message", lambda data: self._take_message(channel, data))
        data_channel.on("open", self._follow_connection)
        data_channel.on("close", self._follow_connection)
        return data_channel

    async def _describe(self, description: RTCSessionDescription) -> Description:
        with aiortc_patches.host_addresses(*self._addresses):
            await self._connection.setLocalDescription(description)
        local = self._connection.localDescription
        return {"type": local.type, "sdp": local.sdp}

    async def _apply(self, description: Mapping[str, object], kind: str) -> None:
        sdp = without_header_extensions(check_description(description, kind, self.media)["sdp"])
        await self._connection.setRemoteDescription(RTCSessionDescription(sdp, kind))

    @contextmanager
    def _understanding(self, kind: str) -> Iterator[None]:
        """Whatever aiortc makes of a hostile description, for which it was not made, becomes a ValueError."""
        try:
            yield
        except UnusableDescriptionError:
            raise
        except Exception as error:
            raise UnusableDescriptionError(
                f"The other side's {kind} could not be understood ({type(error).__name__}: {error})."
            ) from error

    def _take_voice(self, packet: RtpPacket) -> None:
        arrival = VoiceArrival(
            packet.sequence_number, packet.timestamp, bytes(packet.payload), self._clock.now()
        )
        if self.on_voice is not None:
            # Not at once: an error in the owner's code must not tear down aiortc's receiving task.
            self._loop.call_soon(self.on_voice, arrival)

    def _take_message(self, channel: Channel, data: bytes | str) -> None:
        # Ours are always binary; text can only come from another program and means nothing here.
        if isinstance(data, bytes) and self.on_message is not None:
            self._loop.call_soon(self.on_message, MessageArrival(channel, data, self._clock.now()))

    def _follow_connection(self) -> None:
        state = self._connection.connectionState
        channels = {channel.readyState for channel in self._channels.values()}
        if state == "failed":
            self._enter(ConnectionState.FAILED)
        elif state == "closed" or (self._state is ConnectionState.CONNECTED and channels == {"closed"}):
            self._enter(ConnectionState.CLOSED)
        elif state == "connected" and channels == {"open"}:
            self._enter(ConnectionState.CONNECTED)

    def _enter(self, state: ConnectionState) -> None:
        if self._state in (state, ConnectionState.FAILED, ConnectionState.CLOSED):
            return
        self._state = state
        if state is not ConnectionState.CONNECTING:
            self._settled.set()
        if self.on_state is not None:
            self._loop.call_soon(self.on_state, state)
