"""A browser as the other side: the link that it is given, and who comes with it."""

import base64
import secrets
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from callcodec.call.terminal import Terminal
from callcodec.transport.authenticated_call import Patience, Words, take_authenticated_call
from callcodec.transport.browser_peer import BrowserPeer, BrowserRates
from callcodec.transport.browser_server import BrowserServer
from callcodec.transport.endpoint import ConnectionState
from callcodec.transport.secret import SECRET_BYTES

Accept = Callable[[Words], Awaitable[bool]]
LOCAL_HOSTS = ("127.0.0.1", "::1", "localhost")


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


async def meet_browser(
    options: BrowserOptions, terminal: Terminal, peer: BrowserPeer, accept: Accept
) -> bytes | None:
    """Serves the page until a browser that holds the link is connected to `peer`.

    Returns the link's secret; None: this side's person said no. Who comes without the code is told so, and the next one
    is waited for. OSError or ValueError, with a sentence, when a call does not come about that was already answered.
    """
    options.check()
    secret = secrets.token_bytes(SECRET_BYTES)
    server = BrowserServer()
    port = await server.start(options.host, options.port, options.tls)
    try:
        terminal.say("Open this link in a browser, or give it to who may call you, and to nobody else:")
        terminal.say(options.link(port, secret))
        while True:
            signalling = await server.visitor()
            try:
                taken = await take_authenticated_call(peer, signalling, secret, Patience(), accept)
            except (ValueError, ConnectionError) as error:
                if peer.state is not ConnectionState.NEW:
                    raise
                terminal.say(f"A browser came, and was not let in: {error}")
            else:
                return secret if taken else None
            finally:
                await signalling.close()
    finally:
        await server.close()
