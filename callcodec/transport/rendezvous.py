"""The rendezvous: a small server where two people who know a room's name find each other. It stores nothing.

A WebSocket (RFC 6455) to /rooms/NAME enters a room. Once two are in it both are told so, and from then on each text
message of one goes to the other, unread. The server needs no trust: `authenticated_call` does without.
"""

from __future__ import annotations

import asyncio
import logging
import re
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field

from aiohttp import WSCloseCode, WSMsgType, web

from callcodec.transport.signalling import MAX_MESSAGE_BYTES

logger = logging.getLogger(__name__)

ROOM_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
PAIRED = '{"type": "paired"}'
"""What the server says, once, to both."""

CLOSE_TIMEOUT_S = 2.0

CLOSE_EXPIRED, CLOSE_TOO_FAST, CLOSE_GONE, CLOSE_ODD, CLOSE_SILENT = 4000, 4001, 4002, 4003, 4004
"""Why the server ends a connection (RFC 6455, 7.4.2: private use).

GONE: the other side has left; SILENT: it answers no ping."""


@dataclass(frozen=True)
class RendezvousLimits:
    """What the server puts up with; times in seconds."""

    rooms: int = 1000
    alone_s: float = 3600.0
    """How long somebody may wait in a room."""
    together_s: float = 300.0
    """How long two may talk: a call needs four messages and a person's yes."""
    burst_messages: int = 20
    messages_per_s: float = 2.0
    """After a burst, so many from each side; the next one ends it."""
    heartbeat_s: float = 20.0
    """A side that answers no ping has gone."""


@dataclass
class Visitor:
    """One side's connection, and how many messages it may send yet."""

    socket: web.WebSocketResponse
    allowance: float
    counted_s: float
    partner: Visitor | None = None

    def may_send(self, limits: RendezvousLimits, now_s: float) -> bool:
        """Counts one message; False if it is one too many."""
        self.allowance = min(
            limits.burst_messages, self.allowance + (now_s - self.counted_s) * limits.messages_per_s
        )
        self.counted_s = now_s
        self.allowance -= 1
        return self.allowance >= 0


@dataclass
class Room:
    """Who is in it, in the order of coming; two at most."""

    visitors: list[Visitor] = field(default_factory=list)
    expiry: asyncio.TimerHandle | None = None


class Rendezvous:
    """The server. `start`, then `close`; on one event loop."""

    def __init__(self, limits: RendezvousLimits | None = None) -> None:
        self._limits = limits or RendezvousLimits()
        self._rooms: dict[str, Room] = {}
        self._runner: web.AppRunner | None = None

    @property
    def rooms(self) -> int:
        """How many rooms somebody is in."""
        return len(self._rooms)

    async def start(self, host: str, port: int, tls: ssl.SSLContext | None = None) -> int:
        """Begins to serve; returns the port, which the system chooses for `port` 0. OSError if it cannot."""
        application = web.Application()
        application.router.add_get("/rooms/{name}", self._enter)
        self._runner = web.AppRunner(application, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port, ssl_context=tls)
        await site.start()
        return int(self._runner.addresses[0][1])

    async def close(self) -> None:
        """Ends every connection."""
        for room in list(self._rooms.values()):
            await self._end(room, WSCloseCode.GOING_AWAY)
        if self._runner is not None:
            await self._runner.cleanup()

    def passed_on(self, text: str) -> str:
        """What the other side gets of a message: all of it, unread."""
        return text

    async def _enter(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        if not ROOM_NAME.fullmatch(name):
            raise web.HTTPBadRequest(text="not a room's name")
        # Browsers send an Origin; a page of somebody else's has no business here.
        if "Origin" in request.headers:
            raise web.HTTPForbidden(text="not for web pages")
        if name not in self._rooms and len(self._rooms) >= self._limits.rooms:
            raise web.HTTPServiceUnavailable(text="too many rooms")
        room = self._rooms.setdefault(name, Room())
        if len(room.visitors) >= 2:
            raise web.HTTPConflict(text="two are in this room already")
        socket = web.WebSocketResponse(
            max_msg_size=MAX_MESSAGE_BYTES,
            heartbeat=self._limits.heartbeat_s,
            timeout=CLOSE_TIMEOUT_S,
            compress=False,
        )
        visitor = Visitor(socket, self._limits.burst_messages, asyncio.get_running_loop().time())
        room.visitors.append(visitor)
        try:
            await socket.prepare(request)
            await self._meet(room)
            await self._relay(visitor)
        finally:
            await self._leave(name, room, visitor)
        return socket

    async def _meet(self, room: Room) -> None:
        """The room has one more visitor than before."""
        together = len(room.visitors) == 2
        self._expire(room, self._limits.together_s if together else self._limits.alone_s)
        if together:
            first, second = room.visitors
            first.partner, second.partner = second, first
            for visitor in (first, second):
                await _say(visitor, PAIRED)

    async def _relay(self, visitor: Visitor) -> None:
        clock: Callable[[], float] = asyncio.get_running_loop().time
        async for message in visitor.socket:
            if message.type is not WSMsgType.TEXT or visitor.partner is None:
                await visitor.socket.close(code=CLOSE_ODD)
            elif not visitor.may_send(self._limits, clock()):
                await visitor.socket.close(code=CLOSE_TOO_FAST)
            else:
                await _say(visitor.partner, self.passed_on(message.data))

    async def _leave(self, name: str, room: Room, visitor: Visitor) -> None:
        """The room is over as soon as one has left it."""
        room.visitors.remove(visitor)
        if self._rooms.get(name) is room:
            del self._rooms[name]
        # Who answers no ping may be back soon; a connection that was closed is somebody's, or their system's, doing.
        unanswered = isinstance(visitor.socket.exception(), TimeoutError)
        await self._end(room, CLOSE_SILENT if unanswered else CLOSE_GONE)

    def _expire(self, room: Room, after_s: float) -> None:
        loop = asyncio.get_running_loop()
        if room.expiry is not None:
            room.expiry.cancel()
        room.expiry = loop.call_later(after_s, lambda: loop.create_task(self._end(room, CLOSE_EXPIRED)))

    async def _end(self, room: Room, code: int) -> None:
        if room.expiry is not None:
            room.expiry.cancel()
        for visitor in list(room.visitors):
            await visitor.socket.close(code=code)


async def _say(visitor: Visitor, text: str) -> None:
    try:
        await visitor.socket.send_str(text)
    except ConnectionError:  # it is leaving: its own handler sees to that
        logger.debug("a message came for somebody who has gone")
