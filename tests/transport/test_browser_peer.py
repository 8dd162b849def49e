"""What a browser is allowed to send, and how it is told."""

import asyncio
import re

import pytest

from callcodec.transport.browser_peer import BrowserPeer, BrowserRates, with_rates
from callcodec.transport.description import Description
from callcodec.transport.peer import WebRtcPeer


async def negotiated(offers_video: bool) -> tuple[Description, Description]:
    """The offer of a peer, and the answer that a browser would get to it."""
    caller, called = WebRtcPeer(loopback=True, offers_video=offers_video), BrowserPeer(BrowserRates(90, 20))
    try:
        offer = await caller.offer()
        return offer, await called.answer(offer)
    finally:
        await caller.close()
        await called.close()


def test_the_answer_says_how_much_may_be_sent() -> None:
    _, answer = asyncio.run(negotiated(offers_video=True))
    sections = {part[2:7]: part for part in re.split(r"^(?=m=)", answer["sdp"], flags=re.MULTILINE)[1:]}
    assert sections["audio"].count("b=AS:20\r\n") == sections["video"].count("b=AS:90\r\n") == 1
    assert "a=ptime:60\r\n" in sections["audio"]
    assert "H264" in sections["video"]
    assert "VP8" not in sections["video"]


def test_an_offer_without_a_picture_is_refused() -> None:
    with pytest.raises(ValueError, match="no video line"):
        asyncio.run(negotiated(offers_video=False))


def test_only_voice_and_picture_are_limited() -> None:
    sdp = (
        "v=0\r\nc=IN IP4 0.0.0.0\r\nm=audio 9\r\nc=IN IP4 0.0.0.0\r\nm=application 9\r\nc=IN IP4 0.0.0.0\r\n"
    )
    limited = with_rates(sdp, BrowserRates(60, 8))
    assert limited.count("b=AS") == 1
    assert "m=audio 9\r\nc=IN IP4 0.0.0.0\r\nb=AS:8\r\n" in limited


@pytest.mark.parametrize(("video", "voice"), [(59, 16), (201, 16), (100, 7), (100, 65)])
def test_rates_that_cannot_be_are_sentences(video: int, voice: int) -> None:
    with pytest.raises(ValueError, match="kbps, not"):
        BrowserRates(video, voice)
