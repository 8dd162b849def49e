"""STUN and TURN servers are used if they are named, and only then."""

import asyncio
import re
import socket
from collections.abc import Callable
from contextlib import suppress

import pytest

from callcodec.transport.aiortc_patches import CountingStunProtocol
from callcodec.transport.browser_peer import BrowserPeer, BrowserRates
from callcodec.transport.ice_servers import PASSWORD_VARIABLE, parse_ice_server
from callcodec.transport.peer import WebRtcPeer

STUN_MAGIC = bytes.fromhex("2112A442")  # RFC 8489, 5


def test_servers_are_understood() -> None:
    assert parse_ice_server("stun:stun.example:3478", None).urls == "stun:stun.example:3478"
    turn = parse_ice_server("turn:me@relay.example:3478", "secret")
    assert (turn.urls, turn.username, turn.credential) == ("turn:relay.example:3478", "me", "secret")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("http://stun.example", "neither"),
        ("stun:", "neither"),
        ("turn:relay.example", "neither"),
        ("turn:me@relay.example", PASSWORD_VARIABLE),
    ],
)
def test_what_is_no_server_is_a_sentence(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        parse_ice_server(text, None)


def test_a_server_that_is_named_is_asked() -> None:
    async def ask() -> bytes:
        loop = asyncio.get_running_loop()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
            server.setblocking(False)
            server.bind(("127.0.0.1", 0))
            named = parse_ice_server(f"stun:127.0.0.1:{server.getsockname()[1]}", None)
            peer = WebRtcPeer(loopback=True, ice_servers=(named,))
            offer = asyncio.create_task(peer.offer())
            question = await asyncio.wait_for(loop.sock_recv(server, 2048), 5)
            offer.cancel()
            with suppress(asyncio.CancelledError):
                await offer
            await peer.close()
        return question

    assert asyncio.run(ask())[4:8] == STUN_MAGIC


@pytest.mark.parametrize(
    "create", [WebRtcPeer, lambda: BrowserPeer(BrowserRates())], ids=["program", "browser"]
)
def test_no_server_is_asked_unless_it_is_named(
    create: Callable[[], WebRtcPeer], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []

    monkeypatch.setattr(CountingStunProtocol, "send_stun", lambda *arguments: asked.append(arguments))

    async def offer() -> str:
        peer = create()
        try:
            return (await peer.offer())["sdp"]
        finally:
            await peer.close()

    assert set(re.findall(r"^a=candidate:.* typ (\w+)", asyncio.run(offer()), re.MULTILINE)) == {"host"}
    assert not asked
