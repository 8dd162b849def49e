"""A browser as the other side: the link that it is given, and who comes with it."""

import base64
import logging
import secrets
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from callcodec.call.driver import EndDriver
from callcodec.call.terminal import Terminal
from callcodec.transport.authenticated_call import Patience, Words, take_authenticated_call
from callcodec.transport.browser_peer import BrowserPeer, BrowserRates
from callcodec.transport.browser_server import BrowserServer, BrowserSignalling
from callcodec.transport.endpoint import ConnectionState
from callcodec.transport.line import Line
from callcodec.transport.peer import WebRtcPeer
from callcodec.transport.secret import SECRET_BYTES

logger = logging.getLogger(__name__)

Accept = Callable[[Words], Awaitable[bool]]
LOCAL_HOSTS = ("127.0.0.1", "::1", "localhost")
PATIENCE = Patience(message_s=3.0, person_s=5.0, connection_s=12.0)
"""When a connection is made anew: programs answer at once."""


@dataclass(frozen=True)
class BrowserOptions:
    """Where the page is served. ``url``: under which address a browser reaches it, if not under host and port."""

    host: str = "127.0.0.1"
    port: int = 0
    tls: ssl.SSLContext | None = None
    url: str | None = None
    rates: BrowserRates = field(default_factory=BrowserRates)

    def check(self) -> None:
        """ValueError, with a sentence, where no browser would give its camera to the page."""
        if self.url is not None and not self.url.startswith("https://"):
            raise ValueError(f"--url {self.url} does not begin with https://, and a browser needs that")
        if self.host not in LOCAL_HOSTS and self.tls is None and self.url is None:
            raise ValueError(
                f"--host {self.host} needs TLS: a browser gives its camera to https pages and to this machine's own "
                "only; name --certificate and --key, or the --url of a proxy that has them"
            )

    def link(self, port: int, secret: bytes) -> str:
        """What a browser opens: the page's address, and the secret in the fragment, which stays in the browser."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        address = self.url or f"{'http' if self.tls is None else 'https'}://{host}:{port}"
        return f"{address.rstrip('/')}/#{base64.urlsafe_b64encode(secret).decode().rstrip('=')}"


class BrowserDoor:
    """The served page of one call, and its secret; open from before the call until after it."""

    def __init__(self, options: BrowserOptions) -> None:
        self._options = options
        self._secret = secrets.token_bytes(SECRET_BYTES)
        self._server = BrowserServer()

    async def visitor(self) -> BrowserSignalling:
        """The next browser that wants to be connected; to be closed before another one can come."""
        return await self._server.visitor()

    async def meet(self, terminal: Terminal, peer: BrowserPeer, accept: Accept) -> bytes | None:
        """Serves the page until a browser that holds the link is connected to `peer`.

        Returns the link's secret; None: this side's person said no. Who comes without the code is told so, and the next
        one is waited for. OSError or ValueError, with a sentence, when the page cannot be served or a call does not
        come about that was already answered.
        """
        port = await self._server.start(self._options.host, self._options.port, self._options.tls)
        terminal.say("Open this link in a browser, or give it to who may call you, and to nobody else:")
        terminal.say(self._options.link(port, self._secret))
        while True:
            signalling = await self.visitor()
            try:
                taken = await take_authenticated_call(peer, signalling, self._secret, Patience(), accept)
            except (ValueError, ConnectionError) as error:
                if peer.state is not ConnectionState.NEW:
                    raise
                terminal.say(f"A browser came, and was not let in: {error}")
            else:
                return self._secret if taken else None
            finally:
                await signalling.close()

    async def close(self) -> None:
        """The page is no longer served."""
        await self._server.close()


class BrowserReconnection:
    """Runs beside a call with a browser: when its connection is lost, the page asks for a new one."""

    def __init__(
        self,
        door: BrowserDoor,
        secret: bytes,
        line: Line,
        create_peer: Callable[[], WebRtcPeer],
        driver: EndDriver,
        say: Callable[[str], None],
    ) -> None:
        """`secret`: of these two ends alone (authentication.continued): the link is not enough to take a call over."""
        self._door = door
        self._secret = secret
        self._line = line
        self._create_peer = create_peer
        self._say = say
        self._peers: list[WebRtcPeer] = []
        line.replaceable = True
        line.on_replaced = driver.participant.resume

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            signalling = await self._door.visitor()
            peer = self._create_peer()
            self._line.attach(peer)
            try:
                await take_authenticated_call(peer, signalling, self._secret, PATIENCE, _always)
            except (ConnectionError, ValueError) as error:
                logger.info("no new connection: %s", error)
                await peer.close()
                continue
            except BaseException:
                await peer.close()
                raise
            finally:
                await signalling.close()
            self._say("Connected anew.")
            for old in self._peers:
                await old.close()
            self._peers = [peer]

    async def close(self) -> None:
        """End the connections that were made here."""
        for peer in self._peers:
            await peer.close()


async def _always(_: Words) -> bool:
    return True
