"""A call with a browser outlives its connection; a program of this process plays the browser."""

import asyncio
import base64
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

import aiohttp
import pytest

from callcodec.call.browser_meeting import BrowserOptions
from callcodec.call.session import hold_call
from callcodec.transport.authenticated_call import Patience, RefusedError, place_authenticated_call
from callcodec.transport.authentication import Role, continued
from callcodec.transport.endpoint import Channel
from callcodec.transport.peer import WebRtcPeer
from callcodec.wire.control import Bye, serialise_control
from tests.call.people import Script, person
from tests.transport.calls import listen, until

PATIENCE = Patience(message_s=5, person_s=5, connection_s=10)


class PageSignalling:
    """The page's side of the signalling."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket

    async def send(self, message: Mapping[str, object]) -> None:
        """See Signalling."""
        await self._socket.send_json(message)

    async def receive(self, timeout_s: float) -> dict[str, object]:
        """See Signalling."""
        message: dict[str, object] = await self._socket.receive_json(timeout=timeout_s)
        return message

    async def close(self) -> None:
        """See Signalling."""
        await self._socket.close()


@asynccontextmanager
async def placed(address: str, secret: bytes) -> AsyncIterator[WebRtcPeer]:
    """A connection made as the page makes one."""
    peer = WebRtcPeer(offers_video=True)
    try:
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(f"{address}signal", origin=address.rstrip("/")) as socket,
        ):
            await place_authenticated_call(peer, PageSignalling(socket), secret, PATIENCE, lambda _: None)
        yield peer
    finally:
        await peer.close()


def test_a_new_connection_takes_the_place_of_a_lost_one_and_the_link_alone_does_not_get_it() -> None:
    async def talk() -> list[str]:
        terminal = Script()
        options = replace(person("", secret=None), room="", browser=BrowserOptions())
        call = asyncio.create_task(hold_call(options, Role.LISTEN, terminal))
        await until(lambda: any("/#" in said for said in terminal.said))
        address, _, fragment = next(said for said in terminal.said if "/#" in said).partition("#")
        secret = base64.urlsafe_b64decode(fragment + "=")
        async with AsyncExitStack() as stack:
            first = await stack.enter_async_context(placed(address, secret))
            with pytest.raises(RefusedError, match="same secret"):
                await stack.enter_async_context(placed(address, secret))
            again = continued(secret, first.fingerprints, first.remote_fingerprints)
            second = await stack.enter_async_context(placed(address, again))
            heard = listen(second)
            await until(lambda: "Connected anew." in terminal.said and len(heard.voice) > 5)
            second.send_message(Channel.CONTROL, serialise_control(Bye()))
            await asyncio.wait_for(call, 20)
        return terminal.said

    assert asyncio.run(talk())[-1] == "The other side hung up."
