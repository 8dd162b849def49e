"""Signalling through a rendezvous server."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import aiohttp

from callcodec.transport.rendezvous import (
    CLOSE_EXPIRED,
    CLOSE_GONE,
    CLOSE_SILENT,
    CLOSE_TOO_FAST,
    ROOM_NAME,
)
from callcodec.transport.signalling import MAX_MESSAGE_BYTES, parse_message, serialise_message

CONNECT_TIMEOUT_S = 10.0
HEARTBEAT_S = 20.0
CLOSE_TIMEOUT_S = 2.0

REFUSALS = {
    400: "The rendezvous does not take this room's name.",
    409: "Two people are in this room already.",
    503: "The rendezvous is full; try again later.",
}
ENDS = {
    CLOSE_EXPIRED: "The room has expired at the rendezvous: nobody came in time.",
    CLOSE_TOO_FAST: "The rendezvous ended the connection: too many messages.",
    CLOSE_GONE: "The other side has left before the connection was made.",
    CLOSE_SILENT: "The rendezvous no longer hears the other side.",
}


class OtherSideLeftError(ConnectionError):
    """The other side has left the room, or its program has ended."""


class RendezvousSignalling:
    """Implements Signalling. `join` enters the room, `paired` waits for the other side."""

    def __init__(self, session: aiohttp.ClientSession, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._session = session
        self._socket = socket

    @classmethod
    async def join(cls, url: str, room: str, timeout_s: float = CONNECT_TIMEOUT_S) -> RendezvousSignalling:
        """Enters `room` of the rendezvous at `url`, ws:// or wss://.

        ValueError for a room or address that cannot be, ConnectionError when the server is not there or refuses.
        """
        check_room(room)
        check_url(url)
        session = aiohttp.ClientSession()
        try:
            socket = await asyncio.wait_for(
                session.ws_connect(
                    f"{url.rstrip('/')}/rooms/{room}",
                    max_msg_size=MAX_MESSAGE_BYTES,
                    heartbeat=HEARTBEAT_S,
                    timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_TIMEOUT_S),
                ),
                timeout_s,
            )
        except aiohttp.WSServerHandshakeError as error:
            await session.close()
            answer = f"The server at {url} is no rendezvous (HTTP {error.status})."
            raise ConnectionError(REFUSALS.get(error.status, answer)) from error
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            await session.close()
            why = "no answer" if isinstance(error, TimeoutError) else error
            raise ConnectionError(f"No rendezvous is reached at {url}: {why}.") from error
        return cls(session, socket)

    async def paired(self, timeout_s: float | None = None) -> None:
        """Returns once somebody else is in the room. ConnectionError if nobody comes."""
        if (await self.receive(timeout_s)).get("type") != "paired":
            raise ConnectionError("The rendezvous speaks another language than this program.")

    async def send(self, message: Mapping[str, object]) -> None:
        """See Signalling."""
        data = serialise_message(message)
        try:
            await self._socket.send_str(data.decode())
        except (aiohttp.ClientError, ConnectionError) as error:
            raise self._end() from error

    async def receive(self, timeout_s: float | None) -> dict[str, object]:
        """See Signalling; `timeout_s` None waits as long as the server lets it."""
        try:
            message = await self._socket.receive(timeout_s)
        except TimeoutError:
            raise ConnectionError(f"The other side has said nothing for {timeout_s:g} s.") from None
        if message.type is aiohttp.WSMsgType.TEXT:
            return parse_message(message.data)
        raise self._end()

    async def close(self) -> None:
        """See Signalling."""
        await self._socket.close()
        await self._session.close()

    def _end(self) -> ConnectionError:
        code = self._socket.close_code or 0
        kind = OtherSideLeftError if code == CLOSE_GONE else ConnectionError
        return kind(ENDS.get(code, "The connection to the rendezvous is lost."))


def check_room(room: str) -> None:
    """ValueError unless `room` can be a room's name."""
    if not ROOM_NAME.fullmatch(room):
        raise ValueError(
            f"{room!r} cannot be a room's name: it has 1 to 64 letters, digits, dots, dashes and underscores"
        )


def check_url(url: str) -> None:
    """ValueError unless `url` can be that of a rendezvous."""
    if not url.startswith(("ws://", "wss://")) or len(url) < 6:
        raise ValueError(f"{url!r} is no rendezvous: its address begins with ws:// or wss://")
