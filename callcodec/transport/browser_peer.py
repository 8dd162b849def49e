"""The connection to a browser: a voice, an H.264 track each way, and the same channels as between two programs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from aiortc import RTCIceServer

from callcodec.transport.clock import Clock
from callcodec.transport.description import Description, UnusableDescriptionError, has_video
from callcodec.transport.peer import WebRtcPeer

MIN_VIDEO_KBPS, MAX_VIDEO_KBPS = 60, 200
VOICE_PACKET_MS = 60


@dataclass(frozen=True)
class BrowserRates:
    """What the browser may send, in kbps of RTP payload and headers. ValueError outside of what can be had."""

    video_kbps: int = 100
    voice_kbps: int = 16

    def __post_init__(self) -> None:
        if not MIN_VIDEO_KBPS <= self.video_kbps <= MAX_VIDEO_KBPS:
            raise ValueError(
                f"a browser's picture takes {MIN_VIDEO_KBPS} to {MAX_VIDEO_KBPS} kbps, not {self.video_kbps}"
            )
        if not 8 <= self.voice_kbps <= 64:
            raise ValueError(f"a browser's voice takes 8 to 64 kbps, not {self.voice_kbps}")


class BrowserPeer(WebRtcPeer):
    """The listening side of a call with a browser, which makes the offer."""

    def __init__(
        self,
        rates: BrowserRates,
        *,
        loopback: bool = False,
        ice_servers: tuple[RTCIceServer, ...] = (),
        clock: Clock | None = None,
    ) -> None:
        """See WebRtcPeer."""
        super().__init__(loopback=loopback, ice_servers=ice_servers, clock=clock, sends_video=True)
        self._rates = rates

    async def answer(self, offer: Mapping[str, object]) -> Description:
        """See WebRtcPeer; the answer says how much the browser may send. ValueError without a video line, too."""
        if not has_video(offer):
            raise UnusableDescriptionError("The browser's offer has no video line.")
        description = await super().answer(offer)
        return {**description, "sdp": with_rates(description["sdp"], self._rates)}


def with_rates(sdp: str, rates: BrowserRates) -> str:
    """The description with b=AS (RFC 8866, 5.8) in its voice and its video section, and long voice packets."""
    kbps = {"audio": rates.voice_kbps, "video": rates.video_kbps}
    sections = re.split(r"^(?=m=)", sdp, flags=re.MULTILINE)
    return sections[0] + "".join(_section_with_rate(section, kbps) for section in sections[1:])


def _section_with_rate(section: str, kbps: Mapping[str, int]) -> str:
    media = section[2:].split(" ", 1)[0]
    if media not in kbps:
        return section
    # The connection's line stands before the bandwidth's (RFC 8866, 5).
    limited = re.sub(r"^(c=.*\r\n)", rf"\g<1>b=AS:{kbps[media]}\r\n", section, count=1, flags=re.MULTILINE)
    return limited + (f"a=ptime:{VOICE_PACKET_MS}\r\n" if media == "audio" else "")
