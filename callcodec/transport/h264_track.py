"""The H.264 track of a real call: finished access units go out, and come in before aiortc's buffer and decoder."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from fractions import Fraction

import av
from aiortc import MediaStreamTrack, RTCPeerConnection, RTCRtpSender, RTCRtpTransceiver
from aiortc.rtp import RtpPacket

from callcodec.transport import aiortc_patches
from callcodec.transport.access_units import AccessUnit, AccessUnitAssembler, VideoPacket
from callcodec.transport.clock import Clock
from callcodec.transport.endpoint import RTP_CLOCK_HZ
from callcodec.transport.video_line import VIDEO_CLOCK_HZ, VideoCounts, check_access_unit

CODECS = ("video/h264", "video/rtx")


class _AccessUnitTrack(MediaStreamTrack):
    """Gives aiortc one finished access unit at a time; it only cuts them into RTP packets."""

    kind = "video"

    def __init__(self) -> None:
        super().__init__()
        self._units: asyncio.Queue[tuple[bytes, int]] = asyncio.Queue()

    def push(self, data: bytes, rtp_timestamp: int) -> None:
        self._units.put_nowait((data, rtp_timestamp))

    async def recv(self) -> av.Packet[av.stream.Stream]:
        data, rtp_timestamp = await self._units.get()
        packet = av.Packet(data)
        packet.pts = rtp_timestamp
        packet.time_base = Fraction(1, VIDEO_CLOCK_HZ)
        return packet


class H264Track:
    """Implements VideoLine over aiortc. Nothing happens before `join` has made it part of a connection.

    Lost packets are asked for again, and repeated, by aiortc (NACK and RTX, RFC 4585 and RFC 4588).
    """

    def __init__(self, clock: Clock, sends: bool) -> None:
        """`sends`: whether this side has a track of its own to offer."""
        self.on_access_unit: Callable[[AccessUnit], None] | None = None
        self.on_key_frame_wanted: Callable[[], None] | None = None
        self.on_rate_limited: Callable[[float], None] | None = None
        self.on_aligned: Callable[[float], None] | None = None
        self.counts = VideoCounts()
        self._clock = clock
        self._sends = sends
        self._assembler = AccessUnitAssembler()
        self._track: _AccessUnitTrack | None = None
        self._transceiver: RTCRtpTransceiver | None = None
        self._ssrc: int | None = None
        # When the RTP clocks of both tracks stood at 0, in seconds of the other side's clock.
        self._voice_zero_s: float | None = None
        self._video_zero_s: float | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def join(self, connection: RTCPeerConnection) -> None:
        """Become a line of `connection`, before its offer is made or another's is applied. Once is enough."""
        if self._transceiver is not None:
            return
        self._loop = asyncio.get_running_loop()
        self._track = _AccessUnitTrack() if self._sends else None
        transceiver = connection.addTransceiver(
            self._track or "video", "sendrecv" if self._sends else "recvonly"
        )
        known = RTCRtpSender.getCapabilities("video").codecs
        transceiver.setCodecPreferences([codec for codec in known if codec.mimeType.lower() in CODECS])
        aiortc_patches.tap_rtp(transceiver, self._take_packet)
        aiortc_patches.watch_feedback(transceiver, self._key_frame_wanted, self._rate_limited)
        aiortc_patches.watch_sender_reports(transceiver, self._video_reported)
        self._transceiver = transceiver

    @property
    def can_send(self) -> bool:
        """See VideoLine."""
        return (
            self._track is not None
            and self._transceiver is not None
            and self._transceiver.currentDirection in ("sendonly", "sendrecv")
        )

    def send(self, access_unit: bytes, rtp_timestamp: int) -> None:
        """See VideoLine."""
        check_access_unit(access_unit)
        if self._track is not None and self.can_send:
            self._track.push(access_unit, rtp_timestamp % 2**32)
            self.counts.units_sent += 1
            self.counts.unit_bytes_sent += len(access_unit)

    def ask_for_key_frame(self) -> None:
        """See VideoLine."""
        if self._transceiver is not None and self._ssrc is not None:
            aiortc_patches.send_pli(self._transceiver, self._ssrc)
            self.counts.key_requests_sent += 1

    def limit_rate(self, kbps: float) -> None:
        """See VideoLine."""
        if self._transceiver is not None and self._ssrc is not None:
            aiortc_patches.send_remb(self._transceiver, self._ssrc, round(kbps * 1000))
            self.counts.rate_limits_sent += 1

    def tick(self, now_s: float) -> None:
        """See VideoLine."""
        self._hand_over(self._assembler.release(now_s))

    def voice_reported(self, ntp_timestamp: int, rtp_timestamp: int) -> None:
        """A sender report of the voice beside this track has come."""
        self._voice_zero_s = ntp_timestamp / 2**32 - rtp_timestamp / RTP_CLOCK_HZ
        self._align()

    def _video_reported(self, ntp_timestamp: int, rtp_timestamp: int) -> None:
        self._video_zero_s = ntp_timestamp / 2**32 - rtp_timestamp / VIDEO_CLOCK_HZ
        self._align()

    def _align(self) -> None:
        if self._voice_zero_s is None or self._video_zero_s is None:
            return
        if self.on_aligned is not None and self._loop is not None:
            self._loop.call_soon(self.on_aligned, self._video_zero_s - self._voice_zero_s)

    def _take_packet(self, packet: RtpPacket) -> None:
        self._ssrc = packet.ssrc
        taken = VideoPacket(
            packet.sequence_number,
            packet.timestamp,
            bool(packet.marker),
            bytes(packet.payload),
            aiortc_patches.depayloaded(packet),
        )
        self._hand_over(self._assembler.push(taken, self._clock.now()))

    def _hand_over(self, units: list[AccessUnit]) -> None:
        self.counts.packets_lost = self._assembler.lost_packets
        for unit in units:
            self.counts.units_received += 1
            self.counts.unit_bytes_received += len(unit.data)
            self._call_soon(self.on_access_unit, unit)

    def _key_frame_wanted(self) -> None:
        self.counts.key_requests_received += 1
        if self.on_key_frame_wanted is not None and self._loop is not None:
            self._loop.call_soon(self.on_key_frame_wanted)

    def _rate_limited(self, bits_per_second: int) -> None:
        if self.on_rate_limited is not None and self._loop is not None:
            self._loop.call_soon(self.on_rate_limited, bits_per_second / 1000)

    def _call_soon(self, callback: Callable[[AccessUnit], None] | None, unit: AccessUnit) -> None:
        # Not at once: an error in the owner's code must not tear down aiortc's receiving task.
        if callback is not None and self._loop is not None:
            self._loop.call_soon(callback, unit)
