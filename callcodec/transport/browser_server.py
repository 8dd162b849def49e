"""Serves the page that a browser calls with, and takes the browser's signalling: one at a time.

The link's fragment holds the secret. A browser does not send a fragment to any server: neither this one, nor a proxy
before it, nor anybody's log ever sees it. With it the two prove to each other, as two programs do (`authentication`),
that their DTLS certificates are those that they announced. So nobody calls without the link, and whoever only listens
to or changes the signalling is found out. It does not protect against whoever can change the page itself, for the page
is what computes the proof: that is what TLS, or staying on this machine, is for.
"""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Mapping
from importlib import resources
from typing import Final
from urllib.parse import urlsplit

from aiohttp import WSCloseCode, WSMsgType, web

from callcodec.transport.signalling import MAX_MESSAGE_BYTES, parse_message, serialise_message
from callcodec.transport.words import WORDS

PAGE: Final = "callcodec.page"
FILES: Final = {
    "/": ("index.html", "text/html"),
    "/page.css": ("page.css", "text/css"),
    "/page.js": ("page.js", "text/javascript"),
    "/call.js": ("call.js", "text/javascript"),
    "/authentication.js": ("authentication.js", "text/javascript"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
}
HEADERS: Final = {
    # Only what this server serves, no inline code, nobody's frame.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Permissions-Policy": "camera=(self), microphone=(self)",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
HEARTBEAT_S = 20.0
CLOSE_TIMEOUT_S = 2.0


class BrowserSignalling:
    """Implements Signalling over the WebSocket of one browser."""

    def __init__(self, socket: web.WebSocketResponse) -> None:
        self._socket = socket
        self.closed = asyncio.Event()

    async def send(self, message: Mapping[str, object]) -> None:
        """See Signalling."""
        data = serialise_message(message)
        try:
            await self._socket.send_str(data.decode())
        except (ConnectionError, RuntimeError) as error:
            raise ConnectionError("The browser has left before the connection was made.") from error

    async def receive(self, timeout_s: float) -> dict[str, object]:
        """See Signalling."""
        try:
            message = await self._socket.receive(timeout_s)
        except TimeoutError:
            raise ConnectionError(f"The browser has said nothing for {timeout_s:g} s.") from None
        except RuntimeError as error:  # aiohttp's: the socket is closed
            raise ConnectionError("The browser has left before the connection was made.") from error
        if message.type is WSMsgType.TEXT:
            return parse_message(message.data)
        raise ConnectionError("The browser has left before the connection was made.")

    async def close(self) -> None:
        """See Signalling."""
        await self._socket.close()
        self.closed.set()


class BrowserServer:
    """The server: `start`, `visitor` for each browser in turn, `close`. On one event loop."""

    def __init__(self) -> None:
        self._files = {path: _read(name) for path, (name, _) in FILES.items()}
        self._words = f"export const WORDS = {json.dumps(WORDS)};\n".encode()
        self._runner: web.AppRunner | None = None
        self._visitors: asyncio.Queue[BrowserSignalling] = asyncio.Queue()
        self._present: BrowserSignalling | None = None

    async def start(self, host: str, port: int, tls: ssl.SSLContext | None = None) -> int:
        """Begins to serve; returns the port, which the system chooses for `port` 0. OSError if it cannot."""
        application = web.Application()
        application.router.add_get("/signal", self._signal)
        application.router.add_get("/words.js", self._serve)
        for path in FILES:
            application.router.add_get(path, self._serve)
        self._runner = web.AppRunner(application, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port, ssl_context=tls).start()
        return int(self._runner.addresses[0][1])

    async def visitor(self) -> BrowserSignalling:
        """The next browser that wants to call; no other one is let in before that one is closed."""
        return await self._visitors.get()

    async def close(self) -> None:
        """Ends what is under way, and stops serving."""
        if self._present is not None:
            await self._present.close()
        if self._runner is not None:
            await self._runner.cleanup()

    async def _serve(self, request: web.Request) -> web.Response:
        if request.path == "/words.js":
            body, kind = self._words, "text/javascript"
        else:
            body, kind = self._files[request.path], FILES[request.path][1]
        return web.Response(body=body, content_type=kind, charset="utf-8", headers=HEADERS)

    async def _signal(self, request: web.Request) -> web.StreamResponse:
        # A page of somebody else's has no business here. (The scheme is left out: a proxy may add the TLS.)
        if urlsplit(request.headers.get("Origin", "")).netloc != request.host:
            raise web.HTTPForbidden(text="for this server's own page only")
        if self._present is not None:
            raise web.HTTPConflict(text="somebody else is calling")
        socket = web.WebSocketResponse(
            max_msg_size=MAX_MESSAGE_BYTES, heartbeat=HEARTBEAT_S, timeout=CLOSE_TIMEOUT_S, compress=False
        )
        signalling = self._present = BrowserSignalling(socket)
        try:
            await socket.prepare(request)
            self._visitors.put_nowait(signalling)
            await signalling.closed.wait()
        finally:
            self._present = None
            if not socket.closed:
                await socket.close(code=WSCloseCode.GOING_AWAY)
        return socket


def _read(name: str) -> bytes:
    return resources.files(PAGE).joinpath(name).read_bytes()
